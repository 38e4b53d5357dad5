"""Maps between a parameter's natural domain and the real line.

A `Bijector` is frozen and hashable: it may sit in class-level metadata without ever becoming
a pytree leaf, and two equal domains compare equal.
"""

import dataclasses
import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


@dataclasses.dataclass(frozen=True)
class Bijector:
    """A monotone map from the reals onto the open interval (`lower`, `upper`)."""

    name: str
    lower: float
    upper: float

    def forward(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        """Real coordinate to natural value."""
        if self.name == "real":
            return x
        if self.name == "positive":
            return jnp.exp(x)
        return self.lower + (self.upper - self.lower) * jax.nn.sigmoid(x)

    def inverse(self, y: Float[Array, "..."]) -> Float[Array, "..."]:
        """Natural value to real coordinate; infinite at the ends of the domain."""
        if self.name == "real":
            return y
        if self.name == "positive":
            return jnp.log(y)
        return jnp.log(y - self.lower) - jnp.log(self.upper - y)

    def slope(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        """Derivative of `forward`, elementwise."""
        if self.name == "real":
            return jnp.ones_like(x)
        if self.name == "positive":
            return jnp.exp(x)
        s = jax.nn.sigmoid(x)
        return (self.upper - self.lower) * s * (1 - s)


def bounded(lower: float, upper: float) -> Bijector:
    """The open interval (`lower`, `upper`), by a scaled logistic function."""
    return Bijector("bounded", float(lower), float(upper))


REAL = Bijector("real", -math.inf, math.inf)
POSITIVE = Bijector("positive", 0.0, math.inf)
UNIT = bounded(0, 1)
SIGNED = bounded(-1, 1)
