"""Pavlovian conditioning in time bins: a cue, a delay, a reward that is sometimes left out."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome
from ._base import AbstractTask
from ._checks import above, between, count, finite


class _Plan(eqx.Module):
    bin: Int[Array, "..."]
    rewarded: Bool[Array, "..."]


class PavlovianTrace(AbstractTask[None, _Plan]):
    """Each trial enters the states 1 (the cue comes on), 2, ... and ends with the reward.

    One event per transition. The first leaves state 0, the interval before the cue; the cue
    is state 1; the last leaves state `delay` + 1, at whose end, `delay` bins after the cue's
    own, the reward is due. Bins last `dt` seconds. A fraction `omission` of trials goes
    without reward. The interval between trials is one bin: nothing is learned in it.
    """

    kind: ClassVar = "pavlovian"
    n_draws: ClassVar = 0
    source: ClassVar = "Schultz, Dayan & Montague 1997, Science 275:1593"

    delay: int = eqx.field(static=True, default=10)
    dt: float = eqx.field(static=True, default=0.2)
    omission: float = eqx.field(static=True, default=0.1)
    reward: float = eqx.field(static=True, default=1.0)

    def __check_init__(self):
        count("delay", self.delay, 0)
        above("dt", self.dt, 0)
        between("omission", self.omission, 0, 1)
        finite("reward", self.reward)

    @property
    def env(self) -> Env:
        return Env(n_cues=self.delay + 2, n_items=1, n_actions=1, acts=False)

    @property
    def events_per_trial(self) -> int:
        return self.delay + 2

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        event, bins = jnp.arange(n_events), self.events_per_trial
        rewarded = jr.uniform(key, (-(-n_events // bins),)) >= self.omission
        return _Plan(bin=event % bins, rewarded=jnp.repeat(rewarded, bins)[:n_events])

    def init(self) -> None:
        return None

    def offer(self, world: None, plan: _Plan) -> Offer:
        return Offer(plan.bin, None, plan.bin == 0)

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        last = plan.bin == self.delay + 1
        yes = jnp.ones((), bool)
        return None, Outcome(
            reward=jnp.where(last & plan.rewarded, self.reward, 0.0),
            successor=jnp.where(last, 0, plan.bin + 1),
            terminal=last,
            feedback=yes,
            elapsed=jnp.full((), self.dt),
            valid=yes,
        )
