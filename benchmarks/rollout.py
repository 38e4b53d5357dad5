"""Rollout of Q-learning on a two-armed bandit: lanes against vmap(scan) and a numpy loop."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from _timing import fastest, show

from jaxda import platform


SESSIONS, TRIALS, TILE = 10_000, 1_000, 1_000


def main() -> None:
    """Print nanoseconds per trial and session, with ratios of one run."""
    platform.configure(precision=32)
    from jaxda.models.q_learning import QLearning
    from jaxda.rollout import Agent, simulate
    from jaxda.tasks.bandit import Bandit

    agent, task = Agent(QLearning()), Bandit()
    keys = jr.split(jr.key(0), SESSIONS)
    alpha = jr.uniform(jr.key(1), (SESSIONS,), minval=0.05, maxval=0.6)
    beta = jr.uniform(jr.key(2), (SESSIONS,), minval=1.0, maxval=6.0)

    def record(event, readout):
        return event.action.astype(jnp.int8), event.reward, readout.rpe[0]

    @jax.jit
    def lanes(keys, alpha, beta):
        def tile(x):
            keys, alpha, beta = x
            values = {"model.alpha_pos": alpha, "model.alpha_neg": alpha, "model.beta": beta}
            return simulate(agent, task, keys, TRIALS, values, record=record)

        split = lambda x: x.reshape(-1, TILE)
        return jax.lax.map(tile, (split(keys), split(alpha), split(beta)))

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

            return jax.lax.scan(trial, jnp.full(2, 0.5), jr.split(key, TRIALS))[1]

        return jax.vmap(session)(keys, alpha, beta)

    few = 20

    def loop():
        rng = np.random.default_rng(0)
        a, b = np.asarray(alpha), np.asarray(beta)
        for s in range(few):
            q = np.full(2, 0.5)
            for _ in range(TRIALS):
                p = np.exp(b[s] * q)
                action = int(rng.random() * p.sum() > p[0])
                reward = float(rng.random() < (0.7, 0.3)[action])
                q[action] += a[s] * (reward - q[action])

    timed = fastest(
        {
            "lanes (jaxda)": lambda: lanes(keys, alpha, beta),
            "vmap(scan)": lambda: plain(keys, alpha, beta),
        }
    )
    slow = fastest({"numpy loop": loop}, rounds=1)["numpy loop"]
    timed["numpy loop"] = {"first": slow["first"], "cpu": slow["cpu"] * SESSIONS / few}
    title = f"Rollout, {SESSIONS} sessions x {TRIALS} trials, float32, one core"
    show(title, timed, SESSIONS * TRIALS, "trial x session", "vmap(scan)")


if __name__ == "__main__":
    main()
