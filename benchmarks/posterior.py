"""NUTS on the two-armed bandit: whole processes, what they reach, and the error of means."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("JAXDA_DATA", ROOT.parent / "shared" / "data"))
# What a fit has to reach, and what the best of other tools reach in 39-203 CPU-s.
GOALS = {"alpha": 0.066, "beta": 0.53}


def sample(candidate: str) -> None:
    """Read, sample and score in this process; print what was found as one line of numbers."""
    from jaxda import platform

    platform.configure()
    import jax.numpy as jnp
    import numpy as np

    from jaxda import agents, config, stages
    from jaxda.data import covariates, reader, sessions
    from jaxda.fit.objective import Problem
    from jaxda.fit.posterior import group_of, sample_posterior

    where = {"datasets": {"syn2arm": {"path": str(DATA / "syn2arm.csv")}}}
    checked = config.load(ROOT / "config" / "examples" / "syn2arm.yaml", overrides=where)
    data = sessions.from_table(reader.read(checked.datasets["syn2arm"], "syn2arm"))
    names, owner = sessions.units(data.labels, "subject")
    agent = stages.build_agent(checked, candidate)
    frees = agents.frees(checked.models[candidate], agent)
    problem = Problem(agent, data.events, jnp.asarray(owner), {}, data.env, frees, len(names))
    group = group_of(frees, covariates.design({}, [n[1] for n in names]))
    out = sample_posterior(problem, group, seed=1)

    truth = np.genfromtxt(DATA / "syn2arm_truth.csv", delimiter=",", names=True)
    order = [int(np.flatnonzero(truth["subjID"] == int(n[1]))[0]) for n in names]
    mean = out.values().mean(axis=(0, 1))
    errors = [
        np.sqrt(np.mean((mean[:, i] - truth[column][order]) ** 2)) for i, column in enumerate(GOALS)
    ]
    found = out.diagnostics
    rhat = max(float(each.max()) for each in found.rhat.values())
    ess = [min(float(e.min()) for e in each.values()) for each in (found.ess_bulk, found.ess_tail)]
    print(*errors, rhat, *ess, found.divergences, out.x.shape[1], out.stats["n_steps"].mean())
    print(*found.failures, sep="\n", file=sys.stderr)


def main() -> None:
    """Print errors, diagnostics and times, without and with compiled programs kept."""
    print("\nNUTS, hierarchical, 2 parameters, 40 subjects x 200 trials (syn2arm), 4 chains")
    heads = ("RMSE alpha", "RMSE beta", "R-hat", "bulk ESS", "tail ESS", "diverged", "draws")
    heads = (*heads, "steps", "process, s", "CPU, s")
    print(f"{'beta':<18}" + "".join(f"{h:>11}" for h in heads))
    for name, candidate in (("below 10", "q_bounded"), ("unbounded", "q")):
        with tempfile.TemporaryDirectory() as cache:
            for state in ("cold", "warm"):
                begun, spent = time.perf_counter(), sum(os.times()[2:4])
                words = [sys.executable, __file__, candidate]
                env = {**os.environ, "XDG_CACHE_HOME": cache}
                run = subprocess.run(words, env=env, check=True, capture_output=True, text=True)
                whole, cpu = time.perf_counter() - begun, sum(os.times()[2:4]) - spent
                alpha, beta, rhat, *rest = map(float, run.stdout.split())
                cells = [f"{alpha:.4f}", f"{beta:.4f}", f"{rhat:.4f}"]
                cells += [f"{each:.0f}" for each in rest[:-1]]
                cells += [f"{rest[-1]:.1f}", f"{whole:.1f}", f"{cpu:.1f}"]
                print(f"{name + ', ' + state:<18}" + "".join(f"{c:>11}" for c in cells))
                told = [line for line in run.stderr.splitlines() if "not" in line]
                print(*told, sep="\n") if told else None
    print("goal: " + ", ".join(f"{n} {v}" for n, v in GOALS.items()), end="; ")
    print("R-hat below 1.01 and ESS above 400 within 60 s")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sample(sys.argv[1])
    else:
        main()
