"""Rollout of the opponent and working-memory models against Q-learning, in one run."""

import jax
import jax.numpy as jnp
import jax.random as jr
from _timing import fastest, show

from jaxda import platform


SESSIONS, TRIALS, TILE = 10_000, 500, 1_000


def main() -> None:
    """Print nanoseconds per trial and session, with ratios of one run."""
    platform.configure(precision=32)
    from jaxda.catalog import load
    from jaxda.rollout import Agent, simulate

    keys = jr.split(jr.key(0), SESSIONS)
    gain = jr.uniform(jr.key(2), (SESSIONS,), minval=1.0, maxval=6.0)

    def record(event, readout):
        return event.action.astype(jnp.int8), event.reward, readout.rpe[0]

    def variant(model, task):
        agent, what = Agent(load("models", model)()), load("tasks", task)()

        @jax.jit
        def run(keys, gain):
            tile = lambda x: simulate(
                agent, what, x[0], TRIALS, {"model.beta": x[1]}, record=record
            )
            split = lambda x: x.reshape(-1, TILE)
            return jax.lax.map(tile, (split(keys), split(gain)))

        return lambda: run(keys, gain)

    # Without blocks and sizes Q-learning makes little of this task; it is here for its cost.
    q_learning = load("models", "q_learning")
    q_learning.tasks = (*q_learning.tasks, "set_size")
    pairs = [(m, "bandit") for m in ("q_learning", "opal", "opal_star")]
    pairs += [(m, "set_size") for m in ("q_learning", "rlwm")]
    timed = fastest({f"{m} on {t}": variant(m, t) for m, t in pairs})
    title = f"Rollout, {SESSIONS} sessions x {TRIALS} trials, float32, one core"
    show(title, timed, SESSIONS * TRIALS, "trial x session", "q_learning on bandit")


if __name__ == "__main__":
    main()
