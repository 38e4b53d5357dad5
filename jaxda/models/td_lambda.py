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
from ._td import after_interval, check_interval, nothing_to_choose, td_error


class _State(eqx.Module):
    value: Float[Array, "cues *lanes"]
    eligibility: Float[Array, "cues *lanes"]


class TDLambda(AbstractModel[_State]):
    """Values of the moments after a cue, one state per time bin, with a trace of where one was.

    delta_t = r_t + gamma V(s_{t+1}) - V(s_t), with r_t the reward delivered on leaving s_t and
    V = 0 past the end of a trial; V += alpha delta_t e. The trace e is zero at the start of a
    trial; with c = gamma lam and x one-hot for s_t it becomes, by `trace`,

    - "accumulating": c e + x;
    - "replacing": c e where x = 0, and 1 where x = 1;
    - "dutch": c e + (1 - alpha c e(s_t)) x (the trace of true online TD, without the other
      terms of its update).

    On a delay line each state is visited once per trial and the three are the same; they
    differ where a state lasts, such as a learned interval of many bins. `decay` "discounted"
    is c = gamma lam, "plain" is c = lam, as some published simulations have it.

    State 0 is the interval before the cue. With `iti` "pinned" its value stays 0: an
    unpredictable cue (the error on entering the cue is gamma V(cue)); "learned" treats it like
    any other state.
    """

    tasks: ClassVar = ("pavlovian", "pavlovian_cues")
    free: ClassVar = ("alpha", "lam")
    source: ClassVar = (
        "Sutton 1988, Mach. Learn. 3:9; Schultz, Dayan & Montague 1997, Science 275:1593"
    )
    identifiability: ClassVar = (
        "lam and alpha trade off in the speed of the wave, alpha / (1 - lam); they separate in "
        "its shape. gamma and the size of the reward trade off where only the lasting response to "
        "the cue is seen."
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
    trace: Literal["accumulating", "replacing", "dutch"] = eqx.field(
        static=True, default="accumulating"
    )
    decay: Literal["discounted", "plain"] = eqx.field(static=True, default="discounted")

    def __check_init__(self):
        check_interval(self.iti)
        if self.trace not in ("accumulating", "replacing", "dutch"):
            raise ValueError(
                f"trace is {self.trace!r}; it is 'accumulating', 'replacing' or 'dutch'."
            )
        if self.decay not in ("discounted", "plain"):
            raise ValueError(f"decay is {self.decay!r}; it is 'discounted' or 'plain'.")

    def init(self, env: Env) -> _State:
        zero = jnp.zeros((env.n_cues,))
        return _State(value=zero, eligibility=zero)

    def policy(self, state: _State, offer: Offer) -> Policy:
        return nothing_to_choose(offer)

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        return td_error(state.value, event, self.gamma)[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        rate = self.gamma * self.lam if self.decay == "discounted" else self.lam
        kept = jnp.where(event.onset, 0.0, rate) * state.eligibility
        here = one_hot(event.cue, state.value.shape[0])
        if self.trace == "accumulating":
            eligibility = kept + here
        elif self.trace == "replacing":
            eligibility = kept * (1 - here) + here
        else:
            eligibility = kept + (1 - self.alpha * pick(kept, event.cue)) * here
        if self.iti == "pinned":
            eligibility = after_interval(eligibility)
        value = state.value + self.alpha * dopamine[0] * eligibility
        return _State(value=value, eligibility=eligibility)

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"value": pick(state.value, offer.cue)}
