"""Records of choices written by hand, and what an agent makes of them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from jaxda import rollout
from jaxda.rollout import Agent
from jaxda.types import Env, Event


# Ten trials of two arms: what was chosen and whether it paid. The golden values of the model
# tests are sums of log-probabilities and states after these trials.
CHOICES = (0, 0, 1, 0, 1, 1, 0, 0, 1, 0)
REWARDS = (1, 0, 1, 1, 0, 0, 1, 0, 1, 1)
TWO_ARMS = Env(n_cues=1, n_items=2, n_actions=2)

# Compiled as a whole: one operation at a time takes seconds.
replay = eqx.filter_jit(rollout.replay)
log_likelihood = eqx.filter_jit(rollout.log_likelihood)


def record(action, reward, *, cue=0, options=None, terminal=True, successor=0, **more) -> Event:
    """Events of one session `[events, 1]` from a column per field."""
    n = len(action)
    column = lambda x, dtype: jnp.asarray(np.broadcast_to(x, (n,))[:, None], dtype)
    return Event(
        cue=column(cue, int),
        options=None if options is None else jnp.asarray(options, int)[..., None],
        onset=column(more.get("onset", True), bool),
        action=column(action, int),
        choice=column(more.get("choice", True), bool),
        latency=column(more.get("latency", 1.0), float),
        reward=column(reward, float),
        successor=column(successor, int),
        terminal=column(terminal, bool),
        feedback=column(more.get("feedback", True), bool),
        elapsed=column(more.get("elapsed", 1.0), float),
        valid=column(more.get("valid", True), bool),
    )


def one_event(**more) -> Event:
    """A single event of one session, without axes."""
    return jax.tree.map(lambda x: x[0, 0], record([0], [1.0], **more))


def ten_trials(model, habits=None):
    """Log-likelihood of the ten trials, and the latents after them."""
    agent = Agent(model, habits=habits or {})
    n = len(CHOICES)
    # One more event, to look at the state that the tenth has left.
    events = record((*CHOICES, 0), (*REWARDS, 0), valid=np.arange(n + 1) < n)
    logp = log_likelihood(agent, TWO_ARMS, events)
    latents = replay(agent, TWO_ARMS, events).latents
    return float(logp[0]), {name: np.asarray(x[-1, ..., 0]) for name, x in latents.items()}
