"""One lever on a ratio schedule: every press takes the time that the subject gives it."""

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome
from ._base import AbstractTask
from ._checks import count, finite, one_of


class _World(eqx.Module):
    presses: Int[Array, "..."]
    clock: Float[Array, "..."]


class FreeOperant(AbstractTask[_World, None]):
    """Presses pay `reward` on a "fixed" `ratio` (every n-th) or a "random" one (one in n).

    Pressing takes the latency, and eating `consumption` seconds after a reward. The session
    ends after `duration` seconds (0: never): a press that would come later is not an event.
    On the fixed schedule the cue counts presses since the last reward; on the random one
    there is nothing to count. Both have the same best latency.
    """

    kind: ClassVar = "free_operant"
    n_draws: ClassVar = 1
    source: ClassVar = "Ferster & Skinner 1957; Aberman & Salamone 1999, Neuroscience 92:545"

    schedule: Literal["fixed", "random"] = eqx.field(static=True, default="fixed")
    ratio: int = eqx.field(static=True, default=5)
    reward: float = eqx.field(static=True, default=1.0)
    consumption: float = eqx.field(static=True, default=2.0)
    duration: float = eqx.field(static=True, default=0.0)

    def __check_init__(self):
        one_of("schedule", self.schedule, ("fixed", "random"))
        count("ratio", self.ratio, 1)
        finite("reward", self.reward)
        finite("consumption", self.consumption, 0)
        finite("duration", self.duration, 0)

    @property
    def env(self) -> Env:
        n_cues = self.ratio if self.schedule == "fixed" else 1
        return Env(n_cues=n_cues, n_items=1, n_actions=1, timed=True)

    @property
    def events_per_trial(self) -> int:
        return 1

    def plan(self, key: PRNGKeyArray, n_events: int) -> None:
        return None

    def init(self) -> _World:
        return _World(presses=jnp.zeros((), int), clock=jnp.zeros(()))

    def offer(self, world: _World, plan: None) -> Offer:
        return Offer(world.presses, None, jnp.ones((), bool))

    def outcome(
        self,
        world: _World,
        plan: None,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[_World, Outcome]:
        if self.schedule == "fixed":
            paid = world.presses == self.ratio - 1
            presses = jnp.where(paid, 0, world.presses + 1)
        else:
            paid = draws[0] < 1 / self.ratio
            presses = jnp.zeros_like(world.presses)
        pressed = world.clock + latency
        eating = jnp.where(paid, self.consumption, 0.0)
        out = Outcome(
            reward=jnp.where(paid, self.reward, 0.0),
            successor=presses,
            terminal=jnp.zeros((), bool),
            feedback=jnp.ones((), bool),
            elapsed=latency + eating,
            valid=(pressed <= self.duration) if self.duration else jnp.ones((), bool),
        )
        return _World(presses=presses, clock=pressed + eating), out
