"""Compilation of every model: simulation and gradient, cold and with compiled programs cached.

Each model runs in two processes of its own that share an empty cache folder, so the first
compiles everything and the second finds it. Seconds are CPU time, so that other work on the
machine does not count. Name models to measure only those.
"""

import json
import os
import subprocess
import sys
import tempfile
import time


EVENTS, LANES = 200, 500


def one(name: str) -> dict[str, float]:
    """CPU seconds to trace (with lowering) and to compile (with loading, if it is cached)."""
    from jaxda import platform

    platform.configure(precision=32)
    import jax
    import jax.numpy as jnp
    import jax.random as jr

    from jaxda.catalog import load, names
    from jaxda.params import free, sample, specs, unpack
    from jaxda.rollout import Agent, log_likelihood, replay, simulate

    model = load("models", name)()
    task = next(
        t() for t in (load("tasks", n) for n in names("tasks")) if t.kind in type(model).tasks
    )
    agent = Agent(model)
    frees = free(agent, [n for n in specs(agent) if n.startswith("model.")])
    jax.block_until_ready(jr.split(jr.key(0), 2))
    keys = jr.split(jr.key(0), LANES)
    coords = jax.block_until_ready(sample(frees, jr.key(1), (LANES,)))

    def play(keys, coords):
        return simulate(agent, task, keys, EVENTS, unpack(frees, coords))

    def loss(coords, events):
        if task.env.acts:
            return -jnp.sum(log_likelihood(agent, task.env, events, unpack(frees, coords)))
        return jnp.sum(replay(agent, task.env, events, unpack(frees, coords)).rpe ** 2)

    timed = dict.fromkeys(("trace", "compile"), 0.0)

    def compiled(fn, *args):
        begun = time.process_time()
        lowered = jax.jit(fn).lower(*args)
        timed["trace"] += time.process_time() - begun
        begun = time.process_time()
        program = lowered.compile()
        timed["compile"] += time.process_time() - begun
        return program

    events, _ = compiled(play, keys, coords)(keys, coords)
    compiled(jax.grad(loss), coords, events)
    return timed


def main() -> None:
    """Print a line per model."""
    from jaxda.catalog import names

    known = sys.argv[1:] or names("models")
    print(f"CPU seconds, simulation and gradient; {EVENTS} events x {LANES} lanes, float32")
    print(f"{'model':<28}{'trace':>8}{'compile, cold':>15}{'compile, warm':>15}")
    worst = [0.0, 0.0, 0.0]
    for name in known:
        with tempfile.TemporaryDirectory() as folder:
            environ = os.environ | {"XDG_CACHE_HOME": folder, "PYTHONWARNINGS": "ignore"}
            command = [sys.executable, __file__, "--one", name]
            cold, warm = (
                json.loads(subprocess.run(command, env=environ, stdout=-1, check=True).stdout)
                for _ in range(2)
            )
        row = [warm["trace"], cold["compile"], warm["compile"]]
        worst = [max(pair) for pair in zip(worst, row, strict=True)]
        print(f"{name:<28}{row[0]:>8.2f}{row[1]:>15.2f}{row[2]:>15.2f}", flush=True)
    print(f"{'worst':<28}{worst[0]:>8.2f}{worst[1]:>15.2f}{worst[2]:>15.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(sys.argv[2])))
    else:
        main()
