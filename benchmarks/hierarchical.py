"""Empirical Bayes on the two-armed bandit: error of posterior means, and the whole process."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("JAXDA_DATA", ROOT.parent / "shared" / "data"))
VARIANTS = {"Laplace": 0, "weighted points": 256}
# What a fit has to reach, and what the best of other tools reach in 39-203 CPU-s.
GOALS = {"alpha": 0.066, "beta": 0.53}


def fit(points: int) -> None:
    """Read, fit and score in this process; print what was found as one line of numbers."""
    from jaxda import platform

    platform.configure()
    import jax.numpy as jnp
    import numpy as np

    from jaxda import agents, config, stages
    from jaxda.data import covariates, reader, sessions
    from jaxda.fit.hierarchical import hierarchical
    from jaxda.fit.objective import Problem

    where = {"datasets": {"syn2arm": {"path": str(DATA / "syn2arm.csv")}}}
    checked = config.load(ROOT / "config" / "examples" / "syn2arm.yaml", overrides=where)
    data = sessions.from_table(reader.read(checked.datasets["syn2arm"], "syn2arm"))
    names, owner = sessions.units(data.labels, "subject")
    agent = stages.build_agent(checked, "q_bounded")
    frees = agents.frees(checked.models["q_bounded"], agent)
    problem = Problem(agent, data.events, jnp.asarray(owner), {}, data.env, frees, len(names))
    design = covariates.design({}, [n[1] for n in names])
    begun = time.perf_counter()
    group = hierarchical(problem, names, design, points=points)
    first = time.perf_counter() - begun
    begun = time.perf_counter()
    hierarchical(problem, names, design, points=points)
    again = time.perf_counter() - begun

    truth = np.genfromtxt(DATA / "syn2arm_truth.csv", delimiter=",", names=True)
    order = [int(np.flatnonzero(truth["subjID"] == int(n[1]))[0]) for n in names]
    errors = [
        np.sqrt(np.mean((each[:, i] - truth[column][order]) ** 2))
        for each in (group.natural, group.value)
        for i, column in enumerate(GOALS)
    ]
    print(*errors, group.log_evidence, len(group.trace), float(group.converged), first, again)


def main() -> None:
    """Print errors and times of whole processes, without and with compiled programs kept."""
    print("\nEmpirical Bayes, 2 parameters, 40 subjects x 200 trials (syn2arm)")
    heads = ("mean alpha", "mean beta", "mode alpha", "mode beta", "evidence", "process, s")
    print(f"{'variant':<26}" + "".join(f"{h:>12}" for h in (*heads, "fit, s", "again, s")))
    for name, points in VARIANTS.items():
        with tempfile.TemporaryDirectory() as cache:
            for state in ("cold", "warm"):
                begun = time.perf_counter()
                words = [sys.executable, __file__, str(points)]
                env = {**os.environ, "XDG_CACHE_HOME": cache}
                run = subprocess.run(words, env=env, check=True, capture_output=True, text=True)
                whole = time.perf_counter() - begun
                *errors, evidence, rounds, converged, first, again = map(float, run.stdout.split())
                cells = [*(f"{e:.4f}" for e in errors), f"{evidence:.2f}", f"{whole:.2f}"]
                cells += [f"{first:.2f}", f"{again:.2f}"]
                print(f"{name + ', ' + state:<26}" + "".join(f"{c:>12}" for c in cells))
                if not converged:
                    print(f"not converged in {rounds:g} rounds")
    print("goal: " + ", ".join(f"{n} {v}" for n, v in GOALS.items()) + "; process cold 10 s")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        fit(int(sys.argv[1]))
    else:
        main()
