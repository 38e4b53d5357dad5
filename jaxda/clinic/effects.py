"""Control and condition on the same individuals with the same random numbers: sign and size."""

import json
import math
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from ..assays._base import AbstractAssay, individuals
from ..catalog import load
from ..errors import InputError, Problem, shown
from . import INDIVIDUALS
from .table import Condition, Expected


_NORMAL = 1.959963984540054
Sample = Float[np.ndarray, " individuals"]


class Effect(NamedTuple):
    """One outcome of one comparison.

    `change` is what the condition sets. Means of both arms; `size` on the scale of what is
    expected, with the 95 % interval of the mean effect over individuals. `sign` is what was
    found: "same" where the size lies within the band that counts as the same, or the interval
    holds no change at all.
    """

    assay: str
    change: str
    outcome: str
    what: str
    versus: str
    species: str
    models: tuple[str, ...]
    n: int
    control: float
    condition: float
    scale: str
    size: float
    low: float
    high: float
    sign: str
    expected: str
    expected_low: float | None
    expected_high: float | None

    @property
    def right(self) -> bool:
        """Whether the sign is as expected."""
        return self.sign == self.expected

    @property
    def within(self) -> bool:
        """Whether the size is as expected, where a size is."""
        if self.expected_low is None or self.expected_high is None:
            return True
        return bool(self.expected_low <= self.size <= self.expected_high)


def measure(name: str, condition: Condition, n: int = INDIVIDUALS) -> list[Effect]:
    """Every effect of a row on `n` individuals, which are the same in all its assays' arms.

    Individuals are keyed by the assay and a number: adding a row changes no other.

    Raises:
        InputError: if an assay cannot be run as the row says, with its place in the row.
    """
    effects: list[Effect] = []
    # Comparisons share arms, above all the healthy control.
    known: dict[str, Any] = {}
    for i, comparison in enumerate(condition.compare):
        keys = individuals(comparison.assay, n)
        where = f"{name}: compare[{i}]"
        arms = []
        for arm in ("control", "condition"):
            settings = comparison.control | (comparison.condition if arm == "condition" else {})
            told = json.dumps([comparison.assay, settings], sort_keys=True)
            if told not in known:
                known[told] = _ran(f"{where}.{arm}", comparison.assay, settings, keys)
            arms.append(known[told])
        control, changed = arms
        card: Any = load("assays", comparison.assay)
        for outcome, expected in comparison.expect.items():
            a, b = (np.asarray(x[outcome], float) for x in (control, changed))
            if not (np.isfinite(a).all() and np.isfinite(b).all()):
                bad = f"{outcome} is not finite under {comparison.condition or comparison.control}"
                raise InputError([Problem(where, bad, "settings with a finite outcome")])
            size, low, high, change = _size(a, b, expected.scale)
            effects.append(
                Effect(
                    assay=comparison.assay,
                    change=", ".join(f"{k} {shown(v)}" for k, v in comparison.condition.items()),
                    outcome=outcome,
                    what=card.outcomes[outcome],
                    versus=comparison.versus,
                    species=card.species,
                    models=tuple(card.models),
                    n=n,
                    control=float(a.mean()),
                    condition=float(b.mean()),
                    scale=expected.scale,
                    size=size,
                    low=low,
                    high=high,
                    sign=_sign(expected, size, change),
                    expected=expected.sign,
                    expected_low=expected.low,
                    expected_high=expected.high,
                )
            )
    return effects


def _ran(where: str, name: str, settings: dict[str, Any], keys: Any) -> Any:
    try:
        assay: AbstractAssay = load("assays", name)(**settings)
        return jax.tree.map(np.asarray, assay.run(keys))
    except (ValueError, TypeError, KeyError) as error:
        told = str(error.args[0] if error.args else error).splitlines()[0]
        problem = Problem(where, told, "settings that the assay takes")
        raise InputError([problem]) from error


def _size(a: Sample, b: Sample, scale: str) -> tuple[float, float, float, tuple[float, float]]:
    """Size with its interval, and the interval of the change itself, around 0 if there is none.

    By the delta method on pairs. Individuals that do not differ leave no interval.
    """
    root = math.sqrt(len(a))
    if scale == "spread":
        # The spread of log standard deviations, from their influence.
        za, zb = ((x - x.mean()) ** 2 / max(x.var(), 1e-300) for x in (a, b))
        size, error = float(b.std() / a.std()), float(np.std((zb - za) / 2)) / root
        change = (math.log(size) - _NORMAL * error, math.log(size) + _NORMAL * error)
        return size, math.exp(change[0]), math.exp(change[1]), change
    difference, error = float((b - a).mean()), float(np.std(b - a)) / root
    change = (difference - _NORMAL * error, difference + _NORMAL * error)
    if scale == "difference":
        return difference, *change, change
    if scale == "value":
        value, own = float(b.mean()), float(b.std()) / root
        return value, value - _NORMAL * own, value + _NORMAL * own, change
    ma, mb = float(a.mean()), float(b.mean())
    if not ma:
        return math.nan, math.nan, math.nan, change
    size, error = mb / ma, float(np.std((b - mb / ma * a) / ma)) / root
    return size, size - _NORMAL * error, size + _NORMAL * error, change


def _sign(expected: Expected, size: float, change: tuple[float, float]) -> str:
    low, high = change
    if expected.sign == "same":
        assert expected.low is not None and expected.high is not None
        if expected.low <= size <= expected.high:
            return "same"
    elif low <= 0 <= high:
        return "same"
    return "up" if low + high > 0 else "down"


def told(name: str, condition: Condition, effects: list[Effect]) -> dict[str, Any]:
    """A measured row, as plain values."""
    row = condition.model_dump(exclude={"compare"}) | {"name": name}
    listed = [e._asdict() | {"right": e.right, "within": e.within} for e in effects]
    return row | {"species_mixed": condition.mixed, "effects": listed}
