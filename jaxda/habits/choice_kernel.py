"""Choice kernel: a running average of what was taken (Wilson & Collins 2019)."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import REAL, UNIT
from ..params import param
from ..priors import Beta, Normal
from ..types import Env, Event, Offer, offered
from ._base import AbstractHabit


class _State(eqx.Module):
    kernel: Float[Array, "items *lanes"]


class ChoiceKernel(AbstractHabit[_State]):
    """K += alpha_k (1[taken] - K), and the logits gain beta_k K."""

    free: ClassVar = ("alpha_k", "beta_k")
    source: ClassVar = "Wilson & Collins 2019, eLife 8:e49547"

    alpha_k: Float[Array, ""] = param(UNIT, 0.2, prior=Beta(1.1, 1.1), doc="Rate of the kernel.")
    beta_k: Float[Array, ""] = param(REAL, 0.0, prior=Normal(0.0, 1.0), doc="Weight, logits.")

    def init(self, env: Env) -> _State:
        return _State(jnp.zeros((env.n_items,)))

    def bias(
        self, state: _State, offer: Offer, logits: Float[Array, "actions *lanes"]
    ) -> Float[Array, "actions *lanes"]:
        return logits + self.beta_k * offered(state.kernel, offer.options)

    def update(self, state: _State, event: Event) -> _State:
        taken = event.chosen(state.kernel.shape[0])
        return _State(state.kernel + self.alpha_k * (taken - state.kernel))
