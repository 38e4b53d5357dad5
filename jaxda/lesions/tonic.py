"""A change of tonic dopamine at the moment of choice and action."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import bounded
from ..dopamine.denervation import shift_balance
from ..models._base import Model
from ..params import map_role, param
from ..priors import Normal
from ..types import Event
from ._base import AbstractLesion, M


class Tonic(AbstractLesion):
    """Tonic dopamine is exp(`dose`) times normal: negative doses are low, positive high.

    Go against NoGo: atanh(rho) + dose. Vigour: the average reward that sets the cost of time
    is multiplied by exp(dose), so latencies change by exp(-dose / 2). Phasic errors and
    learning rates are untouched.
    """

    targets: ClassVar = ("tonic_balance", "tonic_rate")
    source: ClassVar = "Collins & Frank 2014, Psychol. Rev. 121:337; Niv et al. 2007"

    dose: Float[Array, ""] = param(
        bounded(-2.5, 2.5), 0.0, prior=Normal(0.0, 1.0), doc="Log of tonic dopamine over normal."
    )

    def tissue(self, model: M) -> M:
        tone = jnp.exp(self.dose)
        model = map_role(model, "tonic_balance", lambda rho: shift_balance(rho, tone))
        return map_role(model, "tonic_rate", lambda rate: tone * rate)

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return rpe

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose
