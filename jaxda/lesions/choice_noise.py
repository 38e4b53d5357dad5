"""Choices that follow the values less closely."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import bounded
from ..models._base import Model
from ..params import map_role, param
from ..priors import Normal
from ..types import Event
from ._base import AbstractLesion, M


class ChoiceNoise(AbstractLesion):
    """Every choice gain is multiplied by exp(-`dose`); .357 leaves 70 % of it.

    A switch of its own, apart from learning: in ADHD choices vary more, while learning rates
    need not differ. Dose and an inverse temperature enter only as a product, so they cannot
    both be free.
    """

    targets: ClassVar = ("choice_gain",)
    source: ClassVar = "Hauser, Fiore, Moutoussis & Dolan 2016, Trends Neurosci. 39:63"
    caution: ClassVar = (
        "The sign is known; the size is a formalisation of jaxda's, not an estimate."
    )
    confounded: ClassVar = (
        (("beta", "dose"), "only the product beta * exp(-dose) enters the policy"),
        (("beta1", "beta2", "dose"), "only the products beta * exp(-dose) enter the policy"),
    )

    dose: Float[Array, ""] = param(
        bounded(-2.5, 2.5), 0.0, prior=Normal(0.0, 0.5), doc="Log of the choice noise over normal."
    )

    def tissue(self, model: M) -> M:
        return map_role(model, "choice_gain", lambda beta: jnp.exp(-self.dose) * beta)

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return rpe

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose
