"""More or fewer dopamine transporters, as claimed of ADHD."""

from typing import ClassVar

from jaxtyping import Array, Float

from ..bijectors import bounded
from ..dopamine.denervation import shift_balance
from ..dopamine.uptake import burst_area, tonic_level
from ..models._base import Model
from ..params import map_role, param
from ..priors import Normal
from ..types import Event
from ._base import AbstractLesion, M


class DATUptake(AbstractLesion):
    """Uptake of dopamine (Vmax) is exp(`dose`) times normal: .131 is 1.14 times.

    A burst that is taken up faster has a smaller area, and teaches less: with A its area
    relative to normal (`jaxda.dopamine.uptake`), alpha -> 1 - (1 - alpha)^A, which is A alpha
    where alpha is small. The link of area to rate is a formalisation of jaxda's. Balance (rho)
    and average reward at action follow the tonic level. The error is what it was.
    """

    targets: ClassVar = ("learning_rate", "tonic_balance", "tonic_rate")
    source: ClassVar = (
        "Fusar-Poli et al. 2012, Am. J. Psychiatry 169:264; Tripp & Wickens 2008; kinetics after "
        "Dreyer's toolbox"
    )
    caution: ClassVar = (
        "Transporters in ADHD are 14 % up on average, but heterogeneous: more after treatment "
        "with stimulants, fewer in people who were never treated (Fusar-Poli et al. 2012)."
    )

    dose: Float[Array, ""] = param(
        bounded(-1.0, 1.0), 0.0, prior=Normal(0.0, 0.3), doc="Log of uptake (Vmax) over normal."
    )

    def tissue(self, model: M) -> M:
        area, tone = burst_area(self.dose), tonic_level(self.dose)
        model = map_role(model, "learning_rate", lambda alpha: 1 - (1 - alpha) ** area)
        model = map_role(model, "tonic_balance", lambda rho: shift_balance(rho, tone))
        return map_role(model, "tonic_rate", lambda rate: tone * rate)

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return rpe

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose
