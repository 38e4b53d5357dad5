"""What a GPU gives, against one core of this machine; runs on any platform and prints JSON.

`--small` only shows that it runs. The CPU numbers come from a process of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import time


def seconds(run, rounds):
    """Least wall seconds of some rounds after a first."""
    import jax

    jax.block_until_ready(run())
    took = float("inf")
    for _ in range(rounds):
        at = time.perf_counter()
        jax.block_until_ready(run())
        took = min(took, time.perf_counter() - at)
    return took


def measured(precision, batches, subjects, trials, rounds):
    """Rates on the default device of this process, and numbers to compare."""
    from jaxda import platform

    platform.configure(precision)
    import equinox as eqx
    import jax
    import jax.numpy as jnp
    import numpy as np
    from _timing import peak_memory
    from devices import cohort

    from jaxda.catalog import load
    from jaxda.fit.estimate import starting_points
    from jaxda.keys import named_keys
    from jaxda.rollout import simulate

    agent, task, _, problem = cohort(subjects, trials)
    out = {"platform": jax.default_backend(), "device": jax.devices()[0].device_kind}
    total = jax.jit(
        lambda keys: jnp.sum(
            simulate(agent, task, keys, trials, record=lambda event, _: event.reward), axis=0
        )
    )
    out["rollouts_per_s"] = {}
    for n in batches:
        keys = named_keys(2, [(str(i),) for i in range(n)])
        took = seconds(lambda keys=keys: total(keys), rounds)
        out["rollouts_per_s"][n] = n / took
    starts = starting_points(problem.frees, 1, [(str(u),) for u in range(subjects)], 2)
    gradient = eqx.filter_jit(lambda p, x: p.value_and_grad(x))
    took = seconds(lambda: gradient(problem, starts[0]), rounds)
    out["gradient_ns_per_trial"] = took / subjects / trials * 1e9
    solver = load("solvers", "fisher")()
    tolerance = 1e-5 if precision == 64 else 1e-3
    fit = lambda: solver.minimise(problem, starts, steps=60, tolerance=tolerance)
    out["fits_per_s"] = subjects / seconds(fit, 1)

    # Of a learner that is linear in its state, v' = (1 - alpha) v + alpha r needs no loop.
    alpha, rewards = 0.1, jnp.cos(jnp.arange(trials * subjects)).reshape(trials, subjects)
    decay, gain = jnp.full_like(rewards, 1 - alpha), alpha * rewards
    join = lambda a, b: (a[0] * b[0], a[1] * b[0] + b[1])
    whole = jax.jit(lambda d, g: jax.lax.associative_scan(join, (d, g))[1])
    step = lambda v, at: (at[0] * v + at[1],) * 2
    looped = jax.jit(lambda d, g: jax.lax.scan(step, jnp.zeros_like(g[0]), (d, g))[1])
    apart = float(jnp.max(jnp.abs(whole(decay, gain) - looped(decay, gain))))
    out["linear"] = {
        "associative_ns": seconds(lambda: whole(decay, gain), rounds) / rewards.size * 1e9,
        "scan_ns": seconds(lambda: looped(decay, gain), rounds) / rewards.size * 1e9,
        "apart": apart,
    }
    memory = jax.devices()[0].memory_stats() or {}
    out["peak_bytes"] = memory.get("peak_bytes_in_use", peak_memory())
    value, slope = gradient(problem, jnp.full(starts[0].shape, 0.1))
    # The cohort is the same only where the same choices were drawn.
    out["actions"] = np.asarray(problem.events.action).sum(axis=0)[:64].tolist()
    out["loss"], out["gradient"] = np.asarray(value)[:64].tolist(), np.asarray(slope)[:64].tolist()
    return out


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="only to see that it runs")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    sizes = ((1024, 16_384, 131_072, 1_048_576), 4096, 200, 5)
    if args.small:
        sizes = ((16, 64), 16, 24, 1)
    if args.worker:
        print(json.dumps(measured(args.worker, *sizes)))
        return

    def asked(precision, **env):
        words = [sys.executable, __file__, "--worker", str(precision)]
        words += ["--small"] if args.small else []
        run = subprocess.run(
            words, env={**os.environ, **env}, check=True, capture_output=True, text=True
        )
        return json.loads(run.stdout.splitlines()[-1])

    here, core = asked(32), asked(32, JAX_PLATFORMS="cpu")
    exact = asked(64, JAX_PLATFORMS="cpu")
    same = [i for i, a in enumerate(exact["actions"]) if here["actions"][i] == a]
    off = lambda name: max(
        abs(x - y) / max(1.0, abs(y))
        for i in same
        for x, y in zip(
            *(v if isinstance(v, list) else [v] for v in (here[name][i], exact[name][i])),
            strict=True,
        )
    )
    best = lambda x: max(x["rollouts_per_s"].values())
    out = {k: v for k, v in here.items() if k not in ("actions", "loss", "gradient")}
    out["float32_against_x64_cpu"] = {"loss": off("loss"), "gradient": off("gradient")}
    out["times_a_core"] = {
        "rollout": best(here) / best(core),
        "gradient": core["gradient_ns_per_trial"] / here["gradient_ns_per_trial"],
        "fit": here["fits_per_s"] / core["fits_per_s"],
    }
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
