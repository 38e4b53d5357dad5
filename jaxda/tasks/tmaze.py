"""A T-maze in steps: a corridor, a choice, and a way home (Morita & Kato 2014)."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome
from ._base import AbstractTask
from ._checks import finite


# Steps of a trial: states S1 to S5 before the arms, five in an arm, S16 to S30 after it.
_STEPS, _FORK, _JOIN = 25, 4, 10


class _World(eqx.Module):
    step: Int[Array, "..."]
    arm: Int[Array, "..."]


class TMaze(AbstractTask[_World, None]):
    """25 steps per trial through the states S1 to S30 (cues 0 to 29), with one choice, at S5.

    S1 to S5 are the stem. Action a at S5 leads into arm a: S6, S8, ... S14 or S7, S9, ... S15;
    entering its second state, S8 or S9, pays `rewards[a]`. S16 to S30 follow after either
    arm. Everywhere else both actions lead on. The trial ends with S30: there is no value
    beyond it, whereas in the publication a trial runs on into the next.
    """

    kind: ClassVar = "mdp"
    n_draws: ClassVar = 0
    source: ClassVar = "Morita & Kato 2014, Front. Neural Circuits 8:36; Howe et al. 2013"

    rewards: tuple[float, float] = eqx.field(static=True, default=(1.0, 0.0), converter=tuple)

    def __check_init__(self):
        if len(self.rewards) != 2:
            raise ValueError(f"rewards is {self.rewards}; it has one number for each arm.")
        for reward in self.rewards:
            finite("each of rewards", reward)

    @property
    def env(self) -> Env:
        return Env(n_cues=30, n_items=60, n_actions=2, sequential=True)

    @property
    def events_per_trial(self) -> int:
        return _STEPS

    def plan(self, key: PRNGKeyArray, n_events: int) -> None:
        return None

    def init(self) -> _World:
        return _World(step=jnp.zeros((), int), arm=jnp.zeros((), int))

    def offer(self, world: _World, plan: None) -> Offer:
        state = _state(world.step, world.arm)
        return Offer(state, jnp.stack([2 * state, 2 * state + 1]), world.step == 0)

    def truth(self, world: _World, plan: None) -> dict[str, Array]:
        """`reward [2]`: what the second state of each arm pays."""
        return {"reward": jnp.asarray(self.rewards, dtype=float)}

    def outcome(
        self,
        world: _World,
        plan: None,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[_World, Outcome]:
        arm = jnp.where(world.step == _FORK, action, world.arm)
        last = world.step == _STEPS - 1
        step = jnp.where(last, 0, world.step + 1)
        pays = jnp.where(arm == 0, *self.rewards)
        yes = jnp.ones((), bool)
        out = Outcome(
            reward=jnp.where(world.step == _FORK + 1, pays, 0.0),
            successor=_state(step, arm),
            terminal=last,
            feedback=yes,
            elapsed=jnp.ones(()),
            valid=yes,
        )
        return _World(step=step, arm=arm), out


def _state(step: Int[Array, "*lanes"], arm: Int[Array, "*lanes"]) -> Int[Array, "*lanes"]:
    within = 2 * step - _FORK - 1 + arm
    after = jnp.where(step < _JOIN, within, step + _JOIN - _FORK - 1)
    return jnp.where(step <= _FORK, step, after)
