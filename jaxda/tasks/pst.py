"""Probabilistic selection task: three trained pairs, then every pair without feedback."""

import itertools
from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..keys import fold_name
from ..types import Env, Offer, Outcome, offered, pick
from ._base import AbstractTask, trial_outcome
from ._checks import count, one_of


# Items A to F are 0 to 5, and these are how often each pays.
_P = (0.8, 0.2, 0.7, 0.3, 0.6, 0.4)
_TRAINED = ((0, 1), (2, 3), (4, 5))
_PAIRS = _TRAINED + tuple(p for p in itertools.combinations(range(6), 2) if p not in _TRAINED)
_PER_PAIR = 20


def _block() -> np.ndarray:
    """One block of training: rows (pair, is the second item on the first side, which pays)."""
    rows = []
    for pair, (good, _) in enumerate(_TRAINED):
        often = round(_P[good] * _PER_PAIR)
        # Sides are balanced among the trials that pay the good item, and among the others.
        rows += [(pair, i % 2, int(i >= often)) for i in range(_PER_PAIR)]
    return np.array(rows)


class _Plan(eqx.Module):
    cue: Int[Array, "..."]
    options: Int[Array, "..."]
    pays: Bool[Array, "..."]
    shown: Bool[Array, "..."]


class PST(AbstractTask[None, _Plan]):
    """`blocks` of 60 trials with the pairs AB, CD and EF, then all 15 pairs `repeats` times.

    The items pay 1 with probabilities .8 .2 .7 .3 .6 .4. With `feedback` "fixed" each block
    has exactly 16 trials where A pays and B does not and 4 where B pays and A does not (14
    and 6 for CD, 12 and 8 for EF), in random order with balanced sides; with "bernoulli" each
    item pays independently. The test shows no feedback; asked for more events, it goes on.
    Cues are pairs: 0, 1, 2 those that are trained. The criterion at which some laboratories
    stop training early is left out.
    """

    kind: ClassVar = "choice"
    n_draws: ClassVar = 0
    source: ClassVar = "Frank, Seeberger & O'Reilly 2004, Science 306:1940"

    blocks: int = eqx.field(static=True, default=6)
    repeats: int = eqx.field(static=True, default=6)
    feedback: Literal["fixed", "bernoulli"] = eqx.field(static=True, default="fixed")

    def __check_init__(self):
        count("blocks", self.blocks, 0)
        count("repeats", self.repeats, 1)
        one_of("feedback", self.feedback, ("fixed", "bernoulli"))

    @property
    def env(self) -> Env:
        return Env(n_cues=len(_PAIRS), n_items=len(_P), n_actions=2)

    @property
    def events_per_trial(self) -> int:
        return 1

    @property
    def n_training(self) -> int:
        """Events before the test."""
        return self.blocks * len(_TRAINED) * _PER_PAIR

    @property
    def n_events(self) -> int:
        """Events of training and test."""
        return self.n_training + len(_PAIRS) * self.repeats

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        training = self._rows(fold_name(key, "training"), _block(), self.n_training)
        beyond = max(n_events - self.n_training, len(_PAIRS) * self.repeats)
        sides = np.arange(len(_PAIRS) * self.repeats) // len(_PAIRS) % 2
        pairs = np.arange(len(_PAIRS) * self.repeats) % len(_PAIRS)
        table = np.stack([pairs, sides, np.zeros_like(sides)], axis=1)
        test = self._rows(fold_name(key, "test"), table, beyond)
        # With an odd number of repeats one side of each pair gets one more.
        pair, side = test[:, 0], test[:, 1]
        first = jr.bernoulli(fold_name(key, "side"), shape=(len(_PAIRS),)).astype(int)
        test = test.at[:, 1].set((side + first[pair]) % 2)

        rows = jnp.concatenate([training, test])[:n_events]
        pair, swapped, second = rows[:, 0], rows[:, 1:2] == 1, rows[:, 2:] == 1
        items = jnp.asarray(_PAIRS, dtype=int)[pair]
        if self.feedback == "fixed":
            pays = second == jnp.asarray([[False, True]])
        else:
            p = jnp.asarray(_P, dtype=float)[items]
            pays = jr.uniform(fold_name(key, "payment"), (n_events, 2)) < p
        place = lambda x: jnp.where(swapped, x[:, ::-1], x)
        return _Plan(
            cue=pair,
            options=place(items),
            pays=place(pays),
            shown=jnp.arange(n_events) < self.n_training,
        )

    def init(self) -> None:
        return None

    def offer(self, world: None, plan: _Plan) -> Offer:
        return Offer(plan.cue, plan.options, jnp.ones((), bool))

    def truth(self, world: None, plan: _Plan) -> dict[str, Array]:
        """`p [2]`: how likely each side is to pay, in training; `pays [2]`: whether it does now.

        `phase` is 0 in training and 1 in the test, where nothing is paid.
        """
        p = offered(jnp.asarray(_P, dtype=float), plan.options)
        return {"p": p, "pays": plan.pays, "phase": (~plan.shown).astype(int)}

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        reward = pick(plan.pays.astype(float), action)
        return None, trial_outcome(jnp.where(plan.shown, reward, 0.0), plan.shown)

    def _rows(self, key: PRNGKeyArray, table: np.ndarray, n_rows: int) -> Int[Array, "rows 3"]:
        """`table` over and over, each time in an order of its own, `n_rows` in all."""
        times = jnp.arange(-(-n_rows // len(table)))
        order = lambda time: jr.permutation(jr.fold_in(key, time), jnp.asarray(table, dtype=int))
        return jax.vmap(order)(times).reshape(-1, 3)[:n_rows]
