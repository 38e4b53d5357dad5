"""Go/no-go task in which action and valence are crossed (Guitart-Masip et al. 2012)."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome
from ._base import AbstractTask, trial_outcome
from ._checks import between, count, finite


_CUES = 4


class _Plan(eqx.Module):
    cue: Int[Array, "..."]


class GoNogo(AbstractTask[None, _Plan]):
    """Four cues: go to win (0), go to avoid (1), no-go to win (2) and no-go to avoid (3).

    The right response (action 1 goes, action 0 does not) brings the better outcome with
    probability `p`, the wrong one with 1 - p. Outcomes are `win` or 0 for the cues to win and 0 or
    `loss` for those to avoid. Each cue comes `per_cue` times in random order; asked for more
    events, it begins anew in another order. Item 2 * cue + 1 is the response to a cue.
    """

    kind: ClassVar = "go_nogo"
    n_draws: ClassVar = 1
    source: ClassVar = (
        "Guitart-Masip et al. 2012, NeuroImage 62:154; Cavanagh et al. 2013, J. Neurosci. 33:8541"
    )

    p: float = eqx.field(static=True, default=0.8)
    per_cue: int = eqx.field(static=True, default=60)
    win: float = eqx.field(static=True, default=1.0)
    loss: float = eqx.field(static=True, default=-1.0)

    def __check_init__(self):
        between("p", self.p, 0, 1)
        count("per_cue", self.per_cue, 1)
        finite("win", self.win, 0)
        finite("loss", self.loss)
        if self.loss > 0:
            raise ValueError(f"loss is {self.loss}; it is at most 0.")

    @property
    def env(self) -> Env:
        return Env(n_cues=_CUES, n_items=2 * _CUES, n_actions=2)

    @property
    def events_per_trial(self) -> int:
        return 1

    @property
    def n_events(self) -> int:
        """Events until each cue has come `per_cue` times."""
        return _CUES * self.per_cue

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        cues = jnp.arange(self.n_events) % _CUES
        times = jnp.arange(-(-n_events // self.n_events))
        orders = jax.vmap(lambda time: jr.permutation(jr.fold_in(key, time), cues))(times)
        return _Plan(cue=orders.reshape(-1)[:n_events])

    def init(self) -> None:
        return None

    def offer(self, world: None, plan: _Plan) -> Offer:
        options = jnp.stack([2 * plan.cue, 2 * plan.cue + 1])
        return Offer(plan.cue, options, jnp.ones((), bool))

    def truth(self, world: None, plan: _Plan) -> dict[str, Array]:
        """`correct`: the right action; `p [2]`: how likely each brings the better outcome."""
        correct = (plan.cue < 2).astype(int)
        p = [jnp.where(correct == a, self.p, 1 - self.p) for a in range(2)]
        return {"correct": correct, "p": jnp.stack(p)}

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        right = (action == 1) == (plan.cue < 2)
        better = draws[0] < jnp.where(right, self.p, 1 - self.p)
        to_win = plan.cue % 2 == 0
        best, worst = jnp.where(to_win, self.win, 0.0), jnp.where(to_win, 0.0, self.loss)
        return None, trial_outcome(jnp.where(better, best, worst))
