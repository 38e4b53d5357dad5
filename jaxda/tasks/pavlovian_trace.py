"""Pavlovian conditioning in time bins: a cue, a delay, a reward that is sometimes left out."""

import math
from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..keys import fold_name
from ..types import Env, Offer, Outcome
from ._base import AbstractTask
from ._checks import count, one_of
from ._trials import check_trials, draw_trials


class _Plan(eqx.Module):
    """Trial by bin: `bin` counts from the last bin of the interval, 0; below are earlier ones."""

    bin: Int[Array, "..."]
    onset: Bool[Array, "..."]
    rewarded: Bool[Array, "..."]
    cued: Bool[Array, "..."]
    early: Bool[Array, "..."]


class PavlovianTrace(AbstractTask[None, _Plan]):
    """Each trial enters the states 1 (the cue comes on), 2, ... up to the reward and beyond.

    One event per transition, in bins of `dt` seconds. A trial begins in state 0, the interval
    before the cue; its last bin leads to state 1, the cue. The reward is due on leaving state
    `delay` + 1, `delay` bins after the cue's own; then `tail` more states follow.

    With `iti` = 1 every interval is one bin and a trial is an episode: nothing comes after its
    end. Otherwise intervals last `iti` bins, exactly ("fixed") or on average with the same
    hazard 1 / `iti` in each ("geometric"), and trials follow one another without end
    (`terminal` is never set): the last state leads to the next interval.

    A fraction `omission` of trials goes without reward. In a fraction `unpredicted` there is no
    cue: the interval lasts on, and the reward comes when it would have been due. In a fraction
    `early_rate` the reward comes `early` bins too soon; what was expected after it stays
    expected, unless `reset`: then the reward leads back to the interval.

    Trials of one bin's interval are cheap; an experiment has long ones, which tell a model how
    rare rewards are: `iti` = 65 (13 s on average) with `unpredicted` = 0.05 to 0.1, and 2 s from
    the cue to the reward as by default (Starkweather et al. 2017; Dabney et al. 2020).
    """

    kind: ClassVar = "pavlovian"
    n_draws: ClassVar = 0
    source: ClassVar = "Schultz, Dayan & Montague 1997, Science 275:1593"

    delay: int = eqx.field(static=True, default=10)
    dt: float = eqx.field(static=True, default=0.2)
    omission: float = eqx.field(static=True, default=0.1)
    reward: float = eqx.field(static=True, default=1.0)
    iti: int = eqx.field(static=True, default=1)
    interval: Literal["geometric", "fixed"] = eqx.field(static=True, default="geometric")
    tail: int = eqx.field(static=True, default=0)
    unpredicted: float = eqx.field(static=True, default=0.0)
    early: int = eqx.field(static=True, default=0)
    early_rate: float = eqx.field(static=True, default=0.0)
    reset: bool = eqx.field(static=True, default=False)

    def __check_init__(self):
        check_trials(
            self.delay,
            self.dt,
            self.omission,
            self.reward,
            self.tail,
            self.unpredicted,
            self.early,
            self.early_rate,
        )
        count("iti", self.iti, 1)
        one_of("interval", self.interval, ("geometric", "fixed"))

    @property
    def _line(self) -> int:
        """States of a trial besides the interval."""
        return self.delay + 1 + self.tail

    @property
    def env(self) -> Env:
        n_cues = 1 + self._line
        stimuli = tuple(0 if state == 1 else -1 for state in range(n_cues))
        return Env(n_cues=n_cues, n_items=1, n_actions=1, acts=False, stimuli=stimuli)

    @property
    def events_per_trial(self) -> int | None:
        if self.iti > 1 and self.interval == "geometric":
            return None
        return self.iti + self._line

    def events_for(self, n_trials: int) -> int:
        if self.events_per_trial is not None:
            return n_trials * self.events_per_trial
        # Geometric intervals: their mean, six standard deviations and a longest one more.
        intervals = (n_trials + 6 * math.sqrt(n_trials) + 12) * self.iti
        return n_trials * self._line + math.ceil(intervals)

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        # Intervals have a bin at least, so that these trials are enough.
        n_trials = -(-n_events // (self.events_per_trial or 1 + self._line))
        trials = draw_trials(key, n_trials, self.omission, self.unpredicted, self.early_rate)
        event = jnp.arange(n_events)
        if self.events_per_trial is not None:
            trial, at = event // self.events_per_trial, event % self.events_per_trial
            interval = jnp.full((n_trials,), self.iti)
        else:
            u = jr.uniform(fold_name(key, "interval"), (n_trials,))
            interval = 1 + jnp.floor(jnp.log1p(-u) / math.log1p(-1 / self.iti)).astype(int)
            lengths = interval + self._line
            trial = jnp.repeat(jnp.arange(n_trials), lengths, total_repeat_length=n_events)
            at = event - (jnp.cumsum(lengths) - lengths)[trial]
        return _Plan(
            bin=at + 1 - interval[trial],
            onset=at == 0,
            rewarded=trials.rewarded[trial],
            cued=trials.cued[trial],
            early=trials.early[trial],
        )

    def init(self) -> None:
        return None

    def _due(self, plan: _Plan) -> Int[Array, "*lanes"]:
        """The bin at whose end the reward comes."""
        return self.delay + 1 - jnp.where(plan.early, self.early, 0)

    def _state(self, plan: _Plan, bins_later: int) -> Int[Array, "*lanes"]:
        """The state in which the trial is now or will be."""
        at = plan.bin + bins_later
        out = ~plan.cued
        if self.reset:
            out = out | (plan.early & (at > self._due(plan)))
        return jnp.where(out, 0, jnp.maximum(at, 0))

    def offer(self, world: None, plan: _Plan) -> Offer:
        return Offer(self._state(plan, 0), None, plan.onset)

    def truth(self, world: None, plan: _Plan) -> dict[str, Array]:
        """Of what sort the trial is: `rewarded`, `cued`, `early`."""
        return {"rewarded": plan.rewarded, "cued": plan.cued, "early": plan.early}

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        last = plan.bin == self._line
        yes = jnp.ones((), bool)
        return None, Outcome(
            reward=jnp.where((plan.bin == self._due(plan)) & plan.rewarded, self.reward, 0.0),
            successor=jnp.where(last, 0, self._state(plan, 1)),
            terminal=last if self.iti == 1 else ~yes,
            feedback=yes,
            elapsed=jnp.full((), self.dt),
            valid=yes,
        )
