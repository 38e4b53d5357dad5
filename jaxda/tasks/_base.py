"""The task interface: what happens on its own (`plan`), and what follows an action."""

import abc
import dataclasses
from typing import Any, Generic, TypeVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome


W = TypeVar("W")
P = TypeVar("P")


class AbstractTask(eqx.Module, Generic[W, P]):
    """A generator of events.

    As in models, methods are written for one session and must not branch on values.

    `plan` holds everything that does not depend on behaviour (walks, orders, schedules): it
    is what a session is made of before anybody acts. `world` holds what does. `truth` says what
    was behind an event; `simulate` returns it with the data if asked.
    `outcome` gets `n_draws` fresh uniforms per event and no key. `kind` is what a model must
    be able to do:

    - `choice`: one choice per trial between items, then its reward.
    - `set_size`: a choice in blocks of new cues, `Offer.context` of them, marked by `fresh`; item
      `n_actions * cue + a` is action a.
    - `go_nogo`: a choice in which item `2 * cue + 1` is the response and `2 * cue` is none.
    - `mdp`: a sequence of states with choices in each (`Env.sequential`).
    - `two_stage`: two choices, the second among items that the first has led to.
    - `free_operant`: acts with a latency.
    - `pavlovian`: a line of states in time, nothing to choose; state 0 is the interval.
    - `pavlovian_cues`: the same with several cues, each with a line of its own.
    - `pavlovian_trial`: the same with a whole trial in one event; `elapsed` says when the reward
      came.
    - `magnitude`: a cue, then a reward of varying size, one event per trial.
    - `conditioning`: a compound of cues (`Env.features`), then the outcome, one event per trial.
    - `sequence`: states with features that follow one another, nothing to choose.
    """

    kind: eqx.AbstractClassVar[str]
    n_draws: eqx.AbstractClassVar[int]
    source: eqx.AbstractClassVar[str]

    @property
    @abc.abstractmethod
    def env(self) -> Env:
        """Sizes of the task."""

    @property
    @abc.abstractmethod
    def events_per_trial(self) -> int | None:
        """Events that one trial takes; None where trials differ."""

    def events_for(self, n_trials: int) -> int:
        """Events that hold `n_trials` trials; where trials differ, almost surely enough."""
        if self.events_per_trial is None:
            raise NotImplementedError("a task whose trials differ says how many events they take.")
        return n_trials * self.events_per_trial

    @abc.abstractmethod
    def plan(self, key: PRNGKeyArray, n_events: int) -> P:
        """Behaviour-free part of `n_events` events, events first.

        The first events must not depend on `n_events`.
        """

    @abc.abstractmethod
    def init(self) -> W:
        """World before the first event."""

    @abc.abstractmethod
    def offer(self, world: W, plan: P) -> Offer:
        """What is shown at one event."""

    def truth(self, world: W, plan: P) -> dict[str, Array]:
        """What is behind the event now offered, by name: numbers, or vectors with one per arm.

        An experimenter knows it and a subject does not. By default what was planned; a task
        overrides it where behaviour decides as well, or where a setting is part of the truth.
        """
        if plan is None:
            return {}
        fields = {f.name: getattr(plan, f.name) for f in dataclasses.fields(plan)}  # type: ignore[arg-type]
        return {name: value for name, value in fields.items() if value is not None}

    @abc.abstractmethod
    def outcome(
        self,
        world: W,
        plan: P,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[W, Outcome]:
        """What follows, and the world afterwards."""


Task = AbstractTask[Any, Any]


def single_choice() -> Offer:
    """A trial with one state where action a takes item a."""
    return Offer(jnp.zeros((), int), None, jnp.ones((), bool))


def trial_outcome(
    reward: Float[Array, "*#lanes"], feedback: bool | Bool[Array, "*#lanes"] = True
) -> Outcome:
    """The outcome of a trial that ends with `reward`."""
    yes = jnp.ones((), bool)
    return Outcome(
        reward=jnp.asarray(reward, float),
        successor=jnp.zeros((), int),
        terminal=yes,
        feedback=jnp.asarray(feedback),
        elapsed=jnp.ones(()),
        valid=yes,
    )
