"""Tolerance by an opponent process: what a drug does is weakened by a slow reaction to it."""

from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from ._guards import nonnegative, require


def _number(default: float) -> Any:
    # Strongly typed, so that no new value traces anew.
    return eqx.field(default=default, converter=lambda x: jnp.asarray(x, float))


class Reaction(NamedTuple):
    """Before each dose: the opponent, and the effect that is left, in units of one dose."""

    opponent: Float[Array, " doses"]
    effect: Float[Array, " doses"]


class OpponentTolerance(eqx.Module):
    """tau dT/dt = -T + share u; the drug u does u - T, and -T is left when it is gone.

    `tau` is in doses (steps), `share` in [0, 1] the part of the effect that is lost under
    constant use. Between doses the equation is solved exactly, so the course does not depend on
    a step size. This package's form of the slow opponent of Gutkin, Dehaene & Changeux 2006.
    Its size is a setting, not an estimate, for people or for animals.
    """

    species: ClassVar[str] = "none"
    source: ClassVar[str] = "after Gutkin, Dehaene & Changeux 2006, PNAS 103:1106"

    share: Float[Array, ""] = _number(0.6)
    tau: Float[Array, ""] = _number(20.0)

    def steady(self, dose: float | Float[Array, "..."] = 1.0) -> Float[Array, "..."]:
        """Effect under constant use: (1 - share) dose."""
        return (1 - self.share) * nonnegative("dose", dose, "units of effect")

    def withdrawal(
        self, since: float | Float[Array, "..."], dose: float | Float[Array, "..."] = 1.0
    ) -> Float[Array, "..."]:
        """Effect `since` steps after constant use ended: -share dose exp(-since / tau)."""
        lasting = self.share * nonnegative("dose", dose, "units of effect")
        return -lasting * jnp.exp(-nonnegative("time", since, "doses") / self.tau)

    def simulate(
        self, doses: Float[Array, " doses"], opponent: float | Float[Array, ""] = 0.0
    ) -> Reaction:
        """The course of `doses`, one a step (0 where there is none), from `opponent` on.

        Raises:
            ValueError: if a dose is negative, tau is not above 0 or share is outside [0, 1].
        """
        doses = nonnegative("dose", doses, "units of effect")
        values = {"share": self.share, "tau": self.tau}
        sound = (self.tau > 0) & (self.share >= 0) & (self.share <= 1)
        message = "tau must be above 0 and share within [0, 1]"
        tau = require(self.tau, sound, message, values)
        rest = jnp.exp(-1 / tau)

        def step(t, u):
            return rest * t + (1 - rest) * self.share * u, Reaction(t, u - t)

        return lax.scan(step, jnp.asarray(opponent, float), doses)[1]
