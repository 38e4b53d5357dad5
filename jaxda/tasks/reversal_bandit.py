"""Two-armed bandit whose better arm reverses."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome
from ._base import AbstractTask, single_choice, trial_outcome
from ._checks import between, count, finite


class _Plan(eqx.Module):
    good: Int[Array, "..."]


class ReversalBandit(AbstractTask[None, _Plan]):
    """The good arm pays with `p_high`, the other with `p_low`; now and then they swap.

    They swap every `period` trials, or with `period` 0 before each trial with probability
    `hazard`. Which arm is good first is random. The reward is `outcomes[1]` or `outcomes[0]`.
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

    def init(self) -> None:
        return None

    def offer(self, world: None, plan: _Plan) -> Offer:
        return single_choice()

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        win = draws[0] < jnp.where(action == plan.good, self.p_high, self.p_low)
        return None, trial_outcome(jnp.where(win, self.outcomes[1], self.outcomes[0]))
