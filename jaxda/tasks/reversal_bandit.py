"""Two-armed bandit whose better arm reverses."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome
from ._base import AbstractTask, single_choice, trial_outcome
from ._checks import between, count, finite


class _World(eqx.Module):
    # Swaps that were earned, choices since the last one, and which of the last were right.
    swaps: Int[Array, "..."]
    since: Int[Array, "..."]
    right: Float[Array, "window *lanes"]


class _Plan(eqx.Module):
    good: Int[Array, "..."]


class ReversalBandit(AbstractTask[_World | None, _Plan]):
    """The good arm pays with `p_high`, the other with `p_low`; now and then they swap.

    They swap every `period` trials, or with `period` 0 before each trial with probability
    `hazard`. With a `criterion` they swap when that share of the last `window` choices was of
    the good arm, `window` trials after the last swap at the earliest; then the plan's `good` is
    that of an arm that never earned a swap. Which arm is good first is random. The reward is
    `outcomes[1]` or `outcomes[0]`.
    """

    kind: ClassVar = "choice"
    n_draws: ClassVar = 1
    source: ClassVar = (
        "Cools et al. 2002, J. Neurosci. 22:4563; den Ouden et al. 2013, Neuron 80:1090"
    )

    p_high: float = eqx.field(static=True, default=0.8)
    p_low: float = eqx.field(static=True, default=0.2)
    period: int = eqx.field(static=True, default=30)
    hazard: float = eqx.field(static=True, default=0.0)
    criterion: float = eqx.field(static=True, default=0.0)
    window: int = eqx.field(static=True, default=10)
    outcomes: tuple[float, float] = eqx.field(static=True, default=(0.0, 1.0), converter=tuple)

    def __check_init__(self):
        between("p_high", self.p_high, 0, 1)
        between("p_low", self.p_low, 0, 1)
        if self.p_high < self.p_low:
            raise ValueError(f"p_high is {self.p_high} and p_low is {self.p_low}: swap them.")
        count("period", self.period, 0)
        between("hazard", self.hazard, 0, 1)
        if self.period and self.hazard:
            raise ValueError(f"period is {self.period}; a hazard needs period 0.")
        between("criterion", self.criterion, 0, 1)
        count("window", self.window, 1)
        if self.criterion and (self.period or self.hazard):
            raise ValueError(f"criterion is {self.criterion}; it needs period 0 and hazard 0.")
        if len(self.outcomes) != 2:
            raise ValueError(f"outcomes is {self.outcomes}; it is the rewards of a loss and a win.")
        for outcome in self.outcomes:
            finite("each of outcomes", outcome)

    @property
    def env(self) -> Env:
        return Env(n_cues=1, n_items=2, n_actions=2)

    @property
    def events_per_trial(self) -> int:
        return 1

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        first, hazard = jr.split(key)
        start = jr.bernoulli(first).astype(int)
        if self.period:
            swaps = jnp.arange(n_events) // self.period
        else:
            swap = jr.uniform(hazard, (n_events,)) < self.hazard
            swaps = jnp.cumsum(swap.at[:1].set(False).astype(int))
        return _Plan(good=(start + swaps) % 2)

    def init(self) -> _World | None:
        if not self.criterion:
            return None
        none = jnp.zeros((), int)
        return _World(swaps=none, since=none, right=jnp.zeros((self.window,)))

    def offer(self, world: _World | None, plan: _Plan) -> Offer:
        return single_choice()

    def truth(self, world: _World | None, plan: _Plan) -> dict[str, Array]:
        """`good`: the arm that is; `p [2]`: how likely each arm is to pay `outcomes[1]`."""
        good = self._good(world, plan)
        p = [jnp.where(good == arm, self.p_high, self.p_low) for arm in range(2)]
        return {"good": good, "p": jnp.stack(p)}

    def _good(self, world: _World | None, plan: _Plan) -> Int[Array, "*lanes"]:
        return plan.good if world is None else (plan.good + world.swaps) % 2

    def outcome(
        self,
        world: _World | None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[_World | None, Outcome]:
        right = action == self._good(world, plan)
        win = draws[0] < jnp.where(right, self.p_high, self.p_low)
        out = trial_outcome(jnp.where(win, self.outcomes[1], self.outcomes[0]))
        if world is None:
            return None, out
        latest = jnp.concatenate([world.right[1:], right.astype(float)[None]])
        # Sums of ones are exact; the margin is for a share such as .7 of 10.
        enough = jnp.sum(latest) >= self.criterion * self.window - 1e-6
        swap = enough & (world.since + 1 >= self.window)
        kept = jnp.where(swap, 0, 1)
        world = _World(
            swaps=world.swaps + 1 - kept,
            since=kept * (world.since + 1),
            right=kept.astype(float) * latest,
        )
        return world, out
