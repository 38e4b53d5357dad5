"""Records of a single option, taken on every trial."""

from collections.abc import Sequence

import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float

from ..keys import named_key
from ..types import Env, Event
from ._records import record


ONE_OPTION = Env(n_cues=1, n_items=1, n_actions=1)


def rewarded(rewards: Float[Array, "events sessions"]) -> Event:
    """Trials of one option with these rewards."""
    return record(jnp.zeros(rewards.shape, int), rewards)


def paying(p: Sequence[float], n_events: int, n_sessions: int, *, name: str) -> Event:
    """One option that pays 1 with each probability of `p` in `n_sessions` sessions of its own.

    Sessions of a probability stand together; random numbers are keyed by the `name` of the
    landmark.
    """
    each = jnp.repeat(jnp.asarray(p, float), n_sessions)
    wins = jr.uniform(named_key(0, name), (n_events, each.shape[0])) < each
    return rewarded(wins.astype(float))
