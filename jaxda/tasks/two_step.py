"""Two-step task: a choice, a common or rare transition, a second choice, drifting rewards."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome, one_hot
from ._base import AbstractTask
from ._checks import between
from ._walks import check_walls, reflecting_walks


class _World(eqx.Module):
    reached: Int[Array, "..."]


class _Plan(eqx.Module):
    second: Bool[Array, "..."]
    p: Float[Array, "..."]


class TwoStep(AbstractTask[_World, _Plan]):
    """Two events per trial: items 0 and 1 lead to a pair of items, 2 and 3 or 4 and 5.

    The first action (item 0) leads to the first pair with probability `common` and else to
    the second pair; item 1 the other way round. Each item of the pairs pays 1 with its own
    probability, which walks with steps of `sd` per trial between `lower` and `upper`.
    """

    kind: ClassVar = "two_stage"
    n_draws: ClassVar = 1
    source: ClassVar = "Daw et al. 2011, Neuron 69:1204"

    common: float = eqx.field(static=True, default=0.7)
    sd: float = eqx.field(static=True, default=0.025)
    lower: float = eqx.field(static=True, default=0.25)
    upper: float = eqx.field(static=True, default=0.75)

    def __check_init__(self):
        between("common", self.common, 0, 1)
        check_walls(self.sd, self.lower, self.upper)

    @property
    def env(self) -> Env:
        return Env(n_cues=3, n_items=6, n_actions=2)

    @property
    def events_per_trial(self) -> int:
        return 2

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        p = reflecting_walks(key, -(-n_events // 2), 4, self.sd, self.lower, self.upper)
        return _Plan(second=jnp.arange(n_events) % 2 == 1, p=jnp.repeat(p, 2, axis=0)[:n_events])

    def init(self) -> _World:
        return _World(reached=jnp.zeros((), int))

    def offer(self, world: _World, plan: _Plan) -> Offer:
        cue = jnp.where(plan.second, 1 + world.reached, 0)
        return Offer(cue, jnp.stack([2 * cue, 2 * cue + 1]), ~plan.second)

    def truth(self, world: _World, plan: _Plan) -> dict[str, Array]:
        """`p [4]`: how likely the items of the two pairs are to pay; `common` as set."""
        return {"p": plan.p, "common": jnp.asarray(self.common, float)}

    def outcome(
        self,
        world: _World,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[_World, Outcome]:
        reached = jnp.where(draws[0] < self.common, action, 1 - action)
        place = one_hot(2 * world.reached + action, 4)
        win = plan.second & (draws[0] < jnp.sum(place * plan.p, axis=0))
        yes = jnp.ones_like(plan.second)
        out = Outcome(
            reward=jnp.where(win, 1.0, 0.0),
            successor=jnp.where(plan.second, 0, 1 + reached),
            terminal=plan.second,
            feedback=yes,
            elapsed=jnp.ones(()),
            valid=yes,
        )
        return _World(reached=jnp.where(plan.second, world.reached, reached)), out
