"""Too little or too much dopamine in prefrontal cortex."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import bounded
from ..dopamine.transfer import inverted_u
from ..models._base import Model
from ..params import map_role, param
from ..priors import Normal
from ..types import Event
from ._base import AbstractLesion, M


class PrefrontalDopamine(AbstractLesion):
    """Prefrontal dopamine is exp(`dose`) times its optimum C*, below or above.

    What working memory is worth follows an inverted U, omega = exp(-dose^2 / (2 * 0.7^2)): .61
    at half and at twice the optimum, .14 at a quarter and at four times. Memory counts omega
    times as much in a choice (wm_weight) and decays faster, phi -> 1 - (1 - phi)^(1 / omega):
    phi / omega for small rates, and never above 1. The broadcast, and what is learned from it,
    is untouched. Doses add as logarithms do: with one on each side, the other is undone.
    """

    targets: ClassVar = ("wm_weight", "wm_decay")
    source: ClassVar = "after Cools & D'Esposito 2011, Biol. Psychiatry 69:e113"
    caution: ClassVar = (
        "The inverted U is a qualitative finding; its width and its map to weight and decay are a "
        "choice of jaxda. Evidence on cortical dopamine in schizophrenia is sparse."
    )

    dose: Float[Array, ""] = param(
        bounded(-2.5, 2.5),
        0.0,
        prior=Normal(0.0, 0.7),
        doc="Log of prefrontal dopamine over its optimum.",
    )

    def omega(self) -> Float[Array, ""]:
        """What is left of working memory, 1 at the optimum."""
        return inverted_u(jnp.exp(self.dose))

    def tissue(self, model: M) -> M:
        omega = self.omega()
        model = map_role(model, "wm_weight", lambda rho: omega * rho)
        return map_role(model, "wm_decay", lambda phi: 1 - (1 - phi) ** (1 / omega))

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return rpe

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose
