"""Levodopa: more dopamine per spike, and dips that no longer reach zero."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..dopamine.denervation import shift_balance
from ..models._base import Model
from ..params import map_role, param, roles
from ..priors import Beta
from ..types import Event
from ._base import AbstractLesion, M


# What the kinetics of dorsal striatum (Dreyer's toolbox, calibrated leak) make of release three
# times as large when a tenth of the terminals is left: bursts of 240 in place of 99 nM, and a
# tonic level of 73.3 in place of 28.7 nM.
_BURST = 240.0 / 99.0
_TONE = 73.3 / 28.7
# Share of the learning from dips that is lost where they are filled.
_FILLED = 0.6
# Above this a rate no longer grows in proportion, so that it stays below 1.
_LINEAR = 0.9


class Levodopa(AbstractLesion):
    """Levodopa at `dose`, the share of its full effect: release is 1 + 2 dose times larger.

    The share of a concentration Ce at the effect site is Ce / (Ce + EC50) (see
    `jaxda.dopamine.levodopa.precursor`). In a model with pathways bursts grow,
    alpha_g * (1 + 1.42 dose), and dips are filled: alpha_n -> 1 - (1 - alpha_n)^(1 - .6 dose),
    which is alpha_n * (1 - .6 dose) for small rates. Tonic dopamine rises by 1 + 1.55 dose; it
    shifts the balance at choice (rho) and multiplies the average reward at action (tonic_rate).
    Rates that would come near 1 grow less and stay below it. In a model without
    pathways only the dips can be told apart: negative errors shrink by 1 - .6 dose.

    The factors are those of a denervated striatum, for use after a loss of cells
    (`snc_loss`); alone, the lesion is an overdose of intact tissue.
    """

    targets: ClassVar = ()
    source: ClassVar = (
        "Frank, Seeberger & O'Reilly 2004, Science 306:1940; Cools et al. 2001; Dreyer 2014"
    )
    caution: ClassVar = (
        "Grogan et al. 2017 found no effect of medication on learning from gains and "
        "losses in three experiments, Shiner et al. 2012 and Smittenaar et al. 2012 found it at "
        "test only. In foraging, drugs changed learning from gains and not from losses "
        "(Rutledge et al. 2009), against the map for models without pathways."
    )

    dose: Float[Array, ""] = param(
        UNIT, 0.0, prior=Beta(1.1, 1.1), doc="Share of the full effect of levodopa."
    )

    def tissue(self, model: M) -> M:
        burst = 1 + (_BURST - 1) * self.dose
        tone = 1 + (_TONE - 1) * self.dose
        left = self._dips()
        model = map_role(model, "go_rate", lambda a: _raised(a, burst))
        # As a power, it commutes with what a D2 antagonist does to the same rate.
        model = map_role(model, "nogo_rate", lambda a: 1 - (1 - a) ** left)
        model = map_role(model, "tonic_balance", lambda rho: shift_balance(rho, tone))
        return map_role(model, "tonic_rate", lambda rate: tone * rate)

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        if "go_rate" in roles(model):
            return rpe
        return jnp.where(rpe < 0, self._dips() * rpe, rpe)

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose - self.dose * dose

    def _dips(self) -> Float[Array, ""]:
        return 1 - _FILLED * self.dose


def _raised(rate: Float[Array, ""], factor: Float[Array, ""]) -> Float[Array, ""]:
    """`factor * rate`, bent without a corner where it passes .9 so that it stays below 1.

    The bend is a change of coordinate (the identity below .9), so factor 1 is the identity
    for every rate, and factors multiply.
    """
    bend, room = 2 * _LINEAR - 1, (1 - _LINEAR) ** 2
    missing = 1 - rate
    # Of a rate beyond the bend, and of one that is carried past it.
    beyond = room * missing / ((factor - 1) * bend * missing + factor * room)
    past = room / (jnp.maximum(factor * rate, _LINEAR) - bend)
    below = factor * rate < _LINEAR
    return jnp.where(rate > _LINEAR, 1 - beyond, jnp.where(below, factor * rate, 1 - past))
