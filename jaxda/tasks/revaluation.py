"""Two chains of states whose rewards, or whose paths, change out of sight of their starts."""

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome
from ._base import AbstractTask
from ._checks import count, finite, one_of
from ._orders import Design, length, phase_of, shuffled


# States 1 -> 3 -> 5 and 2 -> 4 -> 6, and crossed 1 -> 3 -> 6 and 2 -> 4 -> 5. State 0 is the
# interval before a trial; relearning begins half way.
_TRAINING = ((0, 1, 3, 5), (0, 2, 4, 6))
_CROSSED = ((0, 1, 3, 6), (0, 2, 4, 5))
_LENGTH = 4


class _Plan(eqx.Module):
    phase: Int[Array, "..."]
    state: Int[Array, "..."]
    successor: Int[Array, "..."]
    reward: Float[Array, "..."]
    shown: Bool[Array, "..."]
    place: Int[Array, "..."]


class Revaluation(AbstractTask[None, _Plan]):
    """What is a start worth when what comes much later has changed?

    Training: the chains 1 -> 3 -> 5 and 2 -> 4 -> 6, whose ends pay `rewards`, so many
    `training` trials each. Relearning: `relearning` trials each that begin at 3 and at 4;
    with `change` "reward" the ends 5 and 6 now pay `revalued`, with "transition" 3 leads to 6
    and 4 to 5, with "none" nothing is different. Test: whole chains as they now are, `tests`
    each, without feedback, so that nothing is learned. Chains come in random order within
    every pair of trials.

    A trial has four events, one for each state: the interval (state 0, without features) and
    the three of its chain; relearning spends two in the interval. Features are one-hot. Past
    the end the test goes on.
    """

    kind: ClassVar = "sequence"
    n_draws: ClassVar = 0
    source: ClassVar = "Momennejad et al. 2017, Nat. Hum. Behav. 1:680; Dayan 1993"

    change: Literal["none", "reward", "transition"] = eqx.field(static=True, default="reward")
    rewards: tuple[float, float] = eqx.field(static=True, default=(10.0, 1.0), converter=tuple)
    revalued: tuple[float, float] = eqx.field(static=True, default=(1.0, 10.0), converter=tuple)
    training: int = eqx.field(static=True, default=20)
    relearning: int = eqx.field(static=True, default=10)
    tests: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        one_of("change", self.change, ("none", "reward", "transition"))
        for name in ("rewards", "revalued"):
            values = getattr(self, name)
            if len(values) != 2:
                raise ValueError(f"{name} is {values}; it has a reward for each of two ends.")
            for value in values:
                finite(f"each of {name}", value)
        count("training", self.training, 1)
        count("relearning", self.relearning, 0)
        count("tests", self.tests, 1)

    @property
    def env(self) -> Env:
        features = tuple(tuple(float(i == j) for j in range(1, 7)) for i in range(7))
        return Env(n_cues=7, n_items=1, n_actions=1, acts=False, features=features)

    @property
    def events_per_trial(self) -> int:
        return _LENGTH

    @property
    def n_events(self) -> int:
        """Events of training, relearning and test."""
        return length(self._design) * _LENGTH

    @property
    def _design(self) -> Design:
        phases = (((0, 1), self.training), ((2, 3), self.relearning), ((4, 5), self.tests))
        return tuple((b, n) for b, n in phases if n)

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        n_trials = -(-n_events // _LENGTH)
        trial = shuffled(key, self._design, n_trials)
        after = _CROSSED if self.change == "transition" else _TRAINING
        cut = tuple((0, 0, *chain[2:]) for chain in after)
        states = np.array((*_TRAINING, *cut, *after))
        ends = {5: self.rewards[0], 6: self.rewards[1]}
        now = {5: self.revalued[0], 6: self.revalued[1]} if self.change == "reward" else ends
        paid = np.zeros(states.shape)
        paid[:, -1] = [(ends if i < 2 else now)[row[-1]] for i, row in enumerate(states.tolist())]
        shown = np.repeat(np.arange(6)[:, None] < 4, _LENGTH, axis=1)
        flat = lambda table, dtype: jnp.asarray(table, dtype)[trial].reshape(-1)[:n_events]
        phase = np.repeat(phase_of(self._design, n_trials), _LENGTH)[:n_events]
        return _Plan(
            phase=jnp.asarray(phase, int),
            state=flat(states, int),
            successor=flat(np.roll(states, -1, axis=1), int),
            reward=flat(paid, float),
            shown=flat(shown, bool),
            place=jnp.arange(n_events) % _LENGTH,
        )

    def init(self) -> None:
        return None

    def offer(self, world: None, plan: _Plan) -> Offer:
        return Offer(plan.state, None, plan.place == 0)

    def truth(self, world: None, plan: _Plan) -> dict[str, Array]:
        """`phase` from 0, among those that have trials; `reward`: what comes, shown or not."""
        return {"phase": plan.phase, "reward": plan.reward}

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        return None, Outcome(
            reward=plan.reward,
            successor=plan.successor,
            terminal=plan.place == _LENGTH - 1,
            feedback=plan.shown,
            elapsed=jnp.ones(()),
            valid=jnp.ones((), bool),
        )
