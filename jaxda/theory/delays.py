"""When a reward comes whose time is uncertain: a law of delays in bins, and its hazard."""

import numpy as np


def delay_law(
    mean: float, sd: float, earliest: float, latest: float, dt: float
) -> tuple[float, ...]:
    """P(reward k bins after the cue), k = 1 ... latest / dt: a normal law on a few times.

    Its density at `earliest`, `earliest` + `dt`, ... `latest` (s), scaled to sum to 1; 0 before.
    Starkweather et al. 2017 have N(2 s, 0.5 s) on 1.2 ... 2.8 s in bins of 0.2 s.
    """
    bins = np.arange(1, round(latest / dt) + 1)
    log = np.where(bins >= round(earliest / dt), -0.5 * ((bins * dt - mean) / sd) ** 2, -np.inf)
    density = np.exp(log - log.max())
    return tuple((density / density.sum()).tolist())


def hazard(law: tuple[float, ...]) -> tuple[float, ...]:
    """P(reward k bins after the cue | none before); 1 in the last bin."""
    p = np.asarray(law)
    left = np.cumsum(p[::-1])[::-1]
    return (*(p / np.where(left > 0, left, 1.0))[:-1].tolist(), 1.0)


def check_delays(mean: float, sd: float, earliest: float, latest: float, dt: float) -> None:
    """Refuse a law of delays that means nothing.

    Raises:
        ValueError: if a time is no positive number, no whole number of bins, or out of order.
    """
    for name, value in (("dt", dt), ("sd", sd), ("earliest", earliest), ("latest", latest)):
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} is {value}; it is a finite number above 0.")
    if not np.isfinite(mean):
        raise ValueError(f"mean is {mean}; it is a finite number.")
    if latest < earliest:
        raise ValueError(f"latest is {latest}; it is no less than earliest, {earliest}.")
    for name, value in (("earliest", earliest), ("latest", latest)):
        in_bins(name, value, dt)


def in_bins(name: str, time: float, dt: float) -> int:
    """How many bins of `dt` make `time`.

    Raises:
        ValueError: if they are not a whole number of at least one.
    """
    bins = round(time / dt)
    if bins < 1 or abs(time / dt - bins) > 1e-6:
        raise ValueError(f"{name} is {time}; it is a whole number of bins of {dt} s, at least one.")
    return bins
