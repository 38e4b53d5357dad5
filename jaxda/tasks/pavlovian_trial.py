"""Pavlovian conditioning with a whole trial in one event."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome
from ._base import AbstractTask
from ._trials import check_trials, draw_trials


class _Plan(eqx.Module):
    rewarded: Bool[Array, "..."]
    cued: Bool[Array, "..."]
    early: Bool[Array, "..."]


class PavlovianTrial(AbstractTask[None, _Plan]):
    """The trials of `pavlovian_trace`, in the same order, told as one event each.

    `elapsed` is when the reward was due, in seconds since the cue: `delay` + 1 bins of `dt`,
    `early` bins less where it comes early. The line of states has `n_cues` bins, of which the
    first is the interval and `tail` follow the reward. Cue 1 has come on, cue 0 has not: a
    fraction `unpredicted` of trials is a reward out of the blue. In a fraction `omission` the
    reward is left out.
    """

    kind: ClassVar = "pavlovian_trial"
    n_draws: ClassVar = 0
    source: ClassVar = "Schultz, Dayan & Montague 1997, Science 275:1593"

    delay: int = eqx.field(static=True, default=10)
    dt: float = eqx.field(static=True, default=0.2)
    omission: float = eqx.field(static=True, default=0.1)
    reward: float = eqx.field(static=True, default=1.0)
    tail: int = eqx.field(static=True, default=0)
    unpredicted: float = eqx.field(static=True, default=0.0)
    early: int = eqx.field(static=True, default=0)
    early_rate: float = eqx.field(static=True, default=0.0)

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

    @property
    def env(self) -> Env:
        return Env(n_cues=self.delay + 2 + self.tail, n_items=1, n_actions=1, acts=False)

    @property
    def events_per_trial(self) -> int:
        return 1

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        return _Plan(*draw_trials(key, n_events, self.omission, self.unpredicted, self.early_rate))

    def init(self) -> None:
        return None

    def offer(self, world: None, plan: _Plan) -> Offer:
        return Offer(plan.cued.astype(int), None, jnp.ones((), bool))

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        bins = self.delay + 1 - jnp.where(plan.early, self.early, 0)
        yes = jnp.ones((), bool)
        return None, Outcome(
            reward=jnp.where(plan.rewarded, self.reward, 0.0),
            successor=jnp.zeros((), int),
            terminal=yes,
            feedback=yes,
            elapsed=bins.astype(float) * self.dt,
            valid=yes,
        )
