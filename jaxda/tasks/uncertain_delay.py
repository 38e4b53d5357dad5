"""An odour, then a reward at a time that nobody knows, or none (Starkweather et al. 2017)."""

import math
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..theory.delays import check_delays, delay_law
from ..types import Env, Offer, Outcome
from ._base import AbstractTask
from ._checks import between, finite


class _Plan(eqx.Module):
    state: Int[Array, "..."]
    successor: Int[Array, "..."]
    rewarded: Bool[Array, "..."]
    onset: Bool[Array, "..."]
    # Bins from the odour to what is still to come, 0 if nothing is.
    due: Int[Array, "..."]
    omitted: Bool[Array, "..."]


class UncertainDelay(AbstractTask[None, _Plan]):
    """Time since the odour is what can be seen; whether a reward is still coming is hidden.

    One event per transition, in bins of `dt` seconds; state k is the k-th bin since the odour
    (state 1: it has just come on), state 0 the interval. The reward comes on leaving state k,
    k bins after the odour, with the probability of N(`mean`, `sd`) on `earliest` ... `latest`
    (s), and leads to the interval. A fraction `omission` of rewards is withheld at its time;
    the bins are then counted on to `latest`, after which nothing can come any more. From the
    time of the reward, withheld or not, a new odour comes with probability `iti_hazard` per
    bin, if need be while bins are still counted. A session begins with an odour, each odour
    begins a trial, and no trial ends (`terminal`): what follows is worth something.
    """

    kind: ClassVar = "pavlovian"
    n_draws: ClassVar = 0
    source: ClassVar = "Starkweather et al. 2017, Nat. Neurosci. 20:581"

    mean: float = eqx.field(static=True, default=2.0)
    sd: float = eqx.field(static=True, default=0.5)
    earliest: float = eqx.field(static=True, default=1.2)
    latest: float = eqx.field(static=True, default=2.8)
    dt: float = eqx.field(static=True, default=0.2)
    iti_hazard: float = eqx.field(static=True, default=0.015384615384615385)
    omission: float = eqx.field(static=True, default=0.0)
    reward: float = eqx.field(static=True, default=1.0)

    def __check_init__(self):
        check_delays(self.mean, self.sd, self.earliest, self.latest, self.dt)
        if not 0 < self.iti_hazard <= 1:
            raise ValueError(f"iti_hazard is {self.iti_hazard}; it lies above 0 and up to 1.")
        between("omission", self.omission, 0, 1)
        finite("reward", self.reward)

    def law(self) -> tuple[float, ...]:
        """P(reward k bins after the odour | there is one), k = 1, 2, ..."""
        return delay_law(self.mean, self.sd, self.earliest, self.latest, self.dt)

    @property
    def env(self) -> Env:
        n_cues = len(self.law()) + 1
        stimuli = tuple(0 if state == 1 else -1 for state in range(n_cues))
        return Env(n_cues=n_cues, n_items=1, n_actions=1, acts=False, stimuli=stimuli)

    @property
    def events_per_trial(self) -> None:
        return None

    def events_for(self, n_trials: int) -> int:
        # Geometric intervals: their mean, six standard deviations and a longest one more.
        intervals = (n_trials + 6 * math.sqrt(n_trials) + 12) / self.iti_hazard
        return n_trials * len(self.law()) + math.ceil(intervals)

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        law = self.law()
        cumulative = jnp.cumsum(jnp.asarray(law, float))[:-1]
        draws = jr.uniform(key, (n_events, 3))
        # The first odour is certain.
        comes = (draws[:, 0] < self.iti_hazard) | (jnp.arange(n_events) == 0)
        delay = 1 + jnp.sum(draws[:, 1, None] >= cumulative, axis=1)
        pays = draws[:, 2] >= self.omission

        def step(
            carry: tuple[Int[Array, ""], Int[Array, ""], Bool[Array, ""]],
            at: tuple[Bool[Array, ""], Int[Array, ""], Bool[Array, ""]],
        ) -> tuple[tuple[Int[Array, ""], Int[Array, ""], Bool[Array, ""]], _Plan]:
            (state, due, paid), (comes, delay, pays) = carry, at
            onset, now = comes & (due == 0), (due > 0) & (state == due)
            over = (now & paid) | (state == 0) | (state == len(law))
            successor = jnp.where(onset, 1, jnp.where(over, 0, state + 1))
            later = jnp.where(onset, delay, jnp.where(now, 0, due))
            paid_later = jnp.where(onset, pays, paid)
            ahead = jnp.where(onset, delay, due)
            withheld = (ahead > 0) & ~paid_later
            plan = _Plan(state, successor, now & paid, onset, ahead, withheld)
            return (successor, later, paid_later), plan

        nothing = jnp.zeros((), int)
        begin = (nothing, nothing, jnp.zeros((), bool))
        return jax.lax.scan(step, begin, (comes, delay, pays))[1]

    def init(self) -> None:
        return None

    def offer(self, world: None, plan: _Plan) -> Offer:
        return Offer(plan.state, None, plan.onset)

    def truth(self, world: None, plan: _Plan) -> dict[str, Array]:
        """`delay` (s) from the odour to the reward whose time is still to come, 0 if there is none.

        `omitted` says that this reward is going to be withheld.
        """
        return {"delay": plan.due.astype(float) * self.dt, "omitted": plan.omitted}

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        yes = jnp.ones((), bool)
        return None, Outcome(
            reward=jnp.where(plan.rewarded, self.reward, 0.0),
            successor=plan.successor,
            terminal=~yes,
            feedback=yes,
            elapsed=jnp.full((), self.dt),
            valid=yes,
        )
