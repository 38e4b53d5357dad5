"""Parameters: how a component declares them, and the real coordinates a fit moves in.

A component's fields *are* its natural parameter values. Real coordinates are a plain dict
that holds the free names and nothing else: what is not in the dict is not free, so there is
no mask and a coordinate can never be mistaken for a value.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .bijectors import Bijector
from .keys import fold_name
from .priors import Prior


M = TypeVar("M", bound=eqx.Module)
Values = dict[str, Float[Array, "..."]]
Coordinates = dict[str, Float[Array, "..."]]


class ParamSpec(NamedTuple):
    """What is known about a parameter before any data are seen."""

    domain: Bijector
    default: float
    prior: Prior
    role: str | None
    doc: str


def param(
    domain: Bijector, default: float, *, prior: Prior, role: str | None = None, doc: str
) -> Any:
    """Declare a parameter as a field of a component.

    `role` is what lesions address (`go_rate`, `choice_gain`, ...). Arguments are literals or
    names of domains and priors: the catalogue reads them from the source without running it.
    """
    # The converter makes every value a strongly typed array: a Python float would retrace on
    # each new value, and a device array as a default would start the backend at import.
    return eqx.field(
        default=default,
        converter=lambda x: jnp.asarray(x, dtype=float),
        metadata={"param": ParamSpec(domain, default, prior, role, doc)},
    )


def specs(tree: Any, prefix: str = "") -> dict[str, ParamSpec]:
    """Declared parameters by dotted path; of an instance, those of its parts too."""
    out: dict[str, ParamSpec] = {}
    if isinstance(tree, dict):
        for name, part in tree.items():
            out |= specs(part, f"{prefix}{name}.")
        return out
    for f in dataclasses.fields(tree):
        if "param" in f.metadata:
            out[prefix + f.name] = f.metadata["param"]
        elif not isinstance(tree, type):
            part = getattr(tree, f.name)
            if isinstance(part, eqx.Module | dict):
                out |= specs(part, f"{prefix}{f.name}.")
    return out


def check_domains(component: eqx.Module) -> None:
    """Refuse a parameter that lies outside its domain; its ends are allowed.

    Values that are being traced are not looked at.

    Raises:
        ValueError: naming every such parameter, what it is, and where it may lie.
    """
    wrong = []
    for f in dataclasses.fields(component):
        value = getattr(component, f.name)
        if "param" not in f.metadata or isinstance(value, jax.core.Tracer):
            continue
        domain = f.metadata["param"].domain
        if not bool(jnp.all((value >= domain.lower) & (value <= domain.upper))):
            wrong.append(f"{f.name} is {value}; it lies from {domain.lower:g} to {domain.upper:g}")
    if wrong:
        raise ValueError(f"{type(component).__name__}: {'. '.join(wrong)}.")


def get(tree: Any, path: str) -> Any:
    """The leaf at a dotted `path` through fields and dicts."""
    # Unannotated inside: within `tree_at` the leaves are Equinox's own wrappers.
    step = lambda t, n: t[n] if isinstance(t, dict) else getattr(t, n)
    return functools.reduce(step, path.split("."), tree)


def put(tree: M, values: Mapping[str, Float[Array, "..."]]) -> M:
    """A copy of `tree` with the leaves at the given paths replaced."""
    if not values:
        return tree
    where = lambda t: tuple(get(t, n) for n in values)
    return eqx.tree_at(where, tree, tuple(values.values()))


class Free(NamedTuple):
    """One free coordinate: the parameters it moves, where they live, and what is believed.

    Two parameters tied to one value are written `alpha_g=alpha_n` and share one coordinate.
    """

    name: str
    paths: tuple[str, ...]
    domain: Bijector
    prior: Prior


def resolve(tree: Any, name: str) -> str:
    """The dotted path of a parameter called by its short or full name.

    Raises:
        ValueError: if no parameter, or more than one, answers to `name`.
    """
    table = specs(tree)
    if name in table:
        return name
    found = [path for path in table if path.rsplit(".", 1)[-1] == name or path.endswith("." + name)]
    if len(found) != 1:
        have = ", ".join(sorted(p.split(".", 1)[-1] for p in table))
        many = f" is ambiguous between {', '.join(found)}" if found else " is not a parameter here"
        raise ValueError(f"{name!r}{many}; there are {have}.")
    return found[0]


def free(
    tree: Any,
    names: Iterable[str],
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> tuple[Free, ...]:
    """Free coordinates for `names`; `bounds` narrows the domain of some of them."""
    from .bijectors import bounded

    table, out = specs(tree), []
    for name in names:
        paths = tuple(resolve(tree, part.strip()) for part in name.split("="))
        spec = table[paths[0]]
        limits = (bounds or {}).get(name)
        out.append(Free(name, paths, bounded(*limits) if limits else spec.domain, spec.prior))
    return tuple(out)


def pack(tree: Any, frees: Iterable[Free]) -> Coordinates:
    """Real coordinates of the free parameters of `tree`."""
    return {f.name: f.domain.inverse(get(tree, f.paths[0])) for f in frees}


def unpack(frees: Iterable[Free], coords: Coordinates) -> Values:
    """Natural values, by path, of real coordinates; elementwise in any lane axis."""
    return {p: f.domain.forward(coords[f.name]) for f in frees for p in f.paths}


def sample(frees: Iterable[Free], key: PRNGKeyArray, shape: tuple[int, ...] = ()) -> Coordinates:
    """Coordinates drawn from the prior; each name has its own stream."""
    out = {}
    for f in frees:
        draw = f.prior.sample(fold_name(key, f.name), shape)
        # A prior may reach past a narrowed domain, and a beta draw may round to its end.
        lo, hi = f.domain.lower, f.domain.upper
        if jnp.isfinite(lo) and jnp.isfinite(hi):
            margin = 1e-3 * (hi - lo)
            draw = jnp.clip(draw, lo + margin, hi - margin)
        elif jnp.isfinite(lo):
            draw = jnp.maximum(draw, lo + 1e-3)
        out[f.name] = f.domain.inverse(draw)
    return out


def log_prior(frees: Iterable[Free], coords: Coordinates) -> Float[Array, "..."]:
    """Log prior density at natural values, without Jacobian; elementwise in lanes."""
    terms = [f.prior.log_density(f.domain.forward(coords[f.name])) for f in frees]
    return functools.reduce(jnp.add, terms)


def roles(tree: Any) -> frozenset[str]:
    """The roles that some parameter of `tree` plays."""
    return frozenset(s.role for s in specs(tree).values() if s.role)


def map_role(tree: M, role: str, fn: Callable[[Any], Any]) -> M:
    """Apply `fn` to every parameter that plays `role`; a tree without the role is unchanged."""
    return put(tree, {n: fn(get(tree, n)) for n, s in specs(tree).items() if s.role == role})
