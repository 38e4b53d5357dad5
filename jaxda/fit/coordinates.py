"""Natural values and real coordinates of free parameters, as arrays whose last axis they are."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..params import Free


Numbers = Array | np.ndarray


def natural(frees: Sequence[Free], x: Float[Numbers, "*any free"]) -> Float[Array, "*any free"]:
    """Natural values of coordinates."""
    each = (f.domain.forward(jnp.asarray(x[..., i])) for i, f in enumerate(frees))
    return jnp.stack(list(each), axis=-1)


def coordinates(
    frees: Sequence[Free], values: Float[Numbers, "*any free"]
) -> Float[Array, "*any free"]:
    """Coordinates of natural values, infinite at the ends of a domain."""
    each = (f.domain.inverse(jnp.asarray(values[..., i])) for i, f in enumerate(frees))
    return jnp.stack(list(each), axis=-1)


def slopes(frees: Sequence[Free], x: Float[Numbers, "*any free"]) -> Float[Array, "*any free"]:
    """Derivatives of natural values by their coordinates."""
    each = (f.domain.slope(jnp.asarray(x[..., i])) for i, f in enumerate(frees))
    return jnp.stack(list(each), axis=-1)
