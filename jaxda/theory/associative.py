"""Where the Rescorla-Wagner rule ends (Rescorla & Wagner 1972), and how it scatters there."""

from collections.abc import Sequence

import numpy as np


def limit(
    compounds: Sequence[Sequence[float]],
    rewards: Sequence[float],
    start: Sequence[float],
    salience: Sequence[float] | None = None,
) -> np.ndarray:
    """Strengths `[stimuli]` after endless trials of `compounds [types, stimuli]` in any order.

    Where some strengths predict every type of trial exactly, learning ends at the nearest such
    point to `start`, in the metric of 1 / salience: w = w0 + S X' (X S X')^+ (r - X w0), with
    X the compounds and S the diagonal of saliences.
    """
    x, w = np.asarray(compounds, float), np.asarray(start, float)
    s = np.diag(np.ones(len(w)) if salience is None else np.asarray(salience, float))
    return w + s @ x.T @ np.linalg.pinv(x @ s @ x.T) @ (np.asarray(rewards, float) - x @ w)


def scatter(alpha: float, p: float) -> float:
    """Stationary variance of V, alpha / (2 - alpha) p (1 - p), on a reward of 1 with chance `p`.

    V is a sum of past rewards with weights alpha (1 - alpha)^k, and their squares add up to
    alpha / (2 - alpha).
    """
    return alpha / (2 - alpha) * p * (1 - p)
