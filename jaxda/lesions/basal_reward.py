"""A raised level of reward that everything is held against, after long use of a drug."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import bounded
from ..models._base import Model
from ..params import param
from ..priors import LogNormal
from ..types import Event
from ._base import AbstractLesion, M


class BasalReward(AbstractLesion):
    """Whatever is rewarded disappoints by kappa = `dose`: the error there is less by it.

    A natural reward R comes to be worth R - kappa. With a drug (`drug_reward`) whose surge is no
    larger than kappa, value is bounded and blocking returns. The source has a basal level that
    rises with exposure and is subtracted from the reward; that it is taken from the error of
    every rewarded event, after the surge, is a formalisation of jaxda's.
    """

    targets: ClassVar = ("learning_rate",)
    source: ClassVar = "after Dezfouli et al. 2009, Neural Comput. 21:2869"
    caution: ClassVar = "The exact update of the source is not reproduced."
    stage: ClassVar = 1

    dose: Float[Array, ""] = param(
        bounded(0.0, 2.0), 0.0, prior=LogNormal(-3.0, 1.0), doc="Basal level kappa, in rewards."
    )

    def tissue(self, model: M) -> M:
        return model

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return jnp.where(event.reward > 0, rpe - self.dose, rpe)

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose
