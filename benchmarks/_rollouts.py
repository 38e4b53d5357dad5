"""Sessions of Q-learning on a two-armed bandit, with actions, rewards and errors stored."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr


class Rollouts(NamedTuple):
    """Learning rates and inverse temperatures of sessions, and two ways to play all of them."""

    alpha: jax.Array
    beta: jax.Array
    lanes: Callable[[], Any]
    one_by_one: Callable[[], Any]


def rollouts(sessions: int, trials: int, tile: int) -> Rollouts:
    """`lanes` plays tiles of sessions by jaxda, `one_by_one` is `vmap(scan)` written by hand."""
    from jaxda.models.q_learning import QLearning
    from jaxda.rollout import Agent, simulate
    from jaxda.tasks.bandit import Bandit

    agent, task = Agent(QLearning()), Bandit()
    keys = jr.split(jr.key(0), sessions)
    alpha = jr.uniform(jr.key(1), (sessions,), minval=0.05, maxval=0.6)
    beta = jr.uniform(jr.key(2), (sessions,), minval=1.0, maxval=6.0)

    def record(event, readout):
        return event.action.astype(jnp.int8), event.reward, readout.rpe[0]

    @jax.jit
    def lanes(keys, alpha, beta):
        def one(x):
            keys, alpha, beta = x
            values = {"model.alpha_pos": alpha, "model.alpha_neg": alpha, "model.beta": beta}
            return simulate(agent, task, keys, trials, values, record=record)

        return jax.lax.map(one, tuple(x.reshape(-1, tile) for x in (keys, alpha, beta)))

    @jax.jit
    def plain(keys, alpha, beta):
        def session(key, alpha, beta):
            def trial(q, key):
                act, pay = jr.split(key)
                action = jr.categorical(act, beta * q)
                p = jnp.where(action == 0, 0.7, 0.3)
                reward = jr.bernoulli(pay, p).astype(float)
                delta = reward - q[action]
                return q.at[action].add(alpha * delta), (action, reward, delta)

            return jax.lax.scan(trial, jnp.full(2, 0.5), jr.split(key, trials))[1]

        return jax.vmap(session)(keys, alpha, beta)

    given = keys, alpha, beta
    return Rollouts(alpha, beta, lambda: lanes(*given), lambda: plain(*given))
