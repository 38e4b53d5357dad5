"""Pavlovian trials: which have a cue, which a reward, and when."""

from typing import NamedTuple

import jax.random as jr
from jaxtyping import Array, Bool, PRNGKeyArray

from ._checks import above, between, count, finite


class Trials(NamedTuple):
    """Which of many trials are `rewarded`, `cued`, or rewarded `early`, `[trials]` each."""

    rewarded: Bool[Array, " trials"]
    cued: Bool[Array, " trials"]
    early: Bool[Array, " trials"]


def draw_trials(
    key: PRNGKeyArray, n_trials: int, omission: float, unpredicted: float, early_rate: float
) -> Trials:
    """Each trial is of one sort, from a single number: fractions do not overlap."""
    u = jr.uniform(key, (n_trials,))
    cued = u < 1 - unpredicted
    return Trials(u >= omission, cued, cued & (u >= 1 - unpredicted - early_rate))


def check_trials(
    delay: int,
    dt: float,
    omission: float,
    reward: float,
    tail: int,
    unpredicted: float,
    early: int,
    early_rate: float,
) -> None:
    """Refuse settings of Pavlovian trials that mean nothing.

    Raises:
        ValueError: naming the setting.
    """
    count("delay", delay, 0)
    above("dt", dt, 0)
    between("omission", omission, 0, 1)
    finite("reward", reward)
    count("tail", tail, 0)
    between("unpredicted", unpredicted, 0, 1)
    count("early", early, 0)
    between("early", early, 0, delay)
    between("early_rate", early_rate, 0, 1)
    # Tenths need not add up to 1 in binary.
    if omission + unpredicted + early_rate > 1 + 1e-9:
        raise ValueError(
            f"omission, unpredicted and early_rate are {omission}, {unpredicted} and "
            f"{early_rate}: fractions of trials add up to 1 at most."
        )
