"""A D2 agonist: it stands in for dopamine where dips would have been."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..dopamine.denervation import shift_balance
from ..models._base import Model
from ..params import map_role, param
from ..priors import Beta
from ..types import Event
from ._base import AbstractLesion, M


# At dose 1: share of the learning from dips that is lost, and the balance from rest.
_FILLED = 0.4
_BALANCE = 0.2


class D2Agonist(AbstractLesion):
    """A D2 agonist at `dose`, the share of its full effect.

    The drug is at the receptor whatever dopamine does. It adds nothing to release: bursts
    and D1 plasticity (alpha_g) stay as they are, dips are filled in part,
    alpha_n -> 1 - (1 - alpha_n)^(1 - .4 dose), which is alpha_n * (1 - .4 dose) for small
    rates, and the balance at choice shifts from NoGo to Go, from rho = 0 to .2 dose. A
    modelling assumption after the clinical picture; the sizes are not fitted to data.
    """

    targets: ClassVar = ("nogo_rate", "tonic_balance")
    source: ClassVar = "after Frank, Seeberger & O'Reilly 2004, Science 306:1940"
    caution: ClassVar = (
        "Of postsynaptic receptors. Low doses act on autoreceptors first and blunt learning from "
        "rewards (Santesso et al. 2009); that is left out."
    )

    dose: Float[Array, ""] = param(
        UNIT, 0.0, prior=Beta(1.1, 1.1), doc="Share of the full effect of the agonist."
    )

    def tissue(self, model: M) -> M:
        left, balance = 1 - _FILLED * self.dose, _BALANCE * self.dose
        # The tone that takes rho from 0 to `balance`.
        tone = jnp.sqrt((1 + balance) / (1 - balance))
        model = map_role(model, "nogo_rate", lambda a: 1 - (1 - a) ** left)
        return map_role(model, "tonic_balance", lambda rho: shift_balance(rho, tone))

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return rpe

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose - self.dose * dose
