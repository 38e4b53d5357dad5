"""Settings of assays come from files of a user: of the wrong kind or size they are refused."""

import math
from typing import Any


def number(assay: Any, name: str, low: float, high: float = math.inf, ends: str = "[]") -> float:
    """The setting `name` of `assay`, a number from `low` to `high`; `ends` says which belong.

    Raises:
        ValueError: if it is no number, or not between them.
    """
    value = getattr(assay, name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} must be a number, got {value!r}.")
    above = value >= low if ends[0] == "[" else value > low
    below = value <= high if ends[1] == "]" else value < high
    # NaN is on neither side, and nothing may be infinite.
    if not (above and below and math.isfinite(value)):
        close = ends[1] if math.isfinite(high) else ")"
        span = f"{ends[0]}{low:g}, {high:g}{close}"
        raise ValueError(f"{name} must lie in {span}, got {value:g}.")
    return float(value)


def choice(assay: Any, name: str, known: tuple[str, ...]) -> str:
    """The setting `name` of `assay`, which is one of `known`.

    Raises:
        ValueError: if it is none of them.
    """
    value = getattr(assay, name)
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}.")
    return str(value)
