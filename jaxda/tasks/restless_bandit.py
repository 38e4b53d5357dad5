"""Bandit whose probabilities drift; two arms by default."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome, pick
from ._base import AbstractTask, single_choice, trial_outcome
from ._checks import count
from ._walks import check_walls, reflecting_walks


class _Plan(eqx.Module):
    p: Float[Array, "..."]


class RestlessBandit(AbstractTask[None, _Plan]):
    """Arm a pays 1 with probability p[a], which walks with steps of `sd` between two walls.

    The walks start uniformly between `lower` and `upper` and are reflected there.
    """

    kind: ClassVar = "choice"
    n_draws: ClassVar = 1
    source: ClassVar = "Daw et al. 2006, Nature 441:876; walks of Daw et al. 2011, Neuron 69:1204"

    arms: int = eqx.field(static=True, default=2)
    sd: float = eqx.field(static=True, default=0.025)
    lower: float = eqx.field(static=True, default=0.25)
    upper: float = eqx.field(static=True, default=0.75)

    def __check_init__(self):
        count("arms", self.arms, 2)
        check_walls(self.sd, self.lower, self.upper)

    @property
    def env(self) -> Env:
        return Env(n_cues=1, n_items=self.arms, n_actions=self.arms)

    @property
    def events_per_trial(self) -> int:
        return 1

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        return _Plan(p=reflecting_walks(key, n_events, self.arms, self.sd, self.lower, self.upper))

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
        win = draws[0] < pick(plan.p, action)
        return None, trial_outcome(jnp.where(win, 1.0, 0.0))
