"""Associative strengths of stimuli that share one error (Rescorla & Wagner 1972)."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import REAL, UNIT
from ..params import param
from ..priors import Beta, Normal
from ..types import Env, Event, Offer, Policy, dot, encoded, lift
from ._base import AbstractModel


class _State(eqx.Module):
    weight: Float[Array, "features *lanes"]
    table: tuple[tuple[float, ...], ...] = eqx.field(static=True)


class RescorlaWagner(AbstractModel[_State]):
    """All stimuli of a trial predict its outcome together, and learn from one error.

    V = w . x;  delta = r - V;  w += alpha * S * x * delta, with x the stimuli that are there
    and S their `salience` (1 for all if empty). No outcome has a rate of its own: the beta of
    the paper is part of alpha. Predicts blocking, overshadowing, over-expectation and
    conditioned inhibition; it knows neither time within a trial nor changes of attention, so
    second-order conditioning and latent inhibition are beyond it.
    """

    tasks: ClassVar = ("conditioning", "magnitude")
    free: ClassVar = ("alpha",)
    source: ClassVar = "Rescorla & Wagner 1972, in Classical Conditioning II"

    alpha: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="learning_rate", doc="Learning rate."
    )
    w0: Float[Array, ""] = param(
        REAL, 0.0, prior=Normal(0.0, 1.0), doc="Initial strength of every stimulus."
    )
    salience: tuple[float, ...] = eqx.field(static=True, default=(), converter=tuple)

    def __check_init__(self):
        if not all(0 <= s < float("inf") for s in self.salience):
            raise ValueError(f"salience is {self.salience}; it is a number from 0 per stimulus.")

    def init(self, env: Env) -> _State:
        table = env.feature_table
        n = len(table[0])
        if self.salience and len(self.salience) != n:
            raise ValueError(
                f"salience has {len(self.salience)} numbers; the task has {n} stimuli."
            )
        return _State(weight=jnp.full((n,), self.w0), table=table)

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(jnp.zeros((1, *offer.cue.shape)))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        return (event.reward - dot(state.weight, encoded(state.table, event.cue)))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        x = encoded(state.table, event.cue)
        if self.salience:
            x = lift(jnp.asarray(self.salience, dtype=float), x) * x
        return _State(weight=state.weight + self.alpha * dopamine[0] * x, table=state.table)

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"value": dot(state.weight, encoded(state.table, offer.cue)), "weight": state.weight}
