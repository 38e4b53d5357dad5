"""What an estimate is worth: what the records say, what the prior says, and what neither does."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from ..params import Free


# Standard deviation in a real coordinate, all of which are of size one, beyond which the records
# leave a combination of coordinates open: on the logit scale an interval from .02 to .98.
_OPEN = 2.0
# Eigenvalues of the information below this times the largest are zero in rounding, and below the
# second number they say nothing: the standard deviation is above 10,000.
_ZERO, _NOTHING = 1e-10, 1e-8


class Identified(NamedTuple):
    """How well the records alone determine each unit.

    `rank` counts the directions in coordinates that they say anything about; `condition` is the
    ratio of the largest to the smallest eigenvalue of their information, infinite without full
    rank; `open` tells the combination of coordinates that they determine least, where its
    standard deviation is above 2, and is empty elsewhere.
    """

    rank: Int[np.ndarray, " units"]
    condition: Float[np.ndarray, " units"]
    open: list[str]


def identified(
    frees: Sequence[Free], information: Float[np.ndarray, "units free free"]
) -> Identified:
    """Judge the information of the likelihood (its Hessian), without a prior, at the estimates.

    Where a prior has moved the estimate away from the maximum of the likelihood, the Hessian may
    curve the other way; such a direction is open, though it is not one of which nothing is said.
    """
    usable = np.where(np.isfinite(information), information, 0.0)
    values, directions = np.linalg.eigh(usable)
    size = np.abs(values)
    largest = size.max(axis=1)
    rank = np.sum(size > np.maximum(_ZERO * largest, _NOTHING)[:, None], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        condition = np.where(rank == len(frees), largest / size.min(axis=1), np.inf)
    is_open = values[:, 0] < 1 / _OPEN**2
    told = [
        combination(frees, direction) if at else ""
        for direction, at in zip(directions[:, :, 0], is_open, strict=True)
    ]
    return Identified(rank, condition, told)


def combination(frees: Sequence[Free], direction: Float[np.ndarray, " free"]) -> str:
    """A direction in coordinates in words, its largest part first and positive."""
    order = np.argsort(-np.abs(direction))
    unit = direction / direction[order[0]]
    return " ".join(f"{unit[i]:+.2g}·{frees[i].name}" for i in order if abs(unit[i]) > 0.1)


def gap_to_second(
    value: Float[np.ndarray, "restarts units"], same: float
) -> Float[np.ndarray, " units"]:
    """How far above the best optimum the next one lies, in nats; NaN if all starts found one.

    Losses within `same` of the best are the best.
    """
    best = value.min(axis=0)
    others = np.where(value > best + same, value, np.inf).min(axis=0)
    known = np.isfinite(others)
    return np.where(known, others, np.nan) - np.where(known, best, 0.0)
