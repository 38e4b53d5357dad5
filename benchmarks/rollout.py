"""Rollout of Q-learning on a two-armed bandit: lanes against vmap(scan) and a numpy loop."""

import numpy as np
from _rollouts import rollouts
from _timing import fastest, show

from jaxda import platform


SESSIONS, TRIALS, TILE = 10_000, 1_000, 1_000


def main() -> None:
    """Print nanoseconds per trial and session, with ratios of one run."""
    platform.configure(precision=32)
    played = rollouts(SESSIONS, TRIALS, TILE)
    few = 20

    def loop():
        rng = np.random.default_rng(0)
        a, b = np.asarray(played.alpha), np.asarray(played.beta)
        for s in range(few):
            q = np.full(2, 0.5)
            for _ in range(TRIALS):
                p = np.exp(b[s] * q)
                action = int(rng.random() * p.sum() > p[0])
                reward = float(rng.random() < (0.7, 0.3)[action])
                q[action] += a[s] * (reward - q[action])

    timed = fastest({"lanes (jaxda)": played.lanes, "vmap(scan)": played.one_by_one})
    slow = fastest({"numpy loop": loop}, rounds=1)["numpy loop"]
    timed["numpy loop"] = {"first": slow["first"], "cpu": slow["cpu"] * SESSIONS / few}
    title = f"Rollout, {SESSIONS} sessions x {TRIALS} trials, float32, one core"
    show(title, timed, SESSIONS * TRIALS, "trial x session", "vmap(scan)")


if __name__ == "__main__":
    main()
