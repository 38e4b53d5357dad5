"""A population of dopamine channels that learns expectiles (Dabney et al. 2020)."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import REAL, UNIT
from ..params import param
from ..priors import Beta, Normal
from ..types import Env, Event, Offer, Policy, lift, one_hot, pick
from ._base import AbstractModel


class _State(eqx.Module):
    value: Float[Array, "cues channels *lanes"]


class Expectile(AbstractModel[_State]):
    """Channel i predicts with its own optimism tau_i and broadcasts its own error.

    delta_i = r - V_i(cue);  V_i += rate * tau_i * delta_i if delta_i > 0 else
    rate * (1 - tau_i) * delta_i, so that alpha_pos = rate * tau and alpha_neg =
    rate * (1 - tau). The fixed point of V_i is the tau_i-expectile of the reward. `channels`
    optimisms sit at (i + 1/2) / channels. The values are neither samples nor quantiles.
    """

    tasks: ClassVar = ("magnitude",)
    free: ClassVar = ("rate",)
    source: ClassVar = "Dabney et al. 2020, Nature 577:671"

    rate: Float[Array, ""] = param(
        UNIT,
        0.04,
        prior=Beta(1.1, 5.0),
        role="learning_rate",
        doc="Sum of the two rates of a channel.",
    )
    v0: Float[Array, ""] = param(REAL, 0.0, prior=Normal(0.0, 5.0), doc="Initial value.")
    channels: int = eqx.field(static=True, default=19)

    def optimism(self) -> Float[Array, " channels"]:
        """Asymmetry tau of each channel."""
        return (jnp.arange(self.channels, dtype=float) + 0.5) / self.channels

    def init(self, env: Env) -> _State:
        return _State(value=jnp.full((env.n_cues, self.channels), self.v0))

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(jnp.zeros((1, *offer.cue.shape)))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        return event.reward - pick(state.value, event.cue)

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        tau = lift(self.optimism(), dopamine)
        alpha = self.rate * jnp.where(dopamine > 0, tau, 1 - tau)
        here = one_hot(event.cue, state.value.shape[0])[:, None]
        return _State(value=state.value + here * (alpha * dopamine)[None])

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"value": pick(state.value, offer.cue)}
