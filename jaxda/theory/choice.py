"""What learners of choices settle on: closed forms."""

import math
from collections.abc import Sequence

import numpy as np


Numbers = float | Sequence[float] | np.ndarray


def asymmetric_value(p: Numbers, plus: float, minus: float) -> np.ndarray:
    """Mean value of a reward of 1 with probability `p` that is learned at two rates.

    Q* = plus p / (plus p + minus (1 - p)). Errors are positive where the reward came and
    negative where it did not, so the mean obeys a linear equation and this is exact
    (Mihatsch & Neuneier 2002; Niv et al. 2012).
    """
    gain, loss = plus * np.asarray(p, float), minus * (1 - np.asarray(p, float))
    return np.asarray(gain / (gain + loss))


def expectile(values: Numbers, p: Numbers, tau: float) -> float:
    """The `tau`-expectile of `values` with probabilities `p`.

    The e with tau E[(X - e)+] = (1 - tau) E[(e - X)+] (Newey & Powell 1987), exact: between two
    neighbouring values the condition is linear.
    """
    x, weight = np.asarray(values, float), np.asarray(p, float)
    for low in np.sort(x):
        share = weight * np.where(x > low, tau, 1 - tau)
        e = float(share @ x / share.sum())
        above = x[x > low]
        if e >= low and (not above.size or e <= above.min()):
            return e
    raise ValueError("no expectile: values and probabilities do not fit.")


def sure_value(n: Numbers, reward: float, alpha: float) -> np.ndarray:
    """Value after `n` sure rewards from 0, r (1 - (1 - alpha)^n)."""
    return np.asarray(reward * (1 - (1 - alpha) ** np.asarray(n, float)))


def forgetting_value(c: Numbers, alpha: float, forget: float) -> np.ndarray:
    """Mean value of a sure reward of 1 that is chosen with probability `c`, else forgotten.

    Q* = c alpha / (c alpha + (1 - c) forget), decay being toward 0.
    """
    c = np.asarray(c, float)
    return np.asarray(c * alpha / (c * alpha + (1 - c) * forget))


def choose_a(logits: Numbers) -> float:
    """Probability of taking A over C to F, for logits of the items A to F."""
    worth = np.asarray(logits, float)
    return float(np.mean(1 / (1 + np.exp(worth[2:] - worth[0]))))


def avoid_b(logits: Numbers) -> float:
    """Probability of not taking B when it is shown with C to F, for logits of A to F."""
    worth = np.asarray(logits, float)
    return float(np.mean(1 / (1 + np.exp(worth[1] - worth[2:]))))


def walk_sd(lam: float, sigma_d: float) -> float:
    """Sd in the long run of mean <- lam mean + N(0, sigma_d^2)."""
    return sigma_d / math.sqrt(1 - lam**2)


def kalman_variance(lam: float, sigma_o: float, sigma_d: float) -> float:
    """Variance before each outcome, in the long run, of an arm that is always observed.

    The positive root of v = lam^2 v s / (v + s) + sigma_d^2 with s = sigma_o^2 (Riccati).
    """
    s, d = sigma_o**2, sigma_d**2
    half = (s * (1 - lam**2) - d) / 2
    return -half + math.sqrt(half**2 + d * s)


def kalman_gain(lam: float, sigma_o: float, sigma_d: float) -> float:
    """Gain in the long run of an arm that is always observed."""
    v = kalman_variance(lam, sigma_o, sigma_d)
    return v / (v + sigma_o**2)


def daw_lambda(lam: float, alpha2: float) -> float:
    """The eligibility that, with both errors taken before learning, does what `lam` does after.

    Taken after the second stage has learned, the outcome's error is (1 - alpha2) of what it was.
    """
    return lam * (1 - alpha2)


def edge_value(gamma: float, reward: float, fall: float, slip: float) -> float:
    """Value of walking to an edge where the next step goes wrong with probability `slip`."""
    return gamma * ((1 - slip) * reward + slip * fall)


def grid_values(size: int, gamma: float, reward: float = 1.0) -> np.ndarray:
    """Best values of the places of a square with its goal in the last corner, gamma^(d - 1) r.

    d is the number of steps to the goal; the value of the goal itself is 0.
    """
    row, column = np.divmod(np.arange(size**2), size)
    steps = 2 * (size - 1) - row - column
    return np.where(steps > 0, reward * gamma ** np.maximum(steps - 1.0, 0.0), 0.0)


def action_error(q: Numbers) -> np.ndarray:
    """Mean size of the error of the action taken, of two taken with q and 1 - q: 2 q (1 - q)."""
    q = np.asarray(q, float)
    return np.asarray(2 * q * (1 - q))
