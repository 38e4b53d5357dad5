"""An error for every feature of the world, whose sum is the scalar error (Lee et al. 2024)."""

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import REAL, UNIT
from ..params import param
from ..priors import Beta, Normal
from ..types import Env, Event, Offer, Policy, dot, encoded
from ._base import AbstractModel


class _State(eqx.Module):
    weight: Float[Array, "features *lanes"]
    table: tuple[tuple[float, ...], ...] = eqx.field(static=True)


class FeatureRPE(AbstractModel[_State]):
    """Linear TD(0) whose error is broadcast in parts, one channel for each feature.

    V = sum_k w_k phi_k;  delta_k = r / F + gamma w_k phi'_k - w_k phi_k for F features, with
    phi' = 0 past the end of a trial; sum_k delta_k = r + gamma V' - V exactly. So channels
    differ at a cue, where each sees the worth of its own feature, and agree on a reward that
    nothing predicted. With `learning` "sum" every weight learns from the sum of what arrived,
    w_k += alpha phi_k sum_j delta_j: intact, this is TD(0) with linear features. With "local"
    it learns from its own channel, w_k += alpha phi_k delta_k: another fixed point (a feature
    earns r / F whatever the others predict, and nothing blocks), which the paper does not
    claim; a variant to compare with. Damage to one channel is a damage to the sum.
    """

    tasks: ClassVar = ("sequence", "conditioning")
    free: ClassVar = ("alpha",)
    source: ClassVar = "Lee, Sagiv, Engelhard, Witten & Daw 2024, Nat. Neurosci. 27:1574"
    caution: ClassVar = (
        "That the reward is split into equal parts r / F is the simplest choice that makes the "
        "channels add up; the split of the paper was not confirmed."
    )

    alpha: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="learning_rate", doc="Learning rate."
    )
    gamma: Float[Array, ""] = param(
        UNIT, 0.95, prior=Beta(20.0, 1.0), role="discount", doc="Discount per event."
    )
    w0: Float[Array, ""] = param(
        REAL, 0.0, prior=Normal(0.0, 1.0), doc="Initial weight of every feature."
    )
    learning: Literal["sum", "local"] = eqx.field(static=True, default="sum")

    def __check_init__(self):
        if self.learning not in ("sum", "local"):
            raise ValueError(f"learning is {self.learning!r}; it is 'sum' or 'local'.")

    def init(self, env: Env) -> _State:
        table = env.feature_table
        return _State(weight=jnp.full((len(table[0]),), self.w0), table=table)

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(jnp.zeros((1, *offer.cue.shape)))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        here = encoded(state.table, event.cue)
        there = jnp.where(event.terminal, 0.0, encoded(state.table, event.successor))
        share = event.reward / state.weight.shape[0]
        return share + state.weight * (self.gamma * there - here)

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        here = encoded(state.table, event.cue)
        taught = jnp.sum(dopamine, axis=0) if self.learning == "sum" else dopamine
        return _State(weight=state.weight + self.alpha * taught * here, table=state.table)

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"value": dot(state.weight, encoded(state.table, offer.cue)), "weight": state.weight}
