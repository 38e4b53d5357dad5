"""A common textbook snippet of a distributional population: a baseline to compare with."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..params import param
from ..priors import Beta
from ..types import Env, Event, Offer, Policy, lift
from ._base import AbstractModel


class _State(eqx.Module):
    value: Float[Array, "channels *lanes"]


class NoteDistributional(AbstractModel[_State]):
    """One value per channel, moved by rates tau and 1 - tau.

    delta_i = r - V_i;  V_i += lr * tau_i * delta_i if delta_i > 0 else
    lr * (1 - tau_i) * delta_i; V starts at 0 and tau runs evenly from 0.1 to 0.9. It learns
    expectiles of the reward, and stands here as it is usually written. Its limits:

    - There is one prediction for everything: cues and time within a trial are not known.
    - Optimisms end at 0.1 and 0.9, so the tails of a distribution are not represented.
    - alpha_pos + alpha_neg is the same in all channels: pessimists approach a certain reward
      (1 - tau) / tau times as slowly as optimists.
    - At the usual lr of 0.1 a value never settles: with rewards of 0.1 to 20 it keeps
      wandering with a standard deviation of about 1 at the optimistic end.
    - Nothing decodes the distribution, and the values are not samples of it.

    `Expectile` is without them.
    """

    tasks: ClassVar = ("magnitude",)
    free: ClassVar = ("lr",)
    source: ClassVar = "textbook snippet after Dabney et al. 2020, Nature 577:671"

    lr: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 5.0), role="learning_rate", doc="Sum of the two rates."
    )
    n_neurons: int = eqx.field(static=True, default=20)

    def __check_init__(self):
        if isinstance(self.n_neurons, bool) or self.n_neurons < 2:
            raise ValueError(f"n_neurons is {self.n_neurons!r}; it is a whole number above 1.")

    def init(self, env: Env) -> _State:
        return _State(value=jnp.zeros((self.n_neurons,)))

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(jnp.zeros((1, *offer.cue.shape)))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        return event.reward - state.value

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        tau = lift(jnp.linspace(0.1, 0.9, self.n_neurons), dopamine)
        return _State(
            value=state.value + self.lr * jnp.where(dopamine > 0, tau, 1 - tau) * dopamine
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"value": state.value}
