"""A day of levodopa for a thousand virtual patients, and steady states with their gradients."""

import os
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from _timing import fastest, show

from jaxda import platform


PATIENTS, HOURS, EVERY = 1_000, 24, 5.0
SETS = 100_000
ROUNDS = 5


def main() -> None:
    """Print seconds on the clock and of CPU, with what is wanted of them."""
    platform.configure()
    day, points = _day()
    steady, gradient = _steady()
    runs = {
        f"24 h, {PATIENTS} patients": (day, 2.0),
        f"steady state, {SETS} sets": (steady, 1.0),
        "the same and its gradient": (gradient, 1.0),
    }
    title = f"Levodopa and kinetics, {os.cpu_count()} cores, float64"
    timed = fastest({name: run for name, (run, _) in runs.items()}, ROUNDS)
    first, *others = runs
    show(f"{title}, a day", {first: timed[first]}, points, "point", first)
    show(title, {k: timed[k] for k in others}, SETS, "set", others[0])
    print(f"\n{'run':<34}{'wall s, warm':>14}{'CPU s':>10}{'goal, wall s':>14}")
    for name, (run, goal) in runs.items():
        wall = min(_wall(run) for _ in range(ROUNDS))
        print(f"{name:<34}{wall:>14.3f}{timed[name]['cpu']:>10.3f}{goal:>14.1f}")


def _wall(run) -> float:
    begun = time.perf_counter()
    jax.block_until_ready(run())
    return time.perf_counter() - begun


def _spread(key, n: int, value: float):
    return value * jnp.exp(0.2 * jr.normal(key, (n,)))


def _day():
    """Plasma, effect site, filling of vesicles, tonic dopamine and drive, every five minutes."""
    from jaxda.dopamine.kinetics import region, steady_state
    from jaxda.dopamine.levodopa import Levodopa, Response, day, precursor
    from jaxda.dopamine.transfer import Transfer

    keys = jr.split(jr.key(0), 8)
    n = PATIENTS
    pk = {
        name: _spread(k, n, float(getattr(Levodopa(), name)))
        for name, k in zip(("clearance", "k12", "k21"), keys[:3], strict=True)
    }
    pd = {
        name: _spread(k, n, value)
        for (name, value), k in zip(
            {"half_life": 60.0, "ec50": 0.6, "hill": 2.0}.items(), keys[3:6], strict=True
        )
    }
    survivors = jr.uniform(keys[6], (n,), minval=0.05, maxval=0.5)
    minutes = jnp.arange(0, 60 * HOURS + EVERY, EVERY)
    taken = 240.0 * jnp.arange(5.0)
    base = region("ds", "calibrated")

    @eqx.filter_jit
    def run(pk, pd, survivors):
        def patient(pk, pd, f):
            course = day(minutes, taken, jnp.full(5, 100.0), Response(**pd), Levodopa(**pk))
            tissue = base.replace(survivors=f, precursor=precursor(course.site))
            tonic = steady_state(tissue, 4.0)
            return course.effect, tonic, Transfer()(tonic)

        return jax.vmap(patient)(pk, pd, survivors)

    return lambda: run(pk, pd, survivors), n * minutes.size


def _steady():
    """The level of many constants, and its derivative by seven of them."""
    from jaxda.dopamine.kinetics import region, steady_state

    base = region("ds", "calibrated")
    names = ("vmax", "release", "km", "k_out", "gain", "ec50", "survivors")
    keys = jr.split(jr.key(1), len(names))
    sets = {
        name: _spread(k, SETS, float(getattr(base, name)))
        for name, k in zip(names[:-1], keys, strict=False)
    }
    sets["survivors"] = jr.uniform(keys[-1], (SETS,), minval=0.05, maxval=1.0)
    level = lambda given: steady_state(base.replace(**given), 4.0)
    value = jax.jit(level)
    both = jax.jit(lambda given: jax.value_and_grad(lambda g: level(g).sum())(given))
    return lambda: value(sets), lambda: both(sets)


if __name__ == "__main__":
    main()
