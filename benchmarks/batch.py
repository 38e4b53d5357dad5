"""A batch of a million Q-learning sessions of 200 trials, from its configuration to its table.

Against the rollout that stores every trial, `vmap(scan)`, and the number of a plain session.
"""

import sys
import tempfile
import time
from pathlib import Path

from _rollouts import rollouts
from _timing import fastest, peak_memory, show

from jaxda import config, platform


TRIALS = 200
# Sessions of what is measured for comparison.
FEW = 57_600


def batch(sessions: int) -> config.Config:
    """Ten values of either parameter."""
    return config.load(
        overrides={
            "title": "A million sessions",
            "seed": 1,
            "precision": 32,
            "models": {"q": {"model": "q_learning"}},
            "batch": {
                "million": {
                    "models": ["q"],
                    "tasks": {"easy": "bandit"},
                    "trials": TRIALS,
                    "parameters": {
                        "alpha_pos=alpha_neg": [0.05 * (i + 1) for i in range(10)],
                        "beta": [0.5 * (i + 1) for i in range(10)],
                    },
                    "replicates": sessions // 100,
                }
            },
        }
    )


def main() -> None:
    """Print nanoseconds per trial and session, and the peak of memory."""
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    platform.configure(precision=32)
    from jaxda.batch.run import run
    from jaxda.layout import Layout

    def spent(n: int, folder: str) -> float:
        begun = time.process_time()
        run(batch(n), "million", Layout(Path(folder) / f"{n} {begun}"))
        return time.process_time() - begun

    with tempfile.TemporaryDirectory() as folder:
        # Once, so that compiled programs lie in the cache.
        spent(sessions // 4, folder)
        some, all_ = (min(spent(n, folder) for _ in range(3)) for n in (sessions // 4, sessions))
    peak = peak_memory() / 2**30
    # Tracing, loading the program and the like take as long for a quarter.
    each = (all_ - some) / (sessions - sessions // 4) / TRIALS * 1e9
    print(f"batch of {sessions:,} sessions x {TRIALS} trials, float32, one core")
    print(f"{all_:.2f} s of CPU, {all_ / sessions / TRIALS * 1e9:.2f} ns per trial x session")
    print(f"without what is spent once: {each:.2f} ns; peak {peak:.2f} GiB")
    played = rollouts(FEW, TRIALS, 960)
    stored = {"stored (lanes)": played.lanes, "stored (vmap(scan))": played.one_by_one}
    timed = fastest(stored)
    timed["batch"] = {"first": float("nan"), "cpu": each * 1e-9 * FEW * TRIALS}
    show("Beside it", timed, FEW * TRIALS, "trial x session", "stored (vmap(scan))")


if __name__ == "__main__":
    main()
