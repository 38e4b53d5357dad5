"""How the error of TD(lambda) travels along a delay line: exact laws."""

from math import comb

import numpy as np


def jumps(n: int, k: int, alpha: float, lam: float) -> float:
    """P(S_n = k): where a reward's error stands after `n` trials, `k` states back.

    In each trial it jumps back with probability `alpha`, over a geometric number of states
    with mean 1 / (1 - lam). The generating function over k is
    [1 - alpha + alpha (1 - lam) z / (1 - lam z)]^n; with lam = 0 the law is binomial.
    """
    if k == 0:
        return (1 - alpha) ** n
    return sum(
        comb(n, m)
        * alpha**m
        * (1 - alpha) ** (n - m)
        * comb(k - 1, m - 1)
        * (1 - lam) ** m
        * lam ** (k - m)
        for m in range(1, min(n, k) + 1)
    )


def errors(n_trials: int, delay: int, alpha: float, gamma: float, lam: float) -> np.ndarray:
    """Errors `[trials, delay + 2]` of an unpredictable cue and a reward of 1, from V = 0.

    Column 0 is the error on entering the cue, gamma^(delay + 1) P(S_n > delay); column
    delay + 1 - k is the error k states before the reward, gamma^k P(S_n = k).
    """
    out = np.empty((n_trials, delay + 2))
    for n in range(n_trials):
        law = np.array([jumps(n, k, alpha, lam) for k in range(delay + 1)])
        out[n, 1:] = (gamma ** np.arange(delay + 1) * law)[::-1]
        out[n, 0] = gamma ** (delay + 1) * (1 - law.sum())
    return out


def interior_bump(alpha: float, gamma: float, lam: float) -> float:
    """The highest error that ever stands between cue and reward, for a reward of 1.

    It is reached one state before the reward: max over trials n of
    gamma (1 - lam) n alpha (1 - alpha)^(n - 1), close to gamma (1 - lam) / e.
    """
    # n alpha (1 - alpha)^(n - 1) grows while n < 1 / alpha.
    n = np.arange(1, int(np.ceil(1 / alpha)) + 2)
    return float(gamma * (1 - lam) * np.max(n * alpha * (1 - alpha) ** (n - 1)))
