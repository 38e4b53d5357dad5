"""Probabilistic selection task: three trained pairs, then every pair without feedback."""

import dataclasses
import itertools
from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..keys import fold_name
from ..types import Env, Offer, Outcome, offered, one_hot, pick, taken
from ._base import AbstractTask, trial_outcome
from ._checks import between, count, one_of


# Items A to F are 0 to 5, and these are how often each pays.
_P = (0.8, 0.2, 0.7, 0.3, 0.6, 0.4)
_TRAINED = ((0, 1), (2, 3), (4, 5))
_PAIRS = _TRAINED + tuple(p for p in itertools.combinations(range(6), 2) if p not in _TRAINED)
_PER_PAIR = 20
_BLOCK = len(_TRAINED) * _PER_PAIR


def _block() -> np.ndarray:
    """One block of training: rows (pair, is the second item on the first side, which pays)."""
    rows = []
    for pair, (good, _) in enumerate(_TRAINED):
        often = round(_P[good] * _PER_PAIR)
        # Sides are balanced among the trials that pay the good item, and among the others.
        rows += [(pair, i % 2, int(i >= often)) for i in range(_PER_PAIR)]
    return np.array(rows)


class _Early(eqx.Module):
    """The trial of the test that it is if training stopped after block 1, 2, ... but the last."""

    event: Int[Array, "..."]
    cue: Int[Array, "blocks ..."]
    first: Int[Array, "blocks ..."]
    second: Int[Array, "blocks ..."]


class _Plan(eqx.Module):
    """Trials as they are if training is not stopped; `early` where it can be."""

    cue: Int[Array, "..."]
    options: Int[Array, "..."]
    pays: Bool[Array, "..."]
    shown: Bool[Array, "..."]
    early: _Early | None


class _World(eqx.Module):
    # Blocks of training, as many as there can be until a block is good enough; and how often
    # the better item of each pair was chosen in this block.
    trained: Int[Array, "..."]
    right: Float[Array, "pairs ..."]


class PST(AbstractTask[_World | None, _Plan]):
    """Blocks of 60 trials with the pairs AB, CD and EF, then all 15 pairs `repeats` times.

    The items pay 1 with probabilities .8 .2 .7 .3 .6 .4. With `feedback` "fixed" each block
    has exactly 16 trials where A pays and B does not and 4 where B pays and A does not (14
    and 6 for CD, 12 and 8 for EF), in random order with balanced sides; with "bernoulli" each
    item pays independently. The test shows no feedback. Cues are pairs: 0, 1, 2 those that are
    trained.

    Training ends with the first block in which the better item of AB, CD and EF was chosen in
    these shares of trials (`criterion`), at the latest after `blocks`; the test follows at once,
    and what comes after it is not valid. Publications differ in the share for EF, .40 to .50.
    Without a criterion, `()`, everybody has all the blocks, and the test goes on for as long as
    events are asked for.
    """

    kind: ClassVar = "choice"
    n_draws: ClassVar = 0
    source: ClassVar = "Frank, Seeberger & O'Reilly 2004, Science 306:1940"

    blocks: int = eqx.field(static=True, default=6)
    repeats: int = eqx.field(static=True, default=6)
    feedback: Literal["fixed", "bernoulli"] = eqx.field(static=True, default="fixed")
    criterion: tuple[float, ...] = eqx.field(static=True, default=(0.65, 0.6, 0.5), converter=tuple)

    def __check_init__(self):
        count("blocks", self.blocks, 0)
        count("repeats", self.repeats, 1)
        one_of("feedback", self.feedback, ("fixed", "bernoulli"))
        if len(self.criterion) not in (0, len(_TRAINED)):
            raise ValueError(
                f"criterion has {len(self.criterion)} numbers; it has a share for each of the "
                "pairs AB, CD and EF, or none at all."
            )
        for share in self.criterion:
            between("each of criterion", share, 0, 1)

    @property
    def env(self) -> Env:
        return Env(n_cues=len(_PAIRS), n_items=len(_P), n_actions=2)

    @property
    def events_per_trial(self) -> int:
        return 1

    @property
    def n_training(self) -> int:
        """Events before the test, at most."""
        return self.blocks * _BLOCK

    @property
    def n_test(self) -> int:
        """Events of the test."""
        return len(_PAIRS) * self.repeats

    @property
    def n_events(self) -> int:
        """Events of training and test, at most."""
        return self.n_training + self.n_test

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        training = self._rows(fold_name(key, "training"), _block(), self.n_training)
        beyond = max(n_events - self.n_training, self.n_test)
        sides = np.arange(self.n_test) // len(_PAIRS) % 2
        pairs = np.arange(self.n_test) % len(_PAIRS)
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
            early=self._early(test, n_events) if self.criterion else None,
        )

    def _early(self, test: Int[Array, "rows 3"], n_events: int) -> _Early:
        """What each event is when training stops early, from the rows of the test."""
        event = jnp.arange(n_events)
        # One stop at least: an array without elements has no lanes.
        stops = _BLOCK * jnp.arange(1, max(self.blocks, 2))
        row = test[jnp.clip(event[:, None] - stops, 0, self.n_test - 1)]
        items = jnp.asarray(_PAIRS, dtype=int)[row[..., 0]]
        swapped = row[..., 1] == 1
        return _Early(
            event=event,
            cue=row[..., 0],
            first=jnp.where(swapped, items[..., 1], items[..., 0]),
            second=jnp.where(swapped, items[..., 0], items[..., 1]),
        )

    def init(self) -> _World | None:
        if not self.criterion:
            return None
        return _World(jnp.asarray(self.blocks, int), jnp.zeros((len(_TRAINED),)))

    def _shown(self, world: _World | None, plan: _Plan) -> Bool[Array, "*lanes"]:
        """Whether this is training."""
        if world is None or plan.early is None:
            return plan.shown
        return plan.early.event < _BLOCK * world.trained

    def offer(self, world: _World | None, plan: _Plan) -> Offer:
        cue, options = plan.cue, plan.options
        if world is not None and plan.early is not None:
            early = ~self._shown(world, plan) & (world.trained < self.blocks)
            stop = world.trained - 1
            cue = jnp.where(early, _at(plan.early.cue, stop), cue)
            there = jnp.stack([_at(plan.early.first, stop), _at(plan.early.second, stop)])
            options = jnp.where(early, there, options)
        return Offer(cue, options, jnp.ones((), bool))

    def truth(self, world: _World | None, plan: _Plan) -> dict[str, Array]:
        """`p [2]`: how likely each side is to pay, in training; `pays [2]`: whether it does now.

        `phase` is 0 in training and 1 in the test, where nothing is paid.
        """
        shown, options = self._shown(world, plan), self.offer(world, plan).options
        return {
            "p": offered(jnp.asarray(_P, dtype=float), options),
            "pays": plan.pays & shown,
            "phase": (~shown).astype(int),
        }

    def outcome(
        self,
        world: _World | None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[_World | None, Outcome]:
        shown = self._shown(world, plan)
        reward = pick(plan.pays.astype(float), action)
        out = trial_outcome(jnp.where(shown, reward, 0.0), shown)
        if world is None or plan.early is None:
            return world, out
        event = plan.early.event
        better = taken(offer.options, action) % 2 == 0
        right = world.right + one_hot(offer.cue, len(_TRAINED)) * better.astype(float)
        # Counts are exact; the margin is for a share such as .65 of 20.
        least = jnp.asarray(self.criterion, dtype=float) * _PER_PAIR - 1e-6
        ends = shown & (event % _BLOCK == _BLOCK - 1)
        stops = ends & jnp.all(right >= least, axis=0)
        trained = jnp.where(stops, event // _BLOCK + 1, world.trained)
        out = dataclasses.replace(out, valid=event < _BLOCK * world.trained + self.n_test)
        return _World(trained, jnp.where(ends, 0.0, right)), out

    def _rows(self, key: PRNGKeyArray, table: np.ndarray, n_rows: int) -> Int[Array, "rows 3"]:
        """`table` over and over, each time in an order of its own, `n_rows` in all."""
        times = jnp.arange(-(-n_rows // len(table)))
        order = lambda time: jr.permutation(jr.fold_in(key, time), jnp.asarray(table, dtype=int))
        return jax.vmap(order)(times).reshape(-1, 3)[:n_rows]


def _at(values: Int[Array, "size *lanes"], index: Int[Array, "*lanes"]) -> Int[Array, "*lanes"]:
    """`values[index]`, spelt out: a gather would take sessions one by one."""
    return sum((jnp.where(index == i, v, 0) for i, v in enumerate(values)), jnp.zeros((), int))
