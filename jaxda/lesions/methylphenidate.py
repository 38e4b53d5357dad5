"""A blocker of the dopamine transporter, such as methylphenidate."""

from typing import ClassVar

from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..dopamine.denervation import shift_balance
from ..dopamine.uptake import blocked_burst_area, blocked_tonic_level
from ..models._base import Model
from ..params import map_role, param
from ..priors import Beta
from ..types import Event
from ._base import AbstractLesion, M


class Methylphenidate(AbstractLesion):
    """A fraction `dose` of the dopamine transporters is occupied by a competitive blocker.

    Bursts last longer: with A their area relative to no drug (`jaxda.dopamine.uptake`),
    alpha -> 1 - (1 - alpha)^A, which is A alpha where alpha is small, so half of the
    transporters occupied make up for 14 % more of them (`dat_uptake`). The tonic level rises by
    more, so that bursts stand out less; balance (rho) and average reward at action follow it.
    The link of area to rate is a formalisation of jaxda's. The surrogate holds up to .9.
    """

    targets: ClassVar = ("learning_rate", "tonic_balance", "tonic_rate")
    source: ClassVar = (
        "Volkow et al. 1998, Am. J. Psychiatry 155:1325 (occupancy); kinetics after Dreyer's "
        "toolbox"
    )
    caution: ClassVar = (
        "Dopamine of the striatum alone; noradrenaline and cortex are left out. The drug does "
        "not simply normalise: it made choices riskier in one study."
    )

    dose: Float[Array, ""] = param(
        UNIT, 0.0, prior=Beta(1.1, 1.1), doc="Fraction of dopamine transporters occupied."
    )

    def tissue(self, model: M) -> M:
        area, tone = blocked_burst_area(self.dose), blocked_tonic_level(self.dose)
        model = map_role(model, "learning_rate", lambda alpha: 1 - (1 - alpha) ** area)
        model = map_role(model, "tonic_balance", lambda rho: shift_balance(rho, tone))
        return map_role(model, "tonic_rate", lambda rate: tone * rate)

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return rpe

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose - self.dose * dose
