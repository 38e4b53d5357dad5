"""Cues that tell how likely the reward is (Fiorillo, Tobler & Schultz 2003)."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome, pick
from ._base import AbstractTask
from ._checks import above, between, count, finite


class _Plan(eqx.Module):
    bin: Int[Array, "..."]
    kind: Int[Array, "..."]
    rewarded: Bool[Array, "..."]


class VariableProbability(AbstractTask[None, _Plan]):
    """Each trial shows one of the cues, evenly; cue c is rewarded with `probabilities[c]`.

    One event per transition, in bins of `dt` seconds. The first leaves state 0, the interval,
    and enters the cue's own line of states, of which there are `delay` + 1: cue c comes on in
    state 1 + c * (`delay` + 1). At the end of the last, `delay` bins after the cue's own, the
    reward comes or does not. Known sets are (0.1, 0.5, 0.9) of Dabney et al. 2020 and
    (0, 0.25, 0.5, 0.75, 1) of Fiorillo et al. 2003, both with 2 s.
    """

    kind: ClassVar = "pavlovian_cues"
    n_draws: ClassVar = 0
    source: ClassVar = (
        "Fiorillo, Tobler & Schultz 2003, Science 299:1898; Dabney et al. 2020, Nature 577:671"
    )

    probabilities: tuple[float, ...] = eqx.field(
        static=True, default=(0.1, 0.5, 0.9), converter=tuple
    )
    delay: int = eqx.field(static=True, default=10)
    dt: float = eqx.field(static=True, default=0.2)
    reward: float = eqx.field(static=True, default=1.0)

    def __check_init__(self):
        if not self.probabilities:
            raise ValueError("probabilities is empty; it holds one for each cue.")
        for probability in self.probabilities:
            between("each of probabilities", probability, 0, 1)
        count("delay", self.delay, 0)
        above("dt", self.dt, 0)
        finite("reward", self.reward)

    @property
    def env(self) -> Env:
        line = self.delay + 1
        cues = range(len(self.probabilities))
        stimuli = (-1, *(c if b == 0 else -1 for c in cues for b in range(line)))
        return Env(n_cues=1 + line * len(cues), n_items=1, n_actions=1, acts=False, stimuli=stimuli)

    @property
    def events_per_trial(self) -> int:
        return self.delay + 2

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        event, bins, n = jnp.arange(n_events), self.events_per_trial, len(self.probabilities)
        draws = jr.uniform(key, (-(-n_events // bins), 2))
        kind = jnp.minimum(jnp.floor(draws[:, 0] * n).astype(int), n - 1)
        rewarded = draws[:, 1] < pick(jnp.asarray(self.probabilities, dtype=float), kind)
        spread = lambda x: jnp.repeat(x, bins)[:n_events]
        return _Plan(bin=event % bins, kind=spread(kind), rewarded=spread(rewarded))

    def init(self) -> None:
        return None

    def _state(self, plan: _Plan, bins_later: int) -> Int[Array, "*lanes"]:
        at = plan.bin + bins_later
        return jnp.where(at == 0, 0, plan.kind * (self.delay + 1) + at)

    def offer(self, world: None, plan: _Plan) -> Offer:
        return Offer(self._state(plan, 0), None, plan.bin == 0)

    def truth(self, world: None, plan: _Plan) -> dict[str, Array]:
        """`kind`: the cue of this trial, `p` its probability, `rewarded`: what became of it."""
        p = pick(jnp.asarray(self.probabilities, dtype=float), plan.kind)
        return {"kind": plan.kind, "p": p, "rewarded": plan.rewarded}

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
            successor=jnp.where(last, 0, self._state(plan, 1)),
            terminal=last,
            feedback=yes,
            elapsed=jnp.full((), self.dt),
            valid=yes,
        )
