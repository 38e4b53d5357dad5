"""Individuals that learn at rates of their own, and trials that repeat while conditions develop."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Key

from ..keys import normal, uniforms
from ..params import put
from ..rollout import Agent, AgentState, learn, policy_of
from ..types import Event, Readout


def learning_rates(
    keys: Key[Array, " individuals"], typical: float, variation: float
) -> Float[Array, " individuals"]:
    """A rate below 1 of each individual: log-normal with the mean `typical`.

    `variation` is the standard deviation of its logarithm, a choice of jaxda's.
    """
    z = normal(uniforms(keys, jnp.arange(1), 1))[0, 0]
    drawn = typical * jnp.exp(variation * z - variation**2 / 2)
    return jnp.minimum(drawn, 0.999)


def events(
    cue: tuple[int, ...],
    reward: tuple[float, ...],
    successor: tuple[int, ...],
    terminal: tuple[bool, ...],
) -> Event:
    """The events `[events]` of one trial in which there is nothing to choose."""
    n, yes = len(cue), jnp.ones(len(cue), bool)
    return Event(
        cue=jnp.asarray(cue, int),
        options=None,
        onset=jnp.arange(n) == 0,
        action=jnp.zeros(n, int),
        choice=~yes,
        latency=jnp.ones(n),
        reward=jnp.asarray(reward, float),
        successor=jnp.asarray(successor, int),
        terminal=jnp.asarray(terminal, bool),
        feedback=yes,
        elapsed=jnp.ones(n),
        valid=yes,
    )


def exposed(
    agent: Agent,
    state: AgentState,
    trial: Event,
    doses: Mapping[str, Float[Array, " trials"]],
    record: Callable[[list[Readout]], Any],
) -> tuple[AgentState, Any]:
    """One individual after so many trials as there are `doses`, and what `record` keeps of each.

    `trial` holds its events `[events]`. In trial i the parameters at the paths of `doses` have
    their i-th values; they must be doses that act on the broadcast, since what a lesion does to
    tissue is done before. `record` gets the readouts of the events of a trial.
    """
    n_events = trial.valid.shape[0]
    each = [jax.tree.map(operator.itemgetter(i), trial) for i in range(n_events)]

    def one(state: AgentState, now: Mapping[str, Float[Array, ""]]) -> tuple[AgentState, Any]:
        here, seen = put(agent, now), []
        for event in each:
            policy = policy_of(here, state, event.offer)
            state, readout = learn(here, state, event, policy)
            seen.append(readout)
        return state, record(seen)

    return lax.scan(one, state, dict(doses))
