"""Priors on the natural scale of a parameter, in the families the field states them in.

A prior is a frozen record; its density is evaluated on natural values and carries no
Jacobian, so that a MAP estimate does not depend on the coordinates of the optimiser.
"""

import dataclasses

import jax.numpy as jnp
import jax.random as jr
import jax.scipy.stats as jst
from jaxtyping import Array, Float, PRNGKeyArray


@dataclasses.dataclass(frozen=True)
class Prior:
    """One of beta(a, b), gamma(shape, scale), normal(mean, sd), lognormal(mean, sd)."""

    family: str
    a: float
    b: float

    def log_density(self, y: Float[Array, "..."]) -> Float[Array, "..."]:
        """Log density at natural value `y`, up to no constant."""
        if self.family == "beta":
            return jst.beta.logpdf(y, self.a, self.b)
        if self.family == "gamma":
            return jst.gamma.logpdf(y, self.a, scale=self.b)
        if self.family == "lognormal":
            return jst.norm.logpdf(jnp.log(y), self.a, self.b) - jnp.log(y)
        return jst.norm.logpdf(y, self.a, self.b)

    def sample(self, key: PRNGKeyArray, shape: tuple[int, ...] = ()) -> Float[Array, "..."]:
        """Independent draws on the natural scale."""
        if self.family == "beta":
            return jr.beta(key, self.a, self.b, shape)
        if self.family == "gamma":
            return self.b * jr.gamma(key, self.a, shape)
        draw = self.a + self.b * jr.normal(key, shape)
        return jnp.exp(draw) if self.family == "lognormal" else draw


def Beta(a: float, b: float) -> Prior:
    """Beta(a, b) on the unit interval."""
    return Prior("beta", a, b)


def Gamma(shape: float, scale: float) -> Prior:
    """Gamma with `shape` and `scale` on the positive numbers."""
    return Prior("gamma", shape, scale)


def Normal(mean: float, sd: float) -> Prior:
    """Normal with `mean` and `sd`."""
    return Prior("normal", mean, sd)


def LogNormal(mean: float, sd: float) -> Prior:
    """Log-normal; `mean` and `sd` are those of the logarithm."""
    return Prior("lognormal", mean, sd)
