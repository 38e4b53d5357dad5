"""Loss of dopamine cells in the substantia nigra pars compacta."""

from typing import ClassVar

from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..dopamine.denervation import burst_gain, shift_balance, tonic_level
from ..models._base import Model
from ..params import map_role, param, roles
from ..priors import Beta
from ..types import Event
from ._base import AbstractLesion, M


class SNcLoss(AbstractLesion):
    """A fraction `dose` of nigral cells is gone; f = 1 - dose survive.

    Bursts shrink early and tonic dopamine only late (see `jaxda.dopamine.denervation`). A
    model with pathways loses D1 plasticity, alpha_g * burst(f), keeps its dips (alpha_n) and
    its critic, which ventral tegmental cells serve; its balance rho shifts with the tonic
    level. A model without pathways receives the whole broadcast scaled by burst(f). Average
    reward at action (tonic_rate) follows the tonic level. The error is never scaled by its
    sign: that gives the wrong crossover of learning from gains and losses.
    """

    targets: ClassVar = ()
    source: ClassVar = "Frank, Seeberger & O'Reilly 2004, Science 306:1940; Dreyer 2014"
    caution: ClassVar = (
        "Effects of medication on learning from gains and losses are contested "
        "(Grogan et al. 2017 found none in three experiments)."
    )

    dose: Float[Array, ""] = param(
        UNIT, 0.0, prior=Beta(1.1, 1.1), doc="Fraction of nigral dopamine cells lost."
    )

    def tissue(self, model: M) -> M:
        survivors = 1 - self.dose
        tone = tonic_level(survivors)
        model = map_role(model, "go_rate", lambda a: burst_gain(survivors) * a)
        model = map_role(model, "tonic_balance", lambda rho: shift_balance(rho, tone))
        return map_role(model, "tonic_rate", lambda rate: tone * rate)

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return rpe if "go_rate" in roles(model) else burst_gain(1 - self.dose) * rpe

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose - self.dose * dose
