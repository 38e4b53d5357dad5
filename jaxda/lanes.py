"""Many sessions at once from code written for one.

`evaluate` runs a function of one session for all *lanes* (sessions) of a batch, like `jax.vmap`,
but lays the numbers out for a CPU: a small array such as the values of two arms becomes one
vector over lanes per element. Every operation of a trial is then elementwise over lanes and
XLA fuses the trial into a few loops; stacked in one array, the same program is several times
slower, above all its gradient. Arrays of more than `_SMALL` elements keep one array with the
lanes on its last axis.

The function is traced once, and its operations are replayed on vectors over lanes. What is not
spelt out here is handed to `jax.vmap`, so any JAX program is allowed.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.extend as jex
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array


_SMALL = 8


@dataclasses.dataclass(frozen=True)
class _Cell:
    """A part inside a numpy array, which would take a bare one apart."""

    part: Array


class Spread(eqx.Module):
    """An array of one session, `shape`, in all lanes.

    `parts` holds either one vector per element, in C order, or a single array `[*shape,
    lanes]`. A part that is the same in all lanes may lack its lanes.
    """

    parts: tuple[Array, ...]
    shape: tuple[int, ...] = eqx.field(static=True)

    @property
    def small(self) -> bool:
        """Whether every element has a part of its own."""
        return math.prod(self.shape) <= _SMALL

    def cells(self) -> np.ndarray:
        """The parts of a small array, in its shape."""
        return np.array([*map(_Cell, self.parts), None], object)[:-1].reshape(self.shape)

    def stacked(self, n_lanes: int) -> Array:
        """One array `[*shape, lanes]`."""
        if not self.small:
            (part,) = self.parts
            part = part if part.ndim > len(self.shape) else part[..., None]
            return jnp.broadcast_to(part, (*self.shape, n_lanes))
        if not self.parts:
            raise ValueError("an array without elements has no lanes.")
        wide = [jnp.broadcast_to(p, (n_lanes,)) for p in self.parts]
        return (jnp.stack(wide) if len(wide) > 1 else wide[0]).reshape(*self.shape, n_lanes)


def spread(x: Array, lanes: bool = True) -> Spread:
    """An array `[*shape, lanes]`, or `[*shape]` if it is the same in all lanes."""
    shape = x.shape[:-1] if lanes else x.shape
    size = math.prod(shape)
    if size > _SMALL:
        return Spread((x,), shape)
    flat = x.reshape(size, *x.shape[len(shape) :])
    return Spread(tuple(flat[i] for i in range(size)), shape)


def spread_events(tree: Any) -> Any:
    """Leaves `[events, *shape, lanes]` as `Spread`s that a scan over events takes apart."""

    def one(x: Array) -> Spread:
        shape = x.shape[1:-1]
        size = math.prod(shape)
        if size > _SMALL:
            return Spread((x,), shape)
        flat = x.reshape(x.shape[0], size, x.shape[-1])
        return Spread(tuple(flat[:, i] for i in range(size)), shape)

    return jax.tree.map(one, tree)


def stack_events(tree: Any) -> Any:
    """The `Spread`s that a scan over events has put together, as `[events, *shape, lanes]`."""

    def one(s: Spread) -> Array:
        if not s.small:
            return s.parts[0]
        events, lanes = s.parts[0].shape
        stacked = jnp.stack(s.parts, axis=1) if len(s.parts) > 1 else s.parts[0]
        return stacked.reshape(events, *s.shape, lanes)

    return jax.tree.map(one, tree, is_leaf=_is_spread)


def _of_cells(cells: np.ndarray, n_lanes: int) -> Spread:
    parts = tuple(cell.part for cell in cells.reshape(-1))
    if len(parts) <= _SMALL:
        return Spread(parts, cells.shape)
    wide = jnp.stack([jnp.broadcast_to(p, (n_lanes,)) for p in parts])
    return Spread((wide.reshape(*cells.shape, n_lanes),), cells.shape)


def _is_spread(x: Any) -> bool:
    return isinstance(x, Spread)


def widen(tree: Any, n_lanes: int) -> Any:
    """Every part of every `Spread` with its lanes, as a scan needs of what it carries."""

    def wide(s: Spread) -> Spread:
        if not s.small:
            return Spread((s.stacked(n_lanes),), s.shape)
        return Spread(tuple(jnp.broadcast_to(p, (n_lanes,)) for p in s.parts), s.shape)

    return jax.tree.map(wide, tree, is_leaf=_is_spread)


def evaluate(fn: Callable[..., Any], n_lanes: int, *args: Any) -> Any:
    """`fn(*args)` in every lane. Leaves of `args` and of the result are `Spread`."""
    flat, treedef = jax.tree.flatten(args, is_leaf=_is_spread)
    single = [jax.ShapeDtypeStruct(s.shape, s.parts[0].dtype) for s in flat]
    closed, out_shape = jax.make_jaxpr(
        lambda *leaves: fn(*jax.tree.unflatten(treedef, leaves)), return_shape=True
    )(*single)
    outs = _run(closed.jaxpr, [spread(jnp.asarray(c), False) for c in closed.consts], flat, n_lanes)
    return jax.tree.unflatten(jax.tree.structure(out_shape), outs)


def _run(jaxpr: Any, consts: list[Spread], args: Sequence[Spread], n_lanes: int) -> list[Spread]:
    env: dict[Any, Spread] = {}

    def read(atom: Any) -> Spread:
        if isinstance(atom, jex.core.Literal):
            return spread(jnp.asarray(atom.val, dtype=atom.aval.dtype), False)  # type: ignore[attr-defined]
        return env[atom]

    env.update(zip(jaxpr.constvars, consts, strict=True))
    env.update(zip(jaxpr.invars, args, strict=True))
    for eqn in jaxpr.eqns:
        outs = _apply(eqn, [read(v) for v in eqn.invars], n_lanes)
        env.update(zip(eqn.outvars, outs, strict=True))
    return [read(v) for v in jaxpr.outvars]


def _apply(eqn: Any, args: list[Spread], n_lanes: int) -> list[Spread]:
    name = eqn.primitive.name
    small = all(s.small for s in args) and all(
        math.prod(v.aval.shape) <= _SMALL for v in eqn.outvars
    )
    if name in ("pjit", "jit", "closed_call"):
        inner = eqn.params["jaxpr"]
        consts = [spread(jnp.asarray(c), False) for c in inner.consts]
        return _run(inner.jaxpr, consts, args, n_lanes)
    if name in _ELEMENTWISE:
        return [(_each if small else _whole)(eqn, args, n_lanes)]
    if name in _SHAPED and small:
        cells = _SHAPED[name](eqn.params, *[s.cells() for s in args])
        return [_of_cells(cells, n_lanes)]
    if name in _FOLDS and small:
        return [_of_cells(_fold(_FOLDS[name], eqn.params["axes"], args[0].cells()), n_lanes)]
    if name == "broadcast_in_dim" and args[0].small:
        return [_grown(eqn.params, args[0], n_lanes)]
    return _mapped(eqn, args, n_lanes)


def _bind(eqn: Any, *operands: Array) -> Array:
    return eqn.primitive.bind(*operands, **eqn.params)


def _level(operands: Sequence[Array], n_lanes: int) -> list[Array]:
    """Operands of one element: all with lanes if any has them."""
    if all(x.ndim == 0 for x in operands):
        return list(operands)
    return [jnp.broadcast_to(x, (n_lanes,)) for x in operands]


def _each(eqn: Any, args: list[Spread], n_lanes: int) -> Spread:
    cells: Any = np.broadcast_arrays(*[s.cells() for s in args])
    out = np.empty(cells[0].shape, object)
    for index in np.ndindex(out.shape):
        out[index] = _Cell(_bind(eqn, *_level([c[index].part for c in cells], n_lanes)))
    return _of_cells(out, n_lanes)


def _whole(eqn: Any, args: list[Spread], n_lanes: int) -> Spread:
    shape = eqn.outvars[0].aval.shape
    wide = [_filled(s, shape, n_lanes) for s in args]
    return Spread((_bind(eqn, *wide),), shape)


def _filled(s: Spread, shape: tuple[int, ...], n_lanes: int) -> Array:
    x = s.stacked(n_lanes)
    return jnp.broadcast_to(x, (*shape, n_lanes)) if s.shape == () else x


def _grown(params: dict[str, Any], s: Spread, n_lanes: int) -> Spread:
    """A small array broadcast to a big one."""
    shape, dims = params["shape"], params["broadcast_dimensions"]
    x = s.stacked(n_lanes)
    out = jax.lax.broadcast_in_dim(x, (*shape, n_lanes), (*dims, len(shape)))
    return Spread((out,), tuple(shape))


def _mapped(eqn: Any, args: list[Spread], n_lanes: int) -> list[Spread]:
    """Any operation, through `jax.vmap`."""
    params = eqn.primitive.get_bind_params(eqn.params)
    literal = [isinstance(v, jex.core.Literal) for v in eqn.invars]

    def one(*given: Array) -> Sequence[Array]:
        rest = iter(given)
        operands = [s.parts[0] if k else next(rest) for k, s in zip(literal, args, strict=True)]
        out = eqn.primitive.bind(*operands, **params)
        return out if eqn.primitive.multiple_results else [out]

    given = [s.stacked(n_lanes) for k, s in zip(literal, args, strict=True) if not k]
    outs = jax.vmap(one, in_axes=-1, out_axes=-1, axis_size=n_lanes)(*given)
    return [spread(x) for x in outs]


def _fold(op: Callable, axes: Sequence[int], cells: np.ndarray) -> np.ndarray:
    kept = [a for a in range(cells.ndim) if a not in axes]
    flat = np.moveaxis(cells, kept, range(len(kept))).reshape(*(cells.shape[a] for a in kept), -1)
    out = np.empty(flat.shape[:-1], object)
    for index in np.ndindex(out.shape):
        first, *rest = (cell.part for cell in flat[index])
        out[index] = _Cell(functools.reduce(op, rest, first))
    return out


def _broadcast(params: dict[str, Any], cells: np.ndarray) -> np.ndarray:
    shape, dims = params["shape"], params["broadcast_dimensions"]
    own = [1] * len(shape)
    for at, size in zip(dims, cells.shape, strict=True):
        own[at] = size
    return np.broadcast_to(cells.reshape(own), shape)


def _iota(params: dict[str, Any]) -> np.ndarray:
    shape, along = params["shape"], params["dimension"]
    numbers = np.broadcast_to(
        np.arange(shape[along]).reshape([-1 if a == along else 1 for a in range(len(shape))]), shape
    )
    out = np.empty(shape, object)
    for index in np.ndindex(out.shape):
        out[index] = _Cell(jnp.asarray(numbers[index], params["dtype"]))
    return out


def _slice(params: dict[str, Any], cells: np.ndarray) -> np.ndarray:
    strides = params["strides"] or (1,) * cells.ndim
    at = zip(params["start_indices"], params["limit_indices"], strides, strict=True)
    return cells[tuple(slice(*step) for step in at)]


_SHAPED: dict[str, Callable[..., np.ndarray]] = {
    "broadcast_in_dim": _broadcast,
    "iota": _iota,
    "slice": _slice,
    "squeeze": lambda p, x: x.squeeze(tuple(p["dimensions"])),
    "expand_dims": lambda p, x: np.expand_dims(x, tuple(p["dimensions"])),
    "reshape": lambda p, x: x.reshape(p["new_sizes"]),
    "transpose": lambda p, x: x.transpose(p["permutation"]),
    "rev": lambda p, x: np.flip(x, tuple(p["dimensions"])),
    "concatenate": lambda p, *xs: np.concatenate(xs, axis=p["dimension"]),
    "stack": lambda p, *xs: np.stack(xs, axis=p["axis"]),
    "copy": lambda p, x: x,
    "copy_p": lambda p, x: x,
}

_FOLDS: dict[str, Callable[[Array, Array], Array]] = {
    "reduce_sum": jnp.add,
    "reduce_prod": jnp.multiply,
    "reduce_max": jnp.maximum,
    "reduce_min": jnp.minimum,
    "reduce_and": jnp.logical_and,
    "reduce_or": jnp.logical_or,
}

_ELEMENTWISE = frozenset(
    name
    for line in (
        "add sub mul div rem neg sign abs max min clamp floor ceil round is_finite nextafter",
        "pow integer_pow square sqrt rsqrt cbrt exp exp2 expm1 log log1p logistic",
        "sin cos tan tanh sinh cosh asinh acosh atanh atan2 erf erfc erf_inv lgamma digamma",
        "eq ne lt le gt ge and or not xor select_n",
        "shift_left shift_right_logical shift_right_arithmetic",
        "convert_element_type stop_gradient add_any",
    )
    for name in line.split()
)
