"""Gradient of a five-parameter likelihood: what a fit pays per trial."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from _timing import fastest, show

from jaxda import platform


SUBJECTS, TRIALS, TILE = 5_000, 200, 500
FREE = ("alpha_pos", "alpha_neg", "beta", "forget", "kappa")


def main() -> None:
    """Print nanoseconds per trial, with ratios of one run."""
    platform.configure(precision=32)
    from jaxda.fit.objective import Problem
    from jaxda.habits.perseveration import Perseveration
    from jaxda.models.q_learning import QLearning
    from jaxda.params import free, sample
    from jaxda.rollout import Agent, simulate
    from jaxda.tasks.bandit import Bandit

    agent = Agent(QLearning(), habits={"perseveration": Perseveration()})
    task = Bandit()
    frees = free(agent, FREE)
    keys = jr.split(jr.key(0), SUBJECTS)
    events, _ = jax.jit(lambda k: simulate(agent, task, k, TRIALS))(keys)
    coords = sample(frees, jr.key(1), (SUBJECTS,))
    x = jnp.stack([coords[f.name] for f in frees], axis=-1)

    @jax.jit
    def lanes(x, events):
        def tile(at):
            x, events = at
            owner = jnp.arange(TILE)
            problem = Problem(agent, events, owner, {}, task.env, frees, TILE)
            return problem.value_and_grad(x)

        split = lambda e: jnp.moveaxis(e.reshape(e.shape[0], -1, TILE), 1, 0)
        return jax.lax.map(tile, (x.reshape(-1, TILE, len(FREE)), jax.tree.map(split, events)))

    @jax.jit
    def plain(x, actions, rewards):
        def loss(x, actions, rewards):
            up, down, forget = jax.nn.sigmoid(x[0]), jax.nn.sigmoid(x[1]), jax.nn.sigmoid(x[3])
            beta, kappa = jnp.exp(x[2]), x[4]

            def trial(carry, at):
                q, last = carry
                action, reward = at
                logp = jax.nn.log_softmax(beta * q + kappa * last)[action]
                chosen = jax.nn.one_hot(action, 2)
                delta = reward - jnp.sum(chosen * q)
                rate = jnp.where(delta > 0, up, down)
                q = q * (1 - forget * (1 - chosen)) + rate * delta * chosen
                return (q, chosen), logp

            start = jnp.full(2, 0.5), jnp.zeros(2)
            return -jnp.sum(jax.lax.scan(trial, start, (actions, rewards))[1])

        return jax.vmap(jax.value_and_grad(loss))(x, actions, rewards)

    actions, rewards = events.action.T, events.reward.T
    few = 5
    host = [np.asarray(v) for v in (x, actions, rewards)]

    def loop():
        for s in range(few):
            for step in np.vstack([np.zeros(5), 1e-5 * np.eye(5)]):
                _numpy_loss(host[0][s] + step, host[1][s], host[2][s])

    timed = fastest(
        {
            "lanes (jaxda)": lambda: lanes(x, events),
            "vmap(grad(scan))": lambda: plain(x, actions, rewards),
        }
    )
    slow = fastest({"loop": loop}, rounds=1)["loop"]
    timed["numpy, finite differences"] = {
        "first": slow["first"],
        "cpu": slow["cpu"] * SUBJECTS / few,
    }
    title = f"Gradient, {len(FREE)} parameters, {SUBJECTS} subjects x {TRIALS} trials, float32"
    show(title, timed, SUBJECTS * TRIALS, "trial", "vmap(grad(scan))")


def _numpy_loss(x, actions, rewards):
    up, down, forget = 1 / (1 + np.exp(-x[[0, 1, 3]]))
    beta, kappa = np.exp(x[2]), x[4]
    q, last, total = np.full(2, 0.5), np.zeros(2), 0.0
    for action, reward in zip(actions, rewards, strict=True):
        logits = beta * q + kappa * last
        top = logits.max()
        total += logits[action] - top - np.log(np.exp(logits - top).sum())
        delta = reward - q[action]
        kept = q[action] + (up if delta > 0 else down) * delta
        q = q * (1 - forget)
        q[action] = kept
        last = np.zeros(2)
        last[action] = 1
    return -total


if __name__ == "__main__":
    main()
