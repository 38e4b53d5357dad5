"""TD(0) whose values fade (Morita & Kato 2014)."""

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..bijectors import POSITIVE, UNIT
from ..params import param
from ..priors import Beta, LogNormal
from ..types import Env, Event, Offer, Policy, one_hot, pick
from ._base import AbstractModel


class _State(eqx.Module):
    value: Float[Array, "cues *lanes"]


class ValueDecay(AbstractModel[_State]):
    """Forgetting keeps the error alive: a lasting ramp of dopamine up to the reward.

    delta_t = r_t + gamma V(s_{t+1}) - V(s_t), V = 0 past the end of a trial; V(s_t) += alpha
    delta_t. With `decay` "trial" all values fade by the factor kappa between trials (when the
    next begins: its first error already sees less); with "value_dependent" by
    1 - (1 - kappa) exp(-|V| / scale), so that large values last; with "step" by kappa after
    each event but the first of a trial, which teaches nothing: over a trial of n events by
    kappa^(n - 1). The value of state 0, the interval, is 0: the error on entering the first
    state is gamma V(s_1). "step" and "trial" differ visibly even where they forget the same per
    trial; the closed form (`jaxda.theory.decay.ramp`) holds for "trial".
    """

    tasks: ClassVar = ("pavlovian", "pavlovian_cues")
    free: ClassVar = ("alpha", "kappa")
    source: ClassVar = "Morita & Kato 2014, Front. Neural Circuits 8:36"

    alpha: Float[Array, ""] = param(
        UNIT, 0.6, prior=Beta(1.1, 1.1), role="learning_rate", doc="Learning rate."
    )
    gamma: Float[Array, ""] = param(
        UNIT, 0.96, prior=Beta(20.0, 1.0), role="discount", doc="Discount per time bin."
    )
    kappa: Float[Array, ""] = param(
        UNIT,
        0.75,
        prior=Beta(5.0, 2.0),
        role="retention",
        doc="Factor that values keep per trial (per event with `decay` 'step').",
    )
    scale: Float[Array, ""] = param(
        POSITIVE,
        0.6,
        prior=LogNormal(-0.5, 0.5),
        doc="Value at which forgetting is 1/e of its most ('value_dependent').",
    )
    decay: Literal["trial", "step", "value_dependent"] = eqx.field(static=True, default="trial")

    def __check_init__(self):
        if self.decay not in ("trial", "step", "value_dependent"):
            raise ValueError(
                f"decay is {self.decay!r}; it is 'trial' or 'step' or 'value_dependent'."
            )

    def init(self, env: Env) -> _State:
        return _State(value=jnp.zeros((env.n_cues,)))

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(jnp.zeros((1, *offer.cue.shape)))

    def _values(self, state: _State, onset: Bool[Array, "*lanes"]) -> Float[Array, "cues *lanes"]:
        """Values at an event: what is left of them, if it begins a trial."""
        if self.decay == "step":
            return state.value
        left = self.kappa
        if self.decay == "value_dependent":
            left = 1 - (1 - self.kappa) * jnp.exp(-jnp.abs(state.value) / self.scale)
        return jnp.where(onset, left, 1.0) * state.value

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        value = self._values(state, event.onset)
        ahead = jnp.where(event.terminal, 0.0, pick(value, event.successor))
        return (event.reward + self.gamma * ahead - pick(value, event.cue))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        value = self._values(state, event.onset)
        here = one_hot(event.cue, value.shape[0]).at[0].set(0.0)
        value = value + self.alpha * dopamine[0] * here
        if self.decay == "step":
            value = jnp.where(event.onset, 1.0, self.kappa) * value
        return _State(value=value)

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"value": pick(self._values(state, offer.onset), offer.cue)}
