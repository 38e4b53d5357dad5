"""TD(lambda) on a tapped delay line (Sutton 1988; Schultz, Dayan & Montague 1997)."""

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..params import param
from ..priors import Beta
from ..types import Env, Event, Offer, Policy, one_hot, pick
from ._base import AbstractModel


class _State(eqx.Module):
    value: Float[Array, "cues *lanes"]
    eligibility: Float[Array, "cues *lanes"]


class TDLambda(AbstractModel[_State]):
    """Values of the moments after a cue, one state per time bin.

    delta_t = r_t + gamma V(s_{t+1}) - V(s_t), with r_t the reward delivered on leaving s_t and
    V = 0 past the end of a trial; e <- gamma lam e + x(s_t), zero at the start of a trial;
    V += alpha delta_t e. Each state is visited once per trial, so accumulating and replacing
    traces are the same. State 0 is the interval before the cue. With `iti` "pinned" its value
    stays 0: an unpredictable cue (the error on entering the cue is gamma V(cue)); "learned"
    treats it like any other state.
    """

    tasks: ClassVar = ("pavlovian",)
    free: ClassVar = ("alpha", "lam")
    source: ClassVar = (
        "Sutton 1988, Mach. Learn. 3:9; Schultz, Dayan & Montague 1997, Science 275:1593"
    )

    alpha: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="learning_rate", doc="Learning rate."
    )
    gamma: Float[Array, ""] = param(
        UNIT, 0.98, prior=Beta(20.0, 1.0), role="discount", doc="Discount per time bin."
    )
    lam: Float[Array, ""] = param(
        UNIT, 0.9, prior=Beta(1.1, 1.1), role="eligibility", doc="Decay of the eligibility trace."
    )
    iti: Literal["pinned", "learned"] = eqx.field(static=True, default="pinned")

    def __check_init__(self):
        if self.iti not in ("pinned", "learned"):
            raise ValueError(f"iti is {self.iti!r}; it is 'pinned' or 'learned'.")

    def init(self, env: Env) -> _State:
        zero = jnp.zeros((env.n_cues,))
        return _State(value=zero, eligibility=zero)

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(jnp.zeros((1, *offer.cue.shape)))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        ahead = jnp.where(event.terminal, 0.0, pick(state.value, event.successor))
        return (event.reward + self.gamma * ahead - pick(state.value, event.cue))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        kept = jnp.where(event.onset, 0.0, self.gamma * self.lam) * state.eligibility
        eligibility = kept + one_hot(event.cue, state.value.shape[0])
        if self.iti == "pinned":
            eligibility = eligibility.at[0].set(0.0)
        value = state.value + self.alpha * dopamine[0] * eligibility
        return _State(value=value, eligibility=eligibility)

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"value": pick(state.value, offer.cue)}
