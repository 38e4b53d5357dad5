"""Cues that tell how long the reward will take (Kobayashi & Schultz 2008)."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..theory.delays import in_bins
from ..types import Env, Offer, Outcome, pick
from ._base import AbstractTask
from ._checks import above, between, count, finite


class _Plan(eqx.Module):
    bin: Int[Array, "..."]
    kind: Int[Array, "..."]
    rewarded: Bool[Array, "..."]


class VariableDelay(AbstractTask[None, _Plan]):
    """Each trial draws one of the `delays` (s), shown by a cue of its own, evenly.

    One event per transition, in bins of `dt` seconds. The first leaves state 0, the interval,
    and enters the first state of the cue's own line; the reward is delivered D / dt transitions
    later, on leaving the last state of the delay, so that a learned line has gamma^(D / dt)
    at its cue. Then come `tail` more states of the line, in which traces run on, and the
    interval again until all trials have lasted the same: the longest delay and `tail`. A
    fraction `omission` of trials goes without reward.
    """

    kind: ClassVar = "pavlovian_cues"
    n_draws: ClassVar = 0
    source: ClassVar = "Kobayashi & Schultz 2008, J. Neurosci. 28:7837"

    delays: tuple[float, ...] = eqx.field(static=True, default=(2.0, 4.0, 8.0, 16.0))
    dt: float = eqx.field(static=True, default=0.2)
    tail: int = eqx.field(static=True, default=10)
    omission: float = eqx.field(static=True, default=0.0)
    reward: float = eqx.field(static=True, default=1.0)

    def __check_init__(self):
        above("dt", self.dt, 0)
        if not self.delays:
            raise ValueError("delays is empty; it holds at least one delay.")
        for delay in self.delays:
            above("delays", delay, 0)
            in_bins("delays", delay, self.dt)
        count("tail", self.tail, 0)
        between("omission", self.omission, 0, 1)
        finite("reward", self.reward)

    @property
    def bins(self) -> tuple[int, ...]:
        """Bins from each cue to its reward."""
        return tuple(in_bins("delays", delay, self.dt) for delay in self.delays)

    @property
    def first(self) -> tuple[int, ...]:
        """The state in which each cue comes on."""
        return tuple(1 + sum(n + self.tail for n in self.bins[:i]) for i in range(len(self.bins)))

    @property
    def env(self) -> Env:
        n_cues = 1 + sum(n + self.tail for n in self.bins)
        shown = tuple(self.first.index(s) if s in self.first else -1 for s in range(n_cues))
        return Env(n_cues=n_cues, n_items=1, n_actions=1, acts=False, stimuli=shown)

    @property
    def events_per_trial(self) -> int:
        return 1 + max(self.bins) + self.tail

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        per_trial = self.events_per_trial
        draws = jr.uniform(key, (-(-n_events // per_trial), 2))
        kind = jnp.minimum((draws[:, 0] * len(self.delays)).astype(int), len(self.delays) - 1)
        spread = lambda x: jnp.repeat(x, per_trial)[:n_events]
        return _Plan(
            bin=jnp.arange(n_events) % per_trial,
            kind=spread(kind),
            rewarded=spread(draws[:, 1] >= self.omission),
        )

    def init(self) -> None:
        return None

    def _state(self, at: Int[Array, "*lanes"], plan: _Plan) -> Int[Array, "*lanes"]:
        """The state in bin `at` of the trial: on the cue's line, or the interval."""
        bins, first = jnp.asarray(self.bins), jnp.asarray(self.first)
        on_line = (at > 0) & (at <= bins[plan.kind] + self.tail)
        return jnp.where(on_line, first[plan.kind] + at - 1, 0)

    def offer(self, world: None, plan: _Plan) -> Offer:
        return Offer(self._state(plan.bin, plan), None, plan.bin == 0)

    def truth(self, world: None, plan: _Plan) -> dict[str, Array]:
        """`kind`: the cue of this trial, `delay` from it to the reward (s), `rewarded` or not."""
        delay = pick(jnp.asarray(self.delays, dtype=float), plan.kind)
        return {"kind": plan.kind, "delay": delay, "rewarded": plan.rewarded}

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        last = plan.bin == self.events_per_trial - 1
        due = plan.rewarded & (plan.bin == jnp.asarray(self.bins)[plan.kind])
        yes = jnp.ones((), bool)
        return None, Outcome(
            reward=jnp.where(due, self.reward, 0.0),
            successor=jnp.where(last, 0, self._state(plan.bin + 1, plan)),
            terminal=last,
            feedback=yes,
            elapsed=jnp.full((), self.dt),
            valid=yes,
        )
