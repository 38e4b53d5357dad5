"""TD learning relative to the average reward (Schwartz 1993; Daw & Touretzky 2002)."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..params import param
from ..priors import Beta
from ..types import Env, Event, Offer, Policy, one_hot, pick
from ._base import AbstractModel
from ._td import nothing_to_choose


class _State(eqx.Module):
    value: Float[Array, "cues *lanes"]
    reward_rate: Float[Array, "*lanes"]


class AverageRewardTD(AbstractModel[_State]):
    """Nothing is discounted; what counts is what comes beyond the average.

    delta_t = r_t - R + V(s_{t+1}) - V(s_t); V(s_t) += alpha delta_t; R += alpha_r delta_t,
    where R is the average reward per time bin. Trials follow one another without end: where
    another model would stop, the next state is the interval, a state learned like the others.

    In the long run R is the reward per bin, every bin of the interval without a cue gives
    delta = -R, and the cue gives R (1/h - 1) with h the chance per bin that it comes; all
    other errors vanish. So the burst at the cue survives a learned interval that ends it in a
    discounted model, and grows with the length of the interval relative to that of the trial.
    Values are defined up to a constant. With h = 1 (an interval of one bin) there is no burst.
    """

    tasks: ClassVar = ("pavlovian", "pavlovian_cues")
    free: ClassVar = ("alpha", "alpha_r")
    source: ClassVar = (
        "Schwartz 1993, Proc. ICML 10:298; Daw & Touretzky 2002, Neural Comput. 14:2567"
    )

    alpha: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="learning_rate", doc="Value learning rate."
    )
    alpha_r: Float[Array, ""] = param(
        UNIT, 0.005, prior=Beta(1.1, 20.0), role="rate_learning_rate", doc="Rate of R, per bin."
    )

    def init(self, env: Env) -> _State:
        return _State(value=jnp.zeros((env.n_cues,)), reward_rate=jnp.zeros(()))

    def policy(self, state: _State, offer: Offer) -> Policy:
        return nothing_to_choose(offer)

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        rise = pick(state.value, event.successor) - pick(state.value, event.cue)
        return (event.reward - state.reward_rate + rise)[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        here = one_hot(event.cue, state.value.shape[0])
        return _State(
            value=state.value + self.alpha * dopamine[0] * here,
            reward_rate=state.reward_rate + self.alpha_r * dopamine[0],
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"reward_rate": state.reward_rate, "value": pick(state.value, offer.cue)}
