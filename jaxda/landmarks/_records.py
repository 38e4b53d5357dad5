"""Records of choices, written down or made at random."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np

from ..keys import named_key
from ..types import Env, Event
from ._base import Numbers


TWO_ARMS = Env(n_cues=1, n_items=2, n_actions=2)


def record(
    action: Numbers,
    reward: Numbers,
    *,
    cue: Numbers = 0,
    options: Numbers | None = None,
    onset: Numbers = True,
    terminal: Numbers = True,
    successor: Numbers = 0,
    valid: Numbers = True,
) -> Event:
    """Events `[events, sessions]`; columns `[events]` are one session, numbers hold throughout.

    `options` are `[events, actions]`.
    """
    taken = np.asarray(action)
    taken = taken[:, None] if taken.ndim == 1 else taken

    def column(x: Numbers, dtype: type) -> jnp.ndarray:
        x = np.asarray(x)
        return jnp.asarray(np.broadcast_to(x[:, None] if x.ndim == 1 else x, taken.shape), dtype)

    return Event(
        cue=column(cue, int),
        options=None if options is None else jnp.asarray(options, int)[..., None],
        onset=column(onset, bool),
        action=column(taken, int),
        choice=column(True, bool),
        latency=column(1.0, float),
        reward=column(reward, float),
        successor=column(successor, int),
        terminal=column(terminal, bool),
        feedback=column(True, bool),
        elapsed=column(1.0, float),
        valid=column(valid, bool),
    )


def random_choices(
    shares: Numbers, n_events: int, n_sessions: int, reward: float, *, name: str
) -> Event:
    """Choices of two arms, arm 0 with each of the `shares` in `n_sessions` records of its own.

    Every choice brings `reward`. Sessions of a share stand together, and random numbers are keyed
    by the `name` of the landmark.
    """
    each = np.repeat(np.asarray(shares, float), n_sessions)
    u = jr.uniform(named_key(0, name), (n_events, each.size))
    return record(np.where(np.asarray(u) < each, 0, 1), reward)
