"""How fast to work: optimal latencies, average rewards and the law of latencies.

Cost of a press c_u + c_v / tau, opportunity cost of time `rate` (utility per second); times in
seconds (Niv, Daw, Joel & Dayan 2007, Psychopharmacology 191:507). The optimal `rate` is the
most net reward per second that a policy can earn.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Optimum(NamedTuple):
    """The best latency in s, and the net reward per second that it earns."""

    latency: float
    rate: float


def best_latency(c_v: ArrayLike, rate: ArrayLike) -> np.ndarray:
    """sqrt(c_v / rate): the best latency where haste makes no reward less likely."""
    return np.sqrt(np.asarray(c_v, float) / np.asarray(rate, float))


def worth(latency: ArrayLike, gain: float, c_v: float, rate: float) -> np.ndarray:
    """Q of a press after `latency`, gain - c_v / tau - rate tau, up to the next state's value."""
    tau = np.asarray(latency, float)
    return gain - c_v / tau - rate * tau


def random_ratio(p: float, utility: float, c_u: float, c_v: float, eating: float = 0.0) -> Optimum:
    """One press in 1 / `p` pays `utility`, and a reward takes `eating` seconds.

    With B = p utility - c_u, rate = max (B - c_v / tau) / (tau + p eating), so
    tau = (c_v + sqrt(c_v^2 + B c_v p eating)) / B; it still is sqrt(c_v / rate). A fixed ratio
    of 1 / p has the same latency at every count and the same rate.
    """
    gain = p * utility - c_u
    latency = (c_v + np.sqrt(c_v**2 + gain * c_v * p * eating)) / gain
    return Optimum(float(latency), float(c_v / latency**2))


def fixed_ratio_step(c_u: float, c_v: float, rate: float) -> float:
    """Rise of the value from one press to the next on a fixed ratio: what a press costs."""
    return float(c_u + 2 * np.sqrt(c_v * rate))


def random_interval(
    interval: float, utility: float, c_u: float, c_v: float, eating: float = 0.0
) -> Optimum:
    """A reward becomes available after an exponential time of mean `interval`, and waits.

    The best latency solves (utility - rate eating) exp(-tau / interval) / interval +
    c_v / tau^2 = rate where rate = (P utility - c_u - c_v / tau) / (tau + P eating) and
    P = 1 - exp(-tau / interval). It is longer than sqrt(c_v / rate).
    """

    def earned(tau: Any) -> Any:
        paid = -np.expm1(-tau / interval)
        return (paid * utility - c_u - c_v / tau) / (tau + paid * eating)

    def slope(tau: float) -> float:
        rate = earned(tau)
        paying = np.exp(-tau / interval) / interval
        return float((utility - rate * eating) * paying + c_v / tau**2 - rate)

    grid = np.geomspace(1e-6, 1e6, 4001)
    top = int(np.argmax(earned(grid)))
    latency = _root(slope, grid[max(top - 1, 0)], grid[min(top + 1, len(grid) - 1)])
    return Optimum(latency, float(earned(latency)))


def yoked_ratio(
    schedule: Optimum, interval: float, utility: float, c_u: float, c_v: float
) -> Optimum:
    """The random ratio that pays as much per press as the best latency on an interval does."""
    return random_ratio(-np.expm1(-schedule.latency / interval), utility, c_u, c_v)


def session(
    duration: float, p: float, utility: float, c_u: float, c_v: float, eating: float, tone: float
) -> tuple[float, float]:
    """Presses in `duration` seconds and latency, with `tone` times the rate that is earned.

    The latency is 1 / sqrt(tone) times the best, whatever the ratio; how many presses that
    takes away depends on the time that is spent eating.
    """
    latency = random_ratio(p, utility, c_u, c_v, eating).latency / np.sqrt(tone)
    return float(duration / (latency + p * eating)), float(latency)


class LatencyMoments(NamedTuple):
    """Mode and mean in s, mean of the inverse in 1 / s, and log of the integral of the density."""

    mode: float
    mean: float
    inverse: float
    log_normaliser: float


def latency_law(beta: float, c_v: float, rate: float) -> LatencyMoments:
    """The law p(tau) ~ exp(-beta c_v / tau - beta rate tau) d tau.

    The generalised inverse Gaussian of order 1: with w = 2 beta sqrt(c_v rate), mode
    sqrt(c_v / rate), normaliser 2 mode K_1(w), mean mode K_2(w) / K_1(w), mean inverse
    K_0(w) / K_1(w) / mode.
    """
    mode, w = np.sqrt(c_v / rate), 2 * beta * np.sqrt(c_v * rate)
    k = [scaled_bessel_k(order, w) for order in range(3)]
    return LatencyMoments(
        float(mode),
        float(mode * k[2] / k[1]),
        float(k[0] / k[1] / mode),
        float(np.log(2 * mode * k[1]) - w),
    )


def latency_density(latency: ArrayLike, beta: float, c_v: float, rate: float) -> np.ndarray:
    """Density of the law at latencies in s, per s."""
    tau = np.asarray(latency, float)
    return np.exp(-beta * (c_v / tau + rate * tau) - latency_law(beta, c_v, rate).log_normaliser)


def scaled_bessel_k(order: float, w: float) -> float:
    """exp(w) K_order(w), modified Bessel function of the second kind, w > 0.

    The integral over x > 0 of exp(w - w cosh x) cosh(order x), of which a plain sum is exact
    to rounding.
    """
    reach = np.arccosh(1 + 60 / w)
    x = np.linspace(0, reach, 4001)
    terms = np.exp(-2 * w * np.sinh(x / 2) ** 2) * np.cosh(order * x)
    return float((terms.sum() - terms[0] / 2) * x[1])


def self_consistent(
    beta: float,
    p: float,
    utility: float,
    c_u: float,
    c_v: float,
    bounds: tuple[float, float] | None,
) -> tuple[float, float]:
    """Net reward per second that a noisy subject earns on a random ratio, and its mean latency.

    It acts by the law of latencies at the rate that it earns itself (its average reward is
    learned, without bias). `bounds` in s cut the law off. Without them a subject that is noisy
    enough has no such rate: long latencies cost it all that it earns.

    Raises:
        ValueError: if no positive rate sustains itself.
    """

    def moments(rate: float) -> tuple[float, float]:
        if bounds is None:
            law = latency_law(beta, c_v, rate)
            return law.mean, law.inverse
        tau = np.linspace(*bounds, 20_001)
        weight = np.exp(-beta * (c_v / tau + rate * tau - 2 * np.sqrt(c_v * rate)))
        weight[[0, -1]] /= 2
        weight /= weight.sum()
        return float(weight @ tau), float(weight @ (1 / tau))

    def excess(rate: float) -> float:
        mean, inverse = moments(rate)
        return (p * utility - c_u - c_v * inverse) / mean - rate

    top = random_ratio(p, utility, c_u, c_v).rate
    tries = top * np.linspace(1, 0.01, 100)
    good = next((i for i, rate in enumerate(tries) if excess(rate) > 0), None)
    if good is None:
        raise ValueError(f"at beta {beta} no rate of reward between 0 and {top} sustains itself.")
    rate = _root(excess, tries[good], tries[good - 1])
    return rate, moments(rate)[0]


def _root(fn, low: float, high: float) -> float:
    """Where `fn` falls through 0, by halving."""
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if fn(middle) > 0 else (low, middle)
    return float((low + high) / 2)
