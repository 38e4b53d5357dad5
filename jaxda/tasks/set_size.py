"""Stimuli to learn by heart, two to six at a time (Collins & Frank 2012)."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..keys import fold_name
from ..types import Env, Offer, Outcome
from ._base import AbstractTask, trial_outcome
from ._checks import count, one_of


_MOST, _ACTIONS = 6, 3


class _Plan(eqx.Module):
    stimulus: Int[Array, "..."]
    correct: Int[Array, "..."]
    size: Int[Array, "..."]
    fresh: Bool[Array, "..."]


class SetSize(AbstractTask[None, _Plan]):
    """Blocks of `sizes` new stimuli, each shown `repeats` times in random order.

    One of three actions is right for each stimulus, drawn anew in each block, and pays 1 every
    time; the others pay 0. Item 3 * stimulus + a is action a for a stimulus; the cue is the
    stimulus, `context` the number of stimuli of the block, and `fresh` marks its first trial.
    `order` of the blocks is "random" or as "given". Asked for more trials, a session goes on with
    the same sizes. Experiments differ in the number of repeats (9 to 15) and some stop a block
    at a criterion, which is left out.
    """

    kind: ClassVar = "set_size"
    n_draws: ClassVar = 0
    source: ClassVar = (
        "Collins & Frank 2012, Eur. J. Neurosci. 35:1024; Collins et al. 2014, J. Neurosci. "
        "34:13747"
    )

    sizes: tuple[int, ...] = eqx.field(
        static=True, default=(2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6, 6), converter=tuple
    )
    repeats: int = eqx.field(static=True, default=12)
    order: Literal["random", "given"] = eqx.field(static=True, default="random")

    def __check_init__(self):
        if not self.sizes:
            raise ValueError("sizes is empty; it has a number of stimuli for each block.")
        for size in self.sizes:
            count("each of sizes", size, 1)
        if max(self.sizes) > _MOST:
            raise ValueError(f"sizes has {max(self.sizes)}; a block has at most {_MOST} stimuli.")
        count("repeats", self.repeats, 1)
        one_of("order", self.order, ("random", "given"))

    @property
    def env(self) -> Env:
        return Env(n_cues=_MOST, n_items=_MOST * _ACTIONS, n_actions=_ACTIONS)

    @property
    def events_per_trial(self) -> int:
        return 1

    @property
    def n_events(self) -> int:
        """Trials of all blocks."""
        return sum(self.sizes) * self.repeats

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        sizes = self._sizes(fold_name(key, "order"), -(-n_events // self.n_events))
        # Below 1 by more than rounding, so that no place is past the last.
        draws = jr.uniform(fold_name(key, "stimulus"), (n_events,), maxval=1 - 1e-6)
        none = jnp.zeros((), int)

        def trial(carry: Any, draw: Float[Array, ""]) -> tuple[Any, _Plan]:
            # One scalar per stimulus: each becomes a vector over sessions.
            block, size, left, correct = carry
            fresh = sum(left, none) == 0
            size = jnp.where(fresh, _among(sizes, block), size)
            left = [jnp.where(fresh & (s < size), self.repeats, n) for s, n in enumerate(left)]
            # Drawn from the trials that are left, every order is as likely; the rest of the draw
            # is the action that is right for a stimulus seen for the first time.
            place = draw * sum(left, none).astype(float)
            action = ((place - jnp.floor(place)) * _ACTIONS).astype(int)
            stimulus, below = none, none
            for n in left[:-1]:
                below = below + n
                stimulus = stimulus + (place >= below.astype(float)).astype(int)
            shown = [stimulus == s for s in range(_MOST)]
            first = [here & (n == self.repeats) for here, n in zip(shown, left, strict=True)]
            correct = [jnp.where(f, action, c) for f, c in zip(first, correct, strict=True)]
            left = [n - here.astype(int) for here, n in zip(shown, left, strict=True)]
            right = _among(correct, stimulus)
            carry = block + fresh.astype(int), size, tuple(left), tuple(correct)
            return carry, _Plan(stimulus, right, size, fresh)

        start = (none, none, (none,) * _MOST, (none,) * _MOST)
        return jax.lax.scan(trial, start, draws)[1]

    def init(self) -> None:
        return None

    def offer(self, world: None, plan: _Plan) -> Offer:
        return Offer(
            cue=plan.stimulus,
            options=_ACTIONS * plan.stimulus + jnp.arange(_ACTIONS),
            onset=jnp.ones((), bool),
            fresh=plan.fresh,
            context=plan.size,
        )

    def truth(self, world: None, plan: _Plan) -> dict[str, Array]:
        """`correct`: the action that pays."""
        return {"correct": plan.correct}

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        return None, trial_outcome((action == plan.correct).astype(float))

    def _sizes(self, key: PRNGKeyArray, times: int) -> Int[Array, " blocks"]:
        """Sizes of the blocks, all of `sizes` as often as asked."""
        given = jnp.asarray(self.sizes, dtype=int)
        if self.order == "given":
            return jnp.tile(given, times)
        shuffled = lambda time: jr.permutation(jr.fold_in(key, time), given)
        return jax.vmap(shuffled)(jnp.arange(times)).reshape(-1)


def _among(values: Sequence[Int[Array, ""]] | Int[Array, " n"], index: Int[Array, ""]) -> Array:
    """`values[index]`, spelt out: a gather would take sessions one by one."""
    return sum((jnp.where(index == i, v, 0) for i, v in enumerate(values)), jnp.zeros((), int))
