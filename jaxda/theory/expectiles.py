"""What a population of channels with different optimisms knows of a distribution.

The tau-expectile e of X balances its surprises, tau E[(X - e)+] = (1 - tau) E[(e - X)+]
(Newey & Powell 1987, Econometrica 55:819; Dabney et al. 2020, Nature 577:671); the
tau-quantile balances their number. Distributions are `sizes` with `odds`, in ascending order.
"""

from collections.abc import Callable
from math import erf, exp, pi, sqrt
from typing import NamedTuple

import numpy as np


def expectiles(sizes: np.ndarray, odds: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """Expectiles of a discrete distribution, sizes in ascending order, exactly.

    Between neighbouring sizes the defining equation is linear in the expectile, so the one
    candidate that lies in its own interval is the answer.
    """
    above = np.arange(len(sizes))[None] > np.arange(len(sizes))[:, None]
    weight = np.where(above, tau[:, None, None], 1 - tau[:, None, None]) * odds
    candidate = (weight * sizes).sum(axis=-1) / weight.sum(axis=-1)
    below = candidate < np.append(sizes[1:], np.inf)
    return candidate[np.arange(len(tau)), np.argmax(below, axis=1)]


def quantiles(sizes: np.ndarray, odds: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """Quantiles of a discrete distribution: the least size with a share of tau at or below it."""
    below = np.cumsum(odds) / np.sum(odds)
    index = np.searchsorted(below, np.asarray(tau) - 1e-12)
    return np.asarray(sizes, float)[np.minimum(index, len(sizes) - 1)]


def huber_points(sizes: np.ndarray, odds: np.ndarray, tau: np.ndarray, width: float) -> np.ndarray:
    """Where channels settle whose errors count no more than `width`: between the two.

    tau E[min(X - e, width)+] = (1 - tau) E[min(e - X, width)+], by halving.
    """
    tau = np.asarray(tau, float)
    low, high = np.full(len(tau), np.min(sizes)), np.full(len(tau), np.max(sizes))
    for _ in range(200):
        middle = (low + high) / 2
        delta = np.clip(np.asarray(sizes) - middle[:, None], -width, width)
        drift = (np.where(delta > 0, tau[:, None], 1 - tau[:, None]) * delta) @ odds
        low, high = np.where(drift > 0, middle, low), np.where(drift > 0, high, middle)
    return (low + high) / 2


def bernoulli_expectiles(p: float, tau: np.ndarray) -> np.ndarray:
    """Of 1 with probability `p`, else 0: tau p / (tau p + (1 - tau)(1 - p))."""
    return tau * p / (tau * p + (1 - tau) * (1 - p))


def uniform_expectiles(tau: np.ndarray) -> np.ndarray:
    """Of the uniform distribution on [0, 1]: sqrt(tau) / (sqrt(tau) + sqrt(1 - tau))."""
    return np.sqrt(tau) / (np.sqrt(tau) + np.sqrt(1 - tau))


def normal_expectiles(tau: np.ndarray) -> np.ndarray:
    """Of the standard normal distribution, whose E[(X - e)+] is phi(e) - e (1 - Phi(e))."""

    def one(t: float) -> float:
        low, high = -40.0, 40.0
        for _ in range(200):
            e = (low + high) / 2
            phi, below = exp(-e * e / 2) / sqrt(2 * pi), (1 + erf(e / sqrt(2))) / 2
            drift = t * (phi - e * (1 - below)) - (1 - t) * (phi + e * below)
            low, high = (e, high) if drift > 0 else (low, e)
        return (low + high) / 2

    return np.array([one(float(t)) for t in np.ravel(tau)])


class Utility(NamedTuple):
    """A utility function and its inverse."""

    of: Callable[[np.ndarray], np.ndarray]
    size: Callable[[np.ndarray], np.ndarray]


# By the names of the setting of the models; reward above 0.
UTILITIES = {
    "linear": Utility(lambda r: np.asarray(r, float), lambda u: np.asarray(u, float)),
    "hill": Utility(
        lambda r: np.sqrt(r) / (np.sqrt(r) + np.sqrt(5.0)),
        lambda u: 5.0 * (np.asarray(u) / (1 - np.asarray(u))) ** 2,
    ),
    "log1p": Utility(np.log1p, np.expm1),
}


def reversal_point(sizes: np.ndarray, responses: np.ndarray) -> float:
    """The size at which the responses of a cell turn from below to above baseline.

    `sizes [trials]` may repeat. Of all cuts the one is taken that leaves most positive
    responses above and most negative ones below; it lies midway between neighbouring sizes,
    and in the middle of the best cuts where several are as good.
    """
    sizes, responses = np.asarray(sizes, float), np.asarray(responses, float)
    known = np.unique(sizes)
    ends = (known[0] - np.diff(known[:2]).sum() / 2, known[-1] + np.diff(known[-2:]).sum() / 2)
    cuts = np.concatenate([[ends[0]], (known[1:] + known[:-1]) / 2, [ends[1]]])
    right = [
        np.sum((sizes > c) & (responses > 0)) + np.sum((sizes < c) & (responses < 0)) for c in cuts
    ]
    return float(np.mean(cuts[np.asarray(right) == max(right)]))


def asymmetry(sizes: np.ndarray, responses: np.ndarray, reversal: float) -> float:
    """tau = slope above / (slope above + slope below), of lines through the reversal point.

    Slopes are by least squares. Take the reversal point from other trials than these: from the
    same, noise alone makes the two agree. NaN where one side has no trials.
    """
    x, y = np.asarray(sizes, float) - reversal, np.asarray(responses, float)
    slope = lambda side: (x[side] @ y[side]) / (x[side] @ x[side]) if side.any() else np.nan
    above, below = slope(x > 0), slope(x < 0)
    return float(above / (above + below))


def decode(taus: np.ndarray, reversals: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Probabilities on `grid` of a distribution that has `reversals` for its tau-expectiles.

    The equations of expectiles are linear in probabilities: A p = 0 with
    A_ij = |tau_i - 1[g_j <= e_i]| (g_j - e_i), sum p = 1, p >= 0, by non-negative least squares.
    Their residual is `imbalance`; it is 0 up to rounding for expectiles of any distribution on
    the grid. `scipy` is imported here.
    """
    from scipy.optimize import nnls

    equations = imbalance(taus, reversals, grid)
    scale = np.abs(equations).max()
    heavy = np.vstack([equations / scale, 10 * np.ones(len(grid))])
    p, _ = nnls(heavy, np.append(np.zeros(len(reversals)), 10.0), maxiter=100 * len(grid))
    return p / p.sum()


def decode_quantiles(taus: np.ndarray, values: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Probabilities on `grid` of a distribution that has `values` for its tau-quantiles.

    Values in order are samples that stand for the span of tau around their own; each goes to
    the nearest place of the grid.
    """
    order = np.argsort(taus)
    tau, value = np.asarray(taus)[order], np.asarray(values, float)[order]
    edges = np.concatenate([[0.0], (tau[1:] + tau[:-1]) / 2, [1.0]])
    nearest = np.argmin(np.abs(np.asarray(grid)[None] - value[:, None]), axis=1)
    return np.bincount(nearest, np.diff(edges), minlength=len(grid))


def imbalance(taus: np.ndarray, reversals: np.ndarray, at: np.ndarray) -> np.ndarray:
    """What a sample at each place contributes to the drift of each cell, `[cells, places]`."""
    e, x = np.asarray(reversals, float)[:, None], np.asarray(at, float)[None]
    return np.abs(np.asarray(taus, float)[:, None] - (x <= e)) * (x - e)


def decode_samples(
    taus: np.ndarray,
    reversals: np.ndarray,
    bounds: tuple[float, float],
    *,
    n_samples: int = 100,
    starts: int = 1000,
    epochs: int = 3,
    seed: int = 0,
) -> np.ndarray:
    """Samples of a distribution with these expectiles, `[epochs * n_samples]` (Rowland 2019).

    Minimises the mean squared imbalance of the cells over the samples within `bounds`, from
    the best of `starts` uniform draws, `epochs` times over; the samples are pooled. The loss is
    not smooth where a sample meets a value, so the result depends on the start. `decode`
    solves the same equations exactly. `scipy` is imported here.
    """
    from scipy.optimize import minimize

    tau, e = np.asarray(taus, float)[:, None], np.asarray(reversals, float)[:, None]
    rng, pooled = np.random.default_rng(seed), []

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        weight = np.abs(tau - (x <= e))
        drift = (weight * (x - e)).mean(axis=1)
        slope = 2 * drift @ weight / (len(drift) * len(x))
        return float(np.mean(drift**2)), slope

    for _ in range(epochs):
        tries = rng.uniform(*bounds, (starts, n_samples))
        best = min(tries, key=lambda x: loss(x)[0])
        found = minimize(loss, best, jac=True, method="TNC", bounds=[bounds] * n_samples)
        pooled.append(found.x)
    return np.concatenate(pooled)


def wasserstein(x: np.ndarray, p: np.ndarray, y: np.ndarray, q: np.ndarray) -> float:
    """Wasserstein-1 distance of places `x` with weights `p` and `y` with `q`, in units of x."""
    places = np.unique(np.concatenate([x, y]))

    def below(at: np.ndarray, weight: np.ndarray) -> np.ndarray:
        order = np.argsort(at)
        mass = np.concatenate([[0.0], np.cumsum(np.asarray(weight, float)[order])])
        return mass[np.searchsorted(np.asarray(at)[order], places[:-1], side="right")] / mass[-1]

    x, y = np.asarray(x, float), np.asarray(y, float)
    return float(np.abs(below(x, p) - below(y, q)) @ np.diff(places))
