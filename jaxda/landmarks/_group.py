"""Assays of the catalogue run on a group, as the landmarks of the clinic do."""

from typing import Any, NamedTuple

import numpy as np

from ..assays._base import individuals
from ..catalog import load


_NORMAL = 1.959963984540054


class Mean(NamedTuple):
    """Mean of an outcome over individuals, and the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


def group(assay: str, n: int, **settings: Any) -> dict[str, Mean]:
    """Every outcome of `assay` under `settings`, on the first `n` individuals of the assay.

    They are the individuals of the table of conditions, the same under any settings.
    """
    found = load("assays", assay)(**settings).run(individuals(assay, n))
    return {name: _mean(np.asarray(x, float)) for name, x in found.items()}


def _mean(x: np.ndarray) -> Mean:
    half = _NORMAL * float(x.std()) / np.sqrt(x.size)
    return Mean(float(x.mean()), float(x.mean() - half), float(x.mean() + half))
