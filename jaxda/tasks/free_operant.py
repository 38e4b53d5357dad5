"""One lever on a schedule: every press takes the time that the subject gives it."""

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome
from ._base import AbstractTask
from ._checks import above, count, finite, one_of


class _Interval(eqx.Module):
    """When a reward is due, once it is known, and the intervals that this round has left."""

    begun: Float[Array, "..."]
    due: Float[Array, "..."]
    known: Bool[Array, "..."]
    left: Bool[Array, "intervals ..."]


class _Plan(eqx.Module):
    # Decides which of the intervals that are left comes next, should one be drawn here.
    u: Float[Array, "..."]


class _World(eqx.Module):
    presses: Int[Array, "..."]
    clock: Float[Array, "..."]
    interval: _Interval | None = None


class FreeOperant(AbstractTask[_World, _Plan | None]):
    """Presses that pay `reward` by their number or by the time since the last.

    - `schedule` "fixed": every `ratio`-th press pays. The cue counts presses since the last
      reward; on the other schedules there is nothing to count.
    - "random": one press in `ratio` pays, by chance. The best latency is that of "fixed".
    - "random_interval": a reward becomes available after an exponential time of mean
      `interval` seconds and waits for the next press. Whatever has been, a press after the
      time tau pays with probability 1 - exp(-tau / interval), because a press always leaves
      the lever without a reward.
    - "variable_interval": the same with the times of the list `intervals`, each once in a
      random order, then anew.

    Pressing takes the latency, and eating `consumption` seconds after a reward; the next
    interval begins when the meal is over. The session ends after `duration` seconds (half an
    hour as in the publications; 0: never): a press that would come later is not an event.
    """

    kind: ClassVar = "free_operant"
    n_draws: ClassVar = 1
    source: ClassVar = "Ferster & Skinner 1957; Aberman & Salamone 1999, Neuroscience 92:545"

    schedule: Literal["fixed", "random", "random_interval", "variable_interval"] = eqx.field(
        static=True, default="fixed"
    )
    ratio: int = eqx.field(static=True, default=5)
    reward: float = eqx.field(static=True, default=1.0)
    consumption: float = eqx.field(static=True, default=2.0)
    duration: float = eqx.field(static=True, default=1800.0)
    interval: float = eqx.field(static=True, default=30.0)
    intervals: tuple[float, ...] = eqx.field(
        static=True, default=(2.0, 6.0, 12.0, 18.0, 27.0, 39.0, 55.0, 81.0), converter=tuple
    )

    def __check_init__(self):
        one_of(
            "schedule",
            self.schedule,
            ("fixed", "random", "random_interval", "variable_interval"),
        )
        count("ratio", self.ratio, 1)
        finite("reward", self.reward)
        finite("consumption", self.consumption, 0)
        finite("duration", self.duration, 0)
        above("interval", self.interval, 0)
        if not self.intervals:
            raise ValueError("intervals is empty; it lists at least one time in seconds.")
        for interval in self.intervals:
            above("each of intervals", interval, 0)

    @property
    def env(self) -> Env:
        n_cues = self.ratio if self.schedule == "fixed" else 1
        return Env(n_cues=n_cues, n_items=1, n_actions=1, timed=True)

    @property
    def events_per_trial(self) -> int:
        return 1

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan | None:
        if self.schedule != "variable_interval":
            return None
        return _Plan(u=jr.uniform(key, (n_events,)))

    def init(self) -> _World:
        zero, interval = jnp.zeros(()), None
        if self.schedule == "variable_interval":
            every = jnp.ones((len(self.intervals),), bool)
            interval = _Interval(zero, zero, jnp.zeros((), bool), every)
        return _World(presses=jnp.zeros((), int), clock=zero, interval=interval)

    def offer(self, world: _World, plan: _Plan | None) -> Offer:
        return Offer(world.presses, None, jnp.ones((), bool))

    def truth(self, world: _World, plan: _Plan | None) -> dict[str, Array]:
        """When the coming press will pay, as far as it is decided before the subject acts.

        `p`, the probability that it pays, on the schedules of presses; on "random_interval"
        `hazard`, the probability per second that a reward becomes available; and on
        "variable_interval" `wait`, the seconds from now until it is (0: it is already there).
        """
        if self.schedule == "fixed":
            return {"p": (world.presses == self.ratio - 1).astype(float)}
        if self.schedule == "random":
            return {"p": jnp.asarray(1 / self.ratio, float)}
        if self.schedule == "random_interval":
            return {"hazard": jnp.asarray(1 / self.interval, float)}
        return {"wait": jnp.maximum(self._drawn(world, plan).due - world.clock, 0.0)}

    def outcome(
        self,
        world: _World,
        plan: _Plan | None,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[_World, Outcome]:
        pressed = world.clock + latency
        presses, interval = jnp.zeros_like(world.presses), world.interval
        if self.schedule == "fixed":
            paid = world.presses == self.ratio - 1
            presses = jnp.where(paid, 0, world.presses + 1)
        elif self.schedule == "random":
            paid = draws[0] < 1 / self.ratio
        elif self.schedule == "random_interval":
            paid = draws[0] < -jnp.expm1(-latency / self.interval)
        else:
            interval = self._drawn(world, plan)
            paid = pressed >= interval.due
        eating = jnp.where(paid, self.consumption, 0.0)
        if interval is not None:
            interval = _Interval(
                begun=jnp.where(paid, pressed + eating, interval.begun),
                due=interval.due,
                known=~paid,
                left=interval.left,
            )
        out = Outcome(
            reward=jnp.where(paid, self.reward, 0.0),
            successor=presses,
            terminal=jnp.zeros((), bool),
            feedback=jnp.ones((), bool),
            elapsed=latency + eating,
            valid=(pressed <= self.duration) if self.duration else jnp.ones((), bool),
        )
        return _World(presses=presses, clock=pressed + eating, interval=interval), out

    def _drawn(self, world: _World, plan: _Plan | None) -> _Interval:
        """The interval in force, drawn when its first press comes: only then it matters."""
        assert world.interval is not None and plan is not None
        now, u = world.interval, plan.u
        left = jnp.where(jnp.any(now.left, axis=0), now.left, True)
        rank = jnp.cumsum(left, axis=0)
        # u is below 1, so there is a rank for it.
        chosen = left & (rank == 1 + jnp.floor(u * rank[-1].astype(u.dtype)).astype(rank.dtype))
        times = jnp.asarray(self.intervals, dtype=float)
        length = jnp.sum(jnp.where(chosen, times, 0.0), axis=0)
        return _Interval(
            begun=now.begun,
            due=jnp.where(now.known, now.due, now.begun + length),
            known=jnp.ones_like(now.known),
            left=jnp.where(now.known, now.left, left & ~chosen),
        )
