"""What is left at a cue that has been learned, by how the interval before it is treated.

A cycle is an interval of state 0, which the cue ends with probability h = 1 / `iti` per bin,
then `delay` + 1 states from the cue to a reward of 1 on leaving the last of them. Learning
rates are small: these are the points where no state has a mean error.
"""

from typing import NamedTuple

import numpy as np


class Cue(NamedTuple):
    """Errors on entering the cue and in a bin of the interval without one; two values.

    `rate` is the average reward per bin that is learned, 0 where none is.
    """

    burst: float
    stay: float
    cue: float
    interval: float
    rate: float


def pinned(delay: int, gamma: float) -> Cue:
    """TD with V(interval) = 0: burst gamma^(delay + 1) (Schultz, Dayan & Montague 1997)."""
    return Cue(gamma ** (delay + 1), 0.0, gamma**delay, 0.0, 0.0)


def learned(delay: int, gamma: float, iti: float) -> Cue:
    """Discounted TD that learns the interval too.

    V(interval) = h gamma V(cue) / (1 - gamma (1 - h)), so that burst / (gamma V(cue)) is
    (1 - gamma) (1 - h) / (1 - gamma (1 - h)), and a bin without a cue gives
    -(1 - gamma) V(interval).
    """
    h = 1 / iti
    share = h * gamma / (1 - gamma * (1 - h))
    cue = gamma**delay / (1 - gamma ** (delay + 1) * share)
    interval = share * cue
    return Cue(gamma * cue - interval, -(1 - gamma) * interval, cue, interval, 0.0)


def average_reward(delay: int, iti: float) -> Cue:
    """TD relative to the average reward, undiscounted (Daw & Touretzky 2002).

    The rate is R = 1 / (delay + 1 + iti), the burst R (iti - 1), a bin without a cue -R. Values
    are those relative to the interval.
    """
    rate = 1 / (delay + 1 + iti)
    return Cue(rate * (iti - 1), -rate, rate * iti, 0.0, rate)


def values(transitions: np.ndarray, rewards: np.ndarray, gamma: float) -> np.ndarray:
    """Values of a Markov chain, (I - gamma P)^-1 r; rows of P that sum to less than 1 may end."""
    return np.linalg.solve(np.eye(len(rewards)) - gamma * np.asarray(transitions), rewards)


def chance(p: float, delay: int, gamma: float) -> tuple[float, float, float]:
    """Mean errors at a pinned cue, at its reward and at the omission, for reward probability p.

    gamma^(delay + 1) p, 1 - p, -p (Fiorillo, Tobler & Schultz 2003).
    """
    return gamma ** (delay + 1) * p, 1 - p, -p


def rates_towards_zero(n: int, least: float, most: float) -> np.ndarray:
    """Learning rates from which `at_zero` extrapolates well (Chebyshev nodes)."""
    angles = (np.arange(n) + 0.5) * np.pi / n
    return (least + most) / 2 + (most - least) / 2 * np.cos(angles)


def at_zero(rates: np.ndarray, found: np.ndarray) -> np.ndarray:
    """What `found [..., rates]` tends to for small rates: the polynomial through all, at 0.

    A state that is met several times per cycle moves within it, by an amount that is analytic
    in the learning rate and vanishes with it.
    """
    gaps = rates[None] - rates[:, None]
    np.fill_diagonal(gaps, 1.0)
    there = np.where(np.eye(len(rates), dtype=bool), 1.0, rates[None])
    return np.asarray(found) @ np.prod(there / gaps, axis=1)
