"""TD(0) on a tapped delay line (Montague, Dayan & Sejnowski 1996)."""

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..params import param
from ..priors import Beta
from ..types import Env, Event, Offer, Policy, one_hot, pick
from ._base import AbstractModel
from ._td import after_interval, check_interval, nothing_to_choose, td_error


class _State(eqx.Module):
    value: Float[Array, "cues *lanes"]


class TDZero(AbstractModel[_State]):
    """Values of the moments after a cue, each learned from the next.

    delta_t = r_t + gamma V(s_{t+1}) - V(s_t), with r_t the reward delivered on leaving s_t and
    V = 0 past the end of a trial; V(s_t) += alpha delta_t. A reward R at the end of the
    transition out of state K ends as V(s_t) = gamma^(K-t) R.

    State 0 is the interval before the cue. With `iti` "pinned" its value stays 0: nothing
    foretells the cue, and the error on entering it ends as gamma V(cue). "learned" treats the
    interval like any other state: it comes to predict the cue, the better the shorter it is,
    and the burst at the cue shrinks to the share (1 - gamma)(1 - h) / (1 - gamma (1 - h)) of
    gamma V(cue), h being the chance per bin that the cue comes (0 for an interval of one bin).
    """

    tasks: ClassVar = ("pavlovian", "pavlovian_cues")
    free: ClassVar = ("alpha",)
    source: ClassVar = (
        "Montague, Dayan & Sejnowski 1996, J. Neurosci. 16:1936; "
        "Schultz, Dayan & Montague 1997, Science 275:1593"
    )
    identifiability: ClassVar = (
        "Only alpha times the number of trials shows in where the wave is. gamma follows from the "
        "lasting response to the cue only if the number of steps is known."
    )

    alpha: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="learning_rate", doc="Learning rate."
    )
    gamma: Float[Array, ""] = param(
        UNIT, 0.98, prior=Beta(20.0, 1.0), role="discount", doc="Discount per time bin."
    )
    iti: Literal["pinned", "learned"] = eqx.field(static=True, default="pinned")

    def __check_init__(self):
        check_interval(self.iti)

    def init(self, env: Env) -> _State:
        return _State(jnp.zeros((env.n_cues,)))

    def policy(self, state: _State, offer: Offer) -> Policy:
        return nothing_to_choose(offer)

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        return td_error(state.value, event, self.gamma)[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        here = one_hot(event.cue, state.value.shape[0])
        if self.iti == "pinned":
            here = after_interval(here)
        return _State(state.value + self.alpha * dopamine[0] * here)

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"value": pick(state.value, offer.cue)}
