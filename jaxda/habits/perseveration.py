"""Perseveration: the last item taken is more (or less) likely to be taken again."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import REAL
from ..params import param
from ..priors import Normal
from ..types import Env, Event, Offer, offered
from ._base import AbstractHabit


class _State(eqx.Module):
    last: Float[Array, "items *lanes"]


class Perseveration(AbstractHabit[_State]):
    """Adds kappa to the logit of the item taken on the last choice of the session.

    Leaving it out makes alpha_pos > alpha_neg appear where there is none (Katahira 2018).
    """

    free: ClassVar = ("kappa",)
    source: ClassVar = "Lau & Glimcher 2005, J. Exp. Anal. Behav. 84:555"

    kappa: Float[Array, ""] = param(
        REAL,
        0.0,
        prior=Normal(0.0, 1.0),
        role="perseveration",
        doc="Bonus of the last item, logits.",
    )

    def init(self, env: Env) -> _State:
        return _State(jnp.zeros((env.n_items,)))

    def bias(
        self, state: _State, offer: Offer, logits: Float[Array, "actions *lanes"]
    ) -> Float[Array, "actions *lanes"]:
        return logits + self.kappa * offered(state.last, offer.options)

    def update(self, state: _State, event: Event) -> _State:
        return _State(event.chosen(state.last.shape[0]))
