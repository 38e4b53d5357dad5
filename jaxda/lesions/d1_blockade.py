"""A D1 antagonist."""

from typing import ClassVar

from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..dopamine.receptors import remaining_tone
from ..models._base import Model
from ..params import map_role, param
from ..priors import Beta
from ..types import Event
from ._base import AbstractLesion, M


# Tonic 50 nM against a K_D of 1000 nM: D1 receptors are far from saturated.
_DOPAMINE_OVER_KD = 0.05


class D1Blockade(AbstractLesion):
    """A fraction `dose` of D1 receptors is occupied by the antagonist.

    What dopamine still does through them, k, scales the plasticity (alpha_g) and the gain of
    the direct pathway at choice.
    """

    targets: ClassVar = ("go_rate", "go_gain")
    source: ClassVar = "Frank 2005, J. Cogn. Neurosci. 17:51; Collins & Frank 2014"

    dose: Float[Array, ""] = param(
        UNIT, 0.0, prior=Beta(1.1, 1.1), doc="Fraction of D1 receptors occupied by the drug."
    )

    def tissue(self, model: M) -> M:
        k = remaining_tone(self.dose, _DOPAMINE_OVER_KD)
        model = map_role(model, "go_rate", lambda alpha: k * alpha)
        return map_role(model, "go_gain", lambda gain: k * gain)

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return rpe

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose - self.dose * dose
