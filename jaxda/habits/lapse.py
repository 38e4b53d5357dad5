"""Lapses: some actions are taken at random."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..params import param
from ..priors import Beta
from ..types import Env, Event, Offer
from ._base import AbstractHabit


class _State(eqx.Module):
    pass


class Lapse(AbstractHabit[_State]):
    """p = (1 - xi) p + xi / A, in log space.

    With one bandit session xi and beta are all but inseparable (correlation .97): free it
    under its prior or with more data. List it last: it mixes what stands before it.
    """

    free: ClassVar = ("xi",)
    mixes: ClassVar = True
    source: ClassVar = "Nassar & Frank 2016, Curr. Opin. Behav. Sci. 11:49"
    identifiability: ClassVar = (
        "With one bandit session xi and beta are all but inseparable (correlation .97; the "
        "standard deviation of logit xi is about 8): fix xi or rely on its prior."
    )

    xi: Float[Array, ""] = param(
        UNIT, 0.05, prior=Beta(1.0, 10.0), role="lapse", doc="Probability of a random action."
    )

    def init(self, env: Env) -> _State:
        return _State()

    def bias(
        self, state: _State, offer: Offer, logits: Float[Array, "actions *lanes"]
    ) -> Float[Array, "actions *lanes"]:
        kept = jnp.log1p(-self.xi) + jax.nn.log_softmax(logits, axis=0)
        return jnp.logaddexp(kept, jnp.log(self.xi / logits.shape[0]))

    def update(self, state: _State, event: Event) -> _State:
        return state
