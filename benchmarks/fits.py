"""Fits of a cohort: accuracy and time against what labs do, growth, memory, other models.

`python benchmarks/fits.py` prints all of it, `python benchmarks/fits.py table` one part. Times
are CPU seconds of one core. All methods minimise the same loss, which is checked first; the best
loss known of a subject is the least over all methods and over our solver from more starts.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import _bandit
import numpy as np
from _timing import fastest, peak_memory

from jaxda import platform


PARTS = ("table", "growth", "memory", "models")
SUBJECTS, TRIALS, RESTARTS = 1_000, 200, 8
# Solver, precision, most steps and tolerance: an optimiser of the first order needs more.
OURS = {
    "jaxda fisher, float32": ("fisher", 32, 200, 1e-5),
    "jaxda fisher, float64": ("fisher", 64, 200, 1e-5),
    "jaxda lbfgs, float64": ("lbfgs", 64, 200, 1e-5),
    "jaxda adam, float64": ("adam", 64, 500, 1e-5),
}
FISHER = tuple(name for name in OURS if "fisher" in name)
GROWTH = {"subjects": (500, 1_000, 2_000, 4_000), "trials": (100, 200, 400, 800)}
# Subjects that the slow methods are given; their times are per subject all the same.
FEW = {
    "jaxda lbfgs, float64": 200,
    "jaxda adam, float64": 200,
    "scipy + numpy": 2,
    "scipy + numba": 50,
    "numpyro NUTS": 2,
}
# Losses this close are the same optimum, nats.
SAME = 1e-3


class Fitted(NamedTuple):
    """Coordinates `[restarts, units, free]` and losses `[restarts, units]` of a solver."""

    x: np.ndarray
    loss: np.ndarray


class Cohort(NamedTuple):
    """Everything that is needed to fit one model to simulated subjects, as host arrays."""

    model: str
    habits: tuple[str, ...]
    free: tuple[str, ...]
    env: Any
    events: Any
    starts: np.ndarray

    def first(self, subjects: int) -> "Cohort":
        """The first few subjects."""
        import jax

        events = jax.tree.map(lambda x: x[..., :subjects], self.events)
        return self._replace(events=events, starts=self.starts[:, :subjects])

    def problem(self) -> Any:
        """The problem in the precision that JAX has now."""
        import jax
        import jax.numpy as jnp

        from jaxda.catalog import load
        from jaxda.fit.objective import Problem
        from jaxda.params import free
        from jaxda.rollout import Agent

        habits = {h: load("habits", h)() for h in self.habits}
        agent = Agent(load("models", self.model)(), habits=habits)
        n = self.starts.shape[1]
        events = jax.tree.map(jnp.asarray, self.events)
        return Problem(agent, events, jnp.arange(n), {}, self.env, free(agent, self.free), n)


def cohort(
    model: str,
    task: str,
    free_names: tuple[str, ...] = (),
    habits: tuple[str, ...] = (),
    *,
    subjects: int = SUBJECTS,
    trials: int = TRIALS,
    restarts: int = RESTARTS,
) -> Cohort:
    """Subjects drawn from the priors, who play, and starts drawn from the priors."""
    import jax

    from jaxda.catalog import load
    from jaxda.fit.estimate import starting_points
    from jaxda.keys import named_keys
    from jaxda.params import free, sample, unpack
    from jaxda.rollout import Agent, simulate

    agent = Agent(load("models", model)(), habits={h: load("habits", h)() for h in habits})
    names = [(f"subject {i}",) for i in range(subjects)]
    frees = free(agent, free_names or type(agent.model).free)
    playing = load("tasks", task)()

    truth = jax.vmap(lambda k: sample(frees, k))(named_keys(1, names))
    n_events = trials * playing.events_per_trial

    @jax.jit
    def play(keys, values):
        return simulate(agent, playing, keys, n_events, values, record=lambda e, r: e)

    events = play(named_keys(2, names), unpack(frees, truth))
    starts = starting_points(frees, 3, names, restarts)
    host = lambda tree: jax.tree.map(np.asarray, tree)
    found = tuple(f.name for f in frees)
    return Cohort(model, habits, found, playing.env, host(events), np.asarray(starts))


def q_family(**sizes: int) -> Cohort:
    """The five-parameter family of Q-learning on a bandit."""
    return cohort("q_learning", "bandit", _bandit.NAMES, ("perseveration",), **sizes)


def solve(data: Cohort, solver: str, precision: int, steps: int, tolerance: float) -> Fitted:
    """All subjects and starts of a cohort by one of our solvers."""
    import jax
    import jax.numpy as jnp

    from jaxda.catalog import load

    with jax.enable_x64(precision == 64):
        found = load("solvers", solver)().minimise(
            data.problem(), jnp.asarray(data.starts), steps=steps, tolerance=tolerance
        )
        return Fitted(np.asarray(found.x), np.asarray(found.value))


def timed_fits(cohorts: dict[str, Cohort], name: str) -> dict[str, dict[str, float]]:
    """Times of one method on several cohorts, interleaved."""
    run = lambda data: lambda: solve(data, *OURS[name])
    return fastest({n: run(data) for n, data in cohorts.items()}, rounds=3)


def natural(data: Cohort, x: np.ndarray) -> np.ndarray:
    """Natural values of coordinates, on a last axis."""
    frees = data.problem().frees
    return np.stack([np.asarray(f.domain.forward(x[..., i])) for i, f in enumerate(frees)], -1)


def exact(data: Cohort, x: np.ndarray) -> np.ndarray:
    """The loss at `[restarts, units, free]`, in double precision."""
    import jax

    problem = data.problem()
    return np.asarray(jax.jit(lambda x: jax.lax.map(problem.loss, x))(x.astype(float)))


def check_losses(
    data: Cohort, losses: dict[str, Callable], actions: np.ndarray, rewards: np.ndarray
) -> None:
    """Every method's loss is ours, at the starts of some subjects."""
    ours, p = exact(data, data.starts), natural(data, data.starts)
    worst = 0.0
    for s in range(10):
        for name, loss in losses.items():
            for r in range(len(p)):
                gap = abs(loss(p[r, s], actions[s], rewards[s]) - ours[r, s])
                worst = max(worst, gap)
                assert gap < 1e-8, f"{name}: the loss of subject {s} differs by {gap:g}"
    print(f"\nlosses of {', '.join(losses)} are ours: greatest difference {worst:.1e}")


def table() -> None:
    """Method by accuracy, time per subject and ratio."""
    data = q_family()
    actions, rewards = (np.ascontiguousarray(x.T) for x in (data.events.action, data.events.reward))
    losses: dict[str, Callable] = {"scipy + numpy": _bandit.numpy_loss}
    compiled = _bandit.numba_loss()
    if compiled is not None:
        losses["scipy + numba"] = compiled
    check_losses(data, losses, actions, rewards)

    found: dict[str, np.ndarray] = {}
    starts = natural(data, data.starts)

    def ours(name: str) -> Callable[[], Any]:
        def run() -> None:
            found[name] = solve(data.first(FEW.get(name, SUBJECTS)), *OURS[name]).x

        return run

    def lab(name: str) -> Callable[[], Any]:
        def run() -> None:
            fits = (
                _bandit.fit(losses[name], starts[:, s], actions[s], rewards[s])
                for s in range(FEW[name])
            )
            found[name] = np.stack([loss for _, loss in fits], axis=1)

        return run

    timed = fastest({name: ours(name) for name in OURS}, rounds=3)
    timed |= fastest({name: lab(name) for name in losses}, rounds=1)
    seconds = {name: t["cpu"] / FEW.get(name, SUBJECTS) for name, t in timed.items()}
    sample = _bandit.nuts(actions, rewards, draws=500)
    timed["numpyro NUTS"] = fastest({"": lambda: sample(0)}, rounds=FEW["numpyro NUTS"])[""]
    seconds["numpyro NUTS"] = timed["numpyro NUTS"]["cpu"]

    # Where each has come to, by one and the same loss.
    reached = {
        name: exact(data.first(x.shape[1]), x) if name in OURS else x for name, x in found.items()
    }
    more = q_family(restarts=4 * RESTARTS)
    many = exact(more, solve(more, *OURS["jaxda fisher, float64"]).x)
    best = np.nanmin(many, axis=0)
    for loss in reached.values():
        least = np.nanmin(loss, axis=0)
        best[: len(least)] = np.minimum(best[: len(least)], least)

    title = (
        f"{len(data.free)} parameters, {SUBJECTS} subjects x {TRIALS} trials x {RESTARTS} starts"
    )
    print(f"\n{title}: maximum a posteriori, one core")
    print(
        f"{'method':<24}{'subjects':>9}{'within 1e-3, %':>16}{'worst gap':>11}{'starts, %':>11}"
        f"{'ms/subject':>12}{'first, s':>10}{'x numpy':>10}{'x numba':>10}"
    )
    base = {b: seconds.get(f"scipy + {b}") for b in ("numpy", "numba")}
    for name, each in seconds.items():
        row = f"{name:<24}{FEW.get(name, SUBJECTS):>9}"
        if name in reached:
            gap = reached[name] - best[: reached[name].shape[1]]
            least = np.nanmin(gap, axis=0)
            row += f"{100 * np.mean(least <= SAME):>16.2f}{least.max():>11.1e}"
            row += f"{100 * np.mean(gap <= SAME):>11.1f}"
        else:
            row += f"{'posterior':>16}{'':>22}"
        row += f"{1e3 * each:>12.3f}{timed[name]['first']:>10.2f}"
        row += "".join(f"{b / each:>10.1f}" if b else f"{'-':>10}" for b in base.values())
        print(row)
    if compiled is None:
        print("scipy + numba: numba is not installed")
    few = ", ".join(f"{name} {n}" for name, n in FEW.items() if name in seconds)
    print(f"per subject, from a few of the same subjects: {few}; NUTS: 500 + 500 draws, one chain")


def growth() -> None:
    """Exponents of the time in subjects and in trials."""
    print()
    for what, sizes in GROWTH.items():
        data = {str(n): q_family(**{what: n}) for n in sizes}
        for name in FISHER:
            timed = timed_fits(data, name)
            cpu = np.array([timed[str(n)]["cpu"] for n in sizes])
            exponent = np.polyfit(np.log(sizes), np.log(cpu), 1)[0]
            each = " ".join(f"{n}: {c:.2f} s" for n, c in zip(sizes, cpu, strict=True))
            print(f"{name}, {what} {each}; exponent {exponent:.3f}", flush=True)


def memory() -> None:
    """Peak memory of a process that fits, less its data, for short and for long sessions."""
    print(f"\nPeak memory of a fit, {SUBJECTS} subjects x {RESTARTS} starts, float64, MiB")
    print(f"{'trials':>8}{'data':>10}{'before':>10}{'peak':>10}{'of the fit':>12}")
    for trials in (200, 2_000):
        line = subprocess.run(
            [sys.executable, __file__, "peak", "--trials", str(trials)],
            check=True,
            capture_output=True,
            text=True,
            cwd=Path(__file__).parent,
        ).stdout.splitlines()[-1]
        held, before, peak = map(float, line.split())
        print(f"{trials:>8}{held:>10.1f}{before:>10.1f}{peak:>10.1f}{peak - before:>12.1f}")


def peak(trials: int) -> None:
    """MiB of data, of the process before a fit of its data, and at its peak."""
    import jax

    # A small fit first: what compiling takes is no memory of a fit.
    solve(q_family(subjects=SUBJECTS, trials=40), *OURS["jaxda fisher, float64"])
    data = q_family(trials=trials)
    held = sum(x.nbytes for x in jax.tree.leaves(data.events)) / 2**20
    most = lambda: peak_memory() / 2**20
    before = most()
    solve(data, *OURS["jaxda fisher, float64"])
    print(held, before, most())


def models() -> None:
    """Other models against the Q family, per parameter squared and per event."""
    families = {
        "q_learning on bandit": q_family(),
        "opal on bandit": cohort("opal", "bandit"),
        "rlwm on set_size": cohort("rlwm", "set_size"),
        "two_step on two_step": cohort("two_step", "two_step"),
    }
    for name in FISHER:
        timed = timed_fits(families, name)
        print(f"\n{name}: {SUBJECTS} subjects x {TRIALS} trials x {RESTARTS} starts")
        print(
            f"{'model':<24}{'free':>6}{'events':>8}{'ms/subject':>12}{'first, s':>10}"
            f"{'x Q / free^2':>14}{'and / event':>13}"
        )
        base = None
        for family, data in families.items():
            n, events = len(data.free), data.events.valid.shape[0]
            each = timed[family]["cpu"] / SUBJECTS
            base = base or (each / n**2, events)
            ratio = each / n**2 / base[0]
            print(
                f"{family:<24}{n:>6}{events:>8}{1e3 * each:>12.3f}{timed[family]['first']:>10.2f}"
                f"{ratio:>14.2f}{ratio * base[1] / events:>13.2f}"
            )


def main() -> None:
    """Print the parts that are asked for, or all."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("parts", nargs="*", default=PARTS, choices=(*PARTS, "peak"))
    asked.add_argument("--trials", type=int, default=TRIALS)
    given = asked.parse_args()
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        # A second thread of the linear algebra would spin, and be counted.
        os.execve(
            sys.executable, [sys.executable, *sys.argv], os.environ | {"OPENBLAS_NUM_THREADS": "1"}
        )
    platform.configure(precision=64)
    for part in given.parts:
        peak(given.trials) if part == "peak" else globals()[part]()


if __name__ == "__main__":
    main()
