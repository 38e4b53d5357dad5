"""Two host devices against one, scenarios that share a process, and the shapes of the CPU.

`--shapes` measures what `jaxda.platform.SHAPES` was chosen by. Wall time of two devices means
something only where two cores are idle: the load is printed beside it.
"""

import argparse
import json
import os
import subprocess
import sys
import time


SESSIONS, SUBJECTS, STARTS, TRIALS, ROUNDS = 256_000, 4_096, 8, 200, 5


def cohort(n, trials):
    """Subjects of Q-learning with perseveration on a two-armed bandit, to be fitted."""
    import jax
    import jax.numpy as jnp

    from jaxda.fit.objective import Problem
    from jaxda.habits.perseveration import Perseveration
    from jaxda.keys import named_keys
    from jaxda.models.q_learning import QLearning
    from jaxda.params import free
    from jaxda.rollout import Agent, simulate
    from jaxda.tasks.bandit import Bandit

    agent, task = Agent(QLearning(), habits={"perseveration": Perseveration()}), Bandit()
    keys = named_keys(1, [(str(i),) for i in range(n)])
    events, _ = jax.jit(lambda keys: simulate(agent, task, keys, trials))(keys)
    frees = free(agent, ("alpha_pos", "alpha_neg", "beta", "forget", "kappa"))
    return agent, task, keys, Problem(agent, events, jnp.arange(n), {}, task.env, frees, n)


def best(run, rounds):
    """Least wall and CPU seconds of some rounds after a first."""
    run()
    wall = cpu = float("inf")
    for _ in range(rounds):
        at, spent = time.perf_counter(), time.process_time()
        run()
        wall = min(wall, time.perf_counter() - at)
        cpu = min(cpu, time.process_time() - spent)
    return {"wall": wall, "cpu": cpu}


def worker(what, n_devices, scale):
    """Time one thing on so many devices, in this process."""
    from jaxda import platform

    platform.configure(32 if what == "simulate" else 64, devices=n_devices)
    import jax
    import jax.numpy as jnp

    from jaxda import devices
    from jaxda.catalog import load
    from jaxda.fit.estimate import starting_points
    from jaxda.rollout import simulate

    if what == "simulate":
        n = SESSIONS // scale
        agent, task, keys, _ = cohort(n, 1)
        total = lambda keys: jnp.sum(
            simulate(agent, task, keys, TRIALS, record=lambda event, _: event.reward), axis=0
        )
        # Tiles enough that handing them out costs little.
        many = lambda keys: jax.lax.map(total, keys)
        wide = keys.reshape(8, -1)
        run = lambda: list(devices.in_tiles(many, (wide,), wide.shape[-1], width=500))
    else:
        n = SUBJECTS // scale
        problem = cohort(n, TRIALS)[-1]
        starts = starting_points(problem.frees, 1, [(str(u),) for u in range(n)], STARTS)
        solver = load("solvers", "fisher")()
        run = lambda: solver.minimise(problem, starts, steps=60, tolerance=1e-5)
    print(json.dumps(best(run, ROUNDS if scale == 1 else 1)))


def scenarios(count, scale):
    """CPU seconds of every one of some scenarios, simulated and fitted in this process."""
    from jaxda import platform

    platform.configure()
    from jaxda import config, stages

    one = {"task": "bandit", "sources": ["q"], "candidates": ["q"]}
    one |= {"subjects": 32 // scale + 4, "trials": 100}
    names = [f"scenario{i}" for i in range(count)]
    values = {
        "title": "Many scenarios",
        "seed": 1,
        "models": {"q": {"model": "q_learning"}},
        "scenarios": dict.fromkeys(names, one),
    }
    checked = config.load(overrides=values)
    spent = []
    for name in names:
        at = time.process_time()
        sessions, truth = stages.simulate(checked, name, "q")
        stages.fit(checked, name, "q", sessions, truth)
        spent.append(time.process_time() - at)
    print(json.dumps(spent))


def shapes(scale):
    """CPU nanoseconds per trial and session by lanes of a tile and events of a noise block."""
    from jaxda import platform

    platform.configure(32)
    import jax
    import jax.numpy as jnp

    from jaxda import rollout

    out = []
    agent, task, keys, _ = cohort(4096 // scale, 1)
    given = platform.shapes()
    tries = [(t, given.noise_block, given.unroll) for t in (250, 500, 1000, 2000, 4000)]
    tries += [(given.tile, b, given.unroll) for b in (8, 16, 64)]
    tries += [(given.tile, given.noise_block, u) for u in (2, 4)]
    for tile, block, unroll in tries:
        here = given._replace(tile=tile, noise_block=block, unroll=unroll)
        rollout.shapes = lambda here=here: here
        run = jax.jit(
            lambda k: jnp.sum(
                rollout.simulate(agent, task, k, TRIALS, record=lambda event, _: event.reward),
                axis=0,
            )
        )
        lanes = min(tile, len(keys))
        took = best(lambda run=run, n=lanes: jax.block_until_ready(run(keys[:n])), 15)["cpu"]
        ns = took / lanes / TRIALS * 1e9
        out.append({"tile": tile, "noise_block": block, "unroll": unroll, "ns": round(ns, 2)})
    print(json.dumps(out))


def asked(*words):
    """What another process of this script prints."""
    run = subprocess.run(
        [sys.executable, __file__, *map(str, words)], check=True, capture_output=True, text=True
    )
    return json.loads(run.stdout.splitlines()[-1])


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="only to see that it runs")
    parser.add_argument("--shapes", action="store_true")
    parser.add_argument("--worker", nargs="*", help=argparse.SUPPRESS)
    args = parser.parse_args()
    scale = 16 if args.small else 1
    if args.worker:
        what, n, scale = args.worker[0], int(args.worker[1]), int(args.worker[2])
        return scenarios(n, scale) if what == "scenarios" else worker(what, n, scale)
    if args.shapes:
        return shapes(scale)
    out = {"cores": os.cpu_count(), "load": os.getloadavg()[0]}
    for what in ("simulate", "fit"):
        one, two = (asked("--worker", what, n, scale) for n in (1, 2))
        out[what] = {"1": one, "2": two, "ratio": one["wall"] / two["wall"], "goal": 1.8}
    spent = asked("--worker", "scenarios", 2 if args.small else 10, scale)
    out["scenarios"] = {"first": spent[0], "extra": max(spent[1:]), "goal": 0.5, "each": spent}
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
