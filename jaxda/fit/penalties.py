"""What is added to the negative log-likelihood of a unit: nothing, a prior, or a group.

A penalty is a negative log density of coordinates. Where it is Gaussian in coordinates it is
one with the right Jacobian (the group of a hierarchical fit); a prior of the catalogue is
stated on the natural scale and enters without a Jacobian, so the maximum does not depend on
the coordinates.
"""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..params import Free, log_prior


class AbstractPenalty(eqx.Module):
    """A negative log density of the coordinates of each unit, up to a constant."""

    @abc.abstractmethod
    def value(
        self, frees: tuple[Free, ...], x: Float[Array, "units free"]
    ) -> Float[Array, " units"]:
        """The penalty of every unit."""

    @abc.abstractmethod
    def of_units(self, units: Array) -> "AbstractPenalty":
        """The penalty of some units, by their indices."""

    def derivatives(
        self, frees: tuple[Free, ...], x: Float[Array, "units free"]
    ) -> tuple[Float[Array, " units"], Float[Array, "units free"], Float[Array, "units free free"]]:
        """Value, gradient and Hessian of every unit; here one free parameter at a time."""

        def each(x: Array) -> Array:
            return self.value(frees, x)

        ones = jnp.ones_like(x)
        slope = lambda x: jax.vjp(each, x)[1](jnp.ones(x.shape[0], x.dtype))[0]
        # Priors of different parameters are independent: the Hessian is diagonal.
        grad, curvature = jax.jvp(slope, (x,), (ones,))
        return each(x), grad, curvature[..., None] * jnp.eye(x.shape[-1], dtype=x.dtype)


class Flat(AbstractPenalty):
    """None: the estimate is the maximum of the likelihood."""

    def value(
        self, frees: tuple[Free, ...], x: Float[Array, "units free"]
    ) -> Float[Array, " units"]:
        return jnp.zeros(x.shape[0], x.dtype)

    def of_units(self, units: Array) -> "Flat":
        return self


class CataloguePrior(AbstractPenalty):
    """The priors of the free parameters on their natural scale, without a Jacobian."""

    def value(
        self, frees: tuple[Free, ...], x: Float[Array, "units free"]
    ) -> Float[Array, " units"]:
        return -log_prior(frees, {f.name: x[:, i] for i, f in enumerate(frees)})

    def of_units(self, units: Array) -> "CataloguePrior":
        return self


class Gaussian(AbstractPenalty):
    """A normal distribution of coordinates around a mean of each unit's own.

    `mean` is `[units, free]`, `precision` (inverse covariance) `[units, free, free]`. The value
    leaves out the normalising constant.
    """

    mean: Float[Array, "units free"]
    precision: Float[Array, "units free free"]

    def value(
        self, frees: tuple[Free, ...], x: Float[Array, "units free"]
    ) -> Float[Array, " units"]:
        away = x - self.mean
        return 0.5 * jnp.sum(away * self._pull(away), axis=-1)

    def of_units(self, units: Array) -> "Gaussian":
        return Gaussian(self.mean[units], self.precision[units])

    def derivatives(
        self, frees: tuple[Free, ...], x: Float[Array, "units free"]
    ) -> tuple[Float[Array, " units"], Float[Array, "units free"], Float[Array, "units free free"]]:
        return self.value(frees, x), self._pull(x - self.mean), self.precision

    def _pull(self, away: Float[Array, "units free"]) -> Float[Array, "units free"]:
        return jnp.sum(self.precision * away[:, None, :], axis=-1)
