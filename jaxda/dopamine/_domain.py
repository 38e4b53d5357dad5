"""Constants of the chemistry: fields of floats, and what is out of its domain is refused.

Numbers are looked at where they are known: outside of `jit`, `grad` and `vmap`.
"""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float


# What a course may be given as.
Floats = Array | np.ndarray


def within(
    name: str, value: ArrayLike, low: float, high: float, ends: str = "[]"
) -> Float[Array, "..."]:
    """`value` as floats, which lie between `low` and `high`; `ends` says which ends belong.

    Raises:
        ValueError: if some known number does not.
    """
    x = jnp.asarray(value, float)
    if isinstance(x, jax.core.Tracer):
        return x
    a = np.asarray(x)
    above = a >= low if ends[0] == "[" else a > low
    below = a <= high if ends[1] == "]" else a < high
    # NaN is on neither side.
    if not (above & below).all():
        worst = a[~(above & below)].ravel()[0]
        span = f"{ends[0]}{low:g}, {high:g}{ends[1]}"
        raise ValueError(f"{name} must lie in {span}, got {worst:g}.")
    return x


def constant(default: Any = dataclasses.MISSING) -> Any:
    """A field whose values become strongly typed arrays; None stays None."""
    as_floats = lambda x: None if x is None else jnp.asarray(x, dtype=float)
    if default is dataclasses.MISSING:
        return eqx.field(converter=as_floats)
    return eqx.field(default=default, converter=as_floats)
