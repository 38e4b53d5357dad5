"""A square of places with a goal in one corner."""

import math
from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome
from ._base import AbstractTask
from ._checks import count, finite, one_of


# Rows and columns that the actions move by.
_MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))


class _World(eqx.Module):
    place: Int[Array, "..."]
    onset: Bool[Array, "..."]


class _Plan(eqx.Module):
    start: Int[Array, "..."]


class Gridworld(AbstractTask[_World, _Plan | None]):
    """`size` x `size` places; reaching the last of them pays `reward` and ends the trial.

    Place row * size + column is the cue; actions are up, right, down and left, and against a wall
    one stays. Trials begin in the first place ("corner") or in any but the goal ("anywhere"). The
    best value of a place d steps from the goal is gamma^(d - 1) * reward. The goal's own cue never
    comes up.
    """

    kind: ClassVar = "mdp"
    n_draws: ClassVar = 0
    source: ClassVar = "Sutton & Barto 2018, ch. 3"

    size: int = eqx.field(static=True, default=5)
    reward: float = eqx.field(static=True, default=1.0)
    start: Literal["corner", "anywhere"] = eqx.field(static=True, default="corner")

    def __check_init__(self):
        count("size", self.size, 2)
        finite("reward", self.reward)
        one_of("start", self.start, ("corner", "anywhere"))

    @property
    def env(self) -> Env:
        places = self.size**2
        return Env(n_cues=places, n_items=4 * places, n_actions=4, sequential=True)

    @property
    def events_per_trial(self) -> None:
        return None

    def events_for(self, n_trials: int) -> int:
        """Enough for one who moves at random from the corner: five sds above the mean."""
        mean, sd = _wandering(self.size)
        return math.ceil(n_trials * mean + 5 * sd * math.sqrt(n_trials))

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan | None:
        if self.start == "corner":
            return None
        u = jr.uniform(key, (n_events,))
        return _Plan(start=jnp.floor(u * (self.size**2 - 1)).astype(int))

    def init(self) -> _World:
        return _World(place=jnp.zeros((), int), onset=jnp.ones((), bool))

    def offer(self, world: _World, plan: _Plan | None) -> Offer:
        start = jnp.zeros((), int) if plan is None else plan.start
        place = jnp.where(world.onset, start, world.place)
        return Offer(place, 4 * place + jnp.arange(4), world.onset)

    def truth(self, world: _World, plan: _Plan | None) -> dict[str, Array]:
        """`distance`: steps from here to the goal on a shortest way."""
        place = self.offer(world, plan).cue
        return {"distance": 2 * (self.size - 1) - place // self.size - place % self.size}

    def outcome(
        self,
        world: _World,
        plan: _Plan | None,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[_World, Outcome]:
        row, column = offer.cue // self.size, offer.cue % self.size
        # Actions 0 and 2 move along rows, 1 and 3 along columns.
        down = jnp.where(action == 2, 1, 0) - jnp.where(action == 0, 1, 0)
        right = jnp.where(action == 1, 1, 0) - jnp.where(action == 3, 1, 0)
        inside = lambda x: jnp.clip(x, 0, self.size - 1)
        place = self.size * inside(row + down) + inside(column + right)
        there, yes = place == self.size**2 - 1, jnp.ones((), bool)
        out = Outcome(
            reward=jnp.where(there, self.reward, 0.0),
            successor=place,
            terminal=there,
            feedback=yes,
            elapsed=jnp.ones(()),
            valid=yes,
        )
        return _World(place=place, onset=there), out


def _wandering(size: int) -> tuple[float, float]:
    """Mean and sd of the steps from corner to corner of a random walk."""
    n = size**2
    walk = np.zeros((n, n))
    for place in range(n - 1):
        for down, right in _MOVES:
            row = min(max(place // size + down, 0), size - 1)
            column = min(max(place % size + right, 0), size - 1)
            walk[place, size * row + column] += 0.25
    away = np.eye(n - 1) - walk[:-1, :-1]
    mean = np.linalg.solve(away, np.ones(n - 1))
    square = np.linalg.solve(away, 1 + 2 * walk[:-1, :-1] @ mean)
    return float(mean[0]), math.sqrt(square[0] - mean[0] ** 2)
