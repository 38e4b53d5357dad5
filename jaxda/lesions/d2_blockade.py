"""A D2 antagonist."""

from typing import ClassVar

from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..dopamine.receptors import remaining_tone
from ..models._base import Model
from ..params import map_role, param
from ..priors import Beta
from ..types import Event
from ._base import AbstractLesion, M


# Tonic 50 nM against a K_D of 10 nM: D2 receptors are nearly saturated at rest.
_DOPAMINE_OVER_KD = 5.0


class D2Blockade(AbstractLesion):
    """A fraction `dose` of D2 receptors is occupied by the antagonist.

    Dopamine holds the indirect pathway down; with the tone k that is left, its gain at choice
    becomes 2 - k times normal (k_N of Moller & Bogacz 2019, T = D G - (1 - k_N D) N at
    D = 1/2), and its plasticity alpha_n -> 1 - (1 - alpha_n)^(2 - k).
    """

    targets: ClassVar = ("nogo_rate", "nogo_gain")
    source: ClassVar = "Moller & Bogacz 2019, PLoS Comput. Biol. 15:e1006285"
    caution: ClassVar = "Blockade of presynaptic autoreceptors, which raises dopamine, is left out."

    dose: Float[Array, ""] = param(
        UNIT, 0.0, prior=Beta(1.1, 1.1), doc="Fraction of D2 receptors occupied by the drug."
    )

    def tissue(self, model: M) -> M:
        disinhibition = 2 - remaining_tone(self.dose, _DOPAMINE_OVER_KD)
        model = map_role(model, "nogo_rate", lambda alpha: 1 - (1 - alpha) ** disinhibition)
        return map_role(model, "nogo_gain", lambda gain: disinhibition * gain)

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return rpe

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose - self.dose * dose
