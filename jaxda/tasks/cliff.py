"""The smallest walk along a cliff: a short way with a risky step, and a detour."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome
from ._base import AbstractTask
from ._checks import finite


class _World(eqx.Module):
    edge: Bool[Array, "..."]


class Cliff(AbstractTask[_World, None]):
    """Two states. At the start (cue 0) action 0 goes to the edge, action 1 takes the detour.

    The detour ends the trial with `safe`. At the edge (cue 1) action 0 arrives and brings
    `reward`, action 1 falls and brings `fall`. With the defaults and a discount of .9 the edge is
    worth more than the detour to one who never falls, and less to one who falls in one step
    of ten.
    """

    kind: ClassVar = "mdp"
    n_draws: ClassVar = 0
    source: ClassVar = "after the cliff walk of Sutton & Barto 2018, example 6.6"

    reward: float = eqx.field(static=True, default=1.0)
    fall: float = eqx.field(static=True, default=-1.0)
    safe: float = eqx.field(static=True, default=0.8)

    def __check_init__(self):
        finite("reward", self.reward)
        finite("fall", self.fall)
        finite("safe", self.safe)

    @property
    def env(self) -> Env:
        return Env(n_cues=2, n_items=4, n_actions=2, sequential=True)

    @property
    def events_per_trial(self) -> None:
        return None

    def events_for(self, n_trials: int) -> int:
        """As many as if every trial went along the edge."""
        return 2 * n_trials

    def plan(self, key: PRNGKeyArray, n_events: int) -> None:
        return None

    def init(self) -> _World:
        return _World(edge=jnp.zeros((), bool))

    def offer(self, world: _World, plan: None) -> Offer:
        cue = world.edge.astype(int)
        return Offer(cue, jnp.stack([2 * cue, 2 * cue + 1]), ~world.edge)

    def truth(self, world: _World, plan: None) -> dict[str, Array]:
        """`reward [2]`: what each action brings here."""
        there, here = (self.reward, self.fall), (0.0, self.safe)
        each = [jnp.where(world.edge, t, h) for t, h in zip(there, here, strict=True)]
        return {"reward": jnp.stack(each)}

    def outcome(
        self,
        world: _World,
        plan: None,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[_World, Outcome]:
        first = action == 0
        there = jnp.where(first, self.reward, self.fall)
        here = jnp.where(first, 0.0, self.safe)
        goes_on, yes = first & ~world.edge, jnp.ones((), bool)
        out = Outcome(
            reward=jnp.where(world.edge, there, here),
            successor=goes_on.astype(int),
            terminal=~goes_on,
            feedback=yes,
            elapsed=jnp.ones(()),
            valid=yes,
        )
        return _World(edge=goes_on), out
