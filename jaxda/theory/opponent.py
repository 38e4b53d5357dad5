"""Opponent actors, Go and NoGo: where their weights go in the long run."""

import math

import numpy as np


def collapse_rate(p: float, alpha: float, sign: float = 1.0) -> float:
    """Mean change per trial of log G of OpAL once its critic knows `p`; of log N with sign -1.

    E[log(1 + alpha delta)] = p log(1 + alpha (1 - p)) + (1 - p) log(1 - alpha p), about
    -alpha^2 p (1 - p) / 2: never positive (Moller & Bogacz 2019).
    """
    return p * math.log1p(sign * alpha * (1 - p)) + (1 - p) * math.log1p(-sign * alpha * p)


def half_life(p: float, alpha: float, sign: float = 1.0) -> float:
    """Trials in which a weight halves at the rate of `collapse_rate`."""
    return -math.log(2) / collapse_rate(p, alpha, sign)


def payoff_cost(
    payoff: float, cost: float, alpha: float, epsilon: float, lam: float
) -> tuple[float, float]:
    """G and N after the payoff, where every trial has a `cost` and then a `payoff`.

    Exact for the rule of Moller & Bogacz (2019) with equal rates, as long as the prediction
    (G - N) / 2 stays between -cost and payoff and no weight meets its floor. Difference and
    sum obey linear recursions: the difference D with slope q = 1 - lam - alpha (1 + epsilon) / 2,
    the sum with slope 1 - lam.
    """
    q, g = 1 - lam - alpha * (1 + epsilon) / 2, alpha * (1 + epsilon)
    late = g * (payoff - q * cost) / (1 - q**2)
    early = q * late - g * cost
    pushed = (1 - lam) * (cost + late / 2) + payoff - early / 2
    total = alpha * (1 - epsilon) * pushed / (1 - (1 - lam) ** 2)
    return (total + late) / 2, (total - late) / 2


def payoff_cost_slow(
    payoff: float, cost: float, alpha: float, epsilon: float, lam: float
) -> tuple[float, float]:
    """The limit of `payoff_cost` for small steps.

    G - N = (p - c) k / (1 + k) with k = alpha (1 + epsilon) / (2 lam), and G + N =
    alpha (1 - epsilon) (p + c) / (2 lam): with epsilon = 1 - 2 lam / alpha and lam much smaller
    than alpha, G is the payoff and N the cost.
    """
    k = alpha * (1 + epsilon) / (2 * lam)
    difference = (payoff - cost) * k / (1 + k)
    total = alpha * (1 - epsilon) * (payoff + cost) / (2 * lam)
    return (total + difference) / 2, (total - difference) / 2


def mean_and_spread(mean: float, sd: float, alpha: float, lam: float) -> tuple[float, float]:
    """Mean G - N and mean G + N of actor uncertainty, for Gaussian rewards.

    G - N is a leaky average of reward, so it is Gaussian with mean mu alpha / (alpha + lam) and
    variance (alpha sd)^2 / (1 - (1 - alpha - lam)^2). The error is then Gaussian too, and the sum
    is alpha E|delta| / lam with the mean of a folded normal (Mikhael & Bogacz 2016).
    """
    difference = mean * alpha / (alpha + lam)
    wander = (alpha * sd) ** 2 / (1 - (1 - alpha - lam) ** 2)
    m, s = mean - difference, math.sqrt(sd**2 + wander)
    size = abs(m)
    if s:
        z = m / s
        density = math.exp(-(z**2) / 2) * math.sqrt(2 / math.pi)
        size = s * density + m * math.erf(z / math.sqrt(2))
    return difference, alpha * size / lam


def half_wave_growth(p: float, alpha: float) -> float:
    """Growth per trial of an additive weight that takes errors of one sign, once V = `p`."""
    return alpha * p * (1 - p)


def additive_gap(
    errors: np.ndarray, beta: float, rho: float, alpha_g: float, alpha_n: float
) -> np.ndarray:
    """Act after `errors [trials, ...]` where actors add errors without a Hebbian factor.

    beta ((1 + rho) (1 + alpha_g S) - (1 - rho) (1 - alpha_n S)) with S the sum of the errors: of
    the difference between two items only beta ((1 + rho) alpha_g + (1 - rho) alpha_n) can be known.
    """
    total = np.sum(errors, axis=0)
    return beta * ((1 + rho) * (1 + alpha_g * total) - (1 - rho) * (1 - alpha_n * total))
