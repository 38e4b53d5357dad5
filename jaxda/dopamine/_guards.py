"""Wrong doses and failed integrations are told with the numbers that caused them.

Also inside `jit`, `vmap` and `grad`: the numbers reach the host only there, so that is where
they are looked at. A curve is never returned after a failure.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float


M = TypeVar("M", bound=eqx.Module)


def require(
    x: Float[Array, "..."], ok: Bool[Array, "..."], message: str, values: Mapping[str, Any]
) -> Float[Array, "..."]:
    """`x`, if all of `ok`; otherwise an error that says `message` and shows `values`.

    Raises:
        ValueError: if not all of `ok`; while compiled, an error of the runtime with that text.
    """
    good = lax.stop_gradient(jnp.all(ok))
    shown = lax.stop_gradient({n: jnp.asarray(v, float) for n, v in values.items()})
    if not any(isinstance(v, jax.core.Tracer) for v in (good, *shown.values())):
        _look(message, np.asarray(good), shown)
        return x
    fine = jax.pure_callback(
        lambda g, v: _look(message, g, v),
        jax.ShapeDtypeStruct((), bool),
        good,
        shown,
        vmap_method="broadcast_all",
    )
    return jnp.where(fine, x, jnp.nan)


def nonnegative(what: str, values: Any, unit: str) -> Float[Array, "..."]:
    """`values` as floats, which must be finite and not negative."""
    x = jnp.asarray(values, float)
    bad = ~(jnp.isfinite(x) & (x >= 0))
    return require(x, ~bad, f"{what} must be finite and not negative, in {unit}", {what: x})


def finite(what: str, values: Any, unit: str) -> Float[Array, "..."]:
    """`values` as floats, which must be finite."""
    x = jnp.asarray(values, float)
    return require(x, jnp.isfinite(x), f"{what} must be finite, in {unit}", {what: x})


def positive(model: M, names: Iterable[str]) -> M:
    """`model`, whose parameters `names` must all be above 0."""
    values = {name: getattr(model, name) for name in names}
    good = jnp.stack([jnp.all(value > 0) for value in values.values()])
    message = f"these parameters of {type(model).__name__} must be above 0"
    first = next(iter(values))
    checked = require(values[first], good, message, values)
    return eqx.tree_at(lambda m: getattr(m, first), model, checked)


def _look(message: str, good: Any, values: Mapping[str, Any]) -> np.ndarray:
    good = np.asarray(good)
    if not good.all():
        # Of many lanes, the first that failed.
        lane = tuple(np.argwhere(~good)[0])
        at = {n: np.asarray(v)[lane] for n, v in values.items()}
        # More than a dozen numbers would hide the message.
        told = ", ".join(f"{n} = {np.array2string(v, threshold=12)}" for n, v in at.items())
        raise ValueError(f"{message}; got {told}.")
    return good
