"""Refusing settings that mean nothing."""

import math
from collections.abc import Iterable


def between(name: str, value: float, lower: float, upper: float) -> None:
    """Refuse a `value` outside `lower` ... `upper`.

    Raises:
        ValueError: if it lies outside or is not a number.
    """
    if not lower <= value <= upper:
        raise ValueError(f"{name} is {value}; it lies between {lower:g} and {upper:g}.")


def finite(name: str, value: float, lower: float = -math.inf) -> None:
    """Refuse a `value` that is not finite, or below `lower`.

    Raises:
        ValueError: if it is either.
    """
    if not (math.isfinite(value) and value >= lower):
        least = f" of at least {lower:g}" if math.isfinite(lower) else ""
        raise ValueError(f"{name} is {value}; it is a finite number{least}.")


def above(name: str, value: float, lower: float) -> None:
    """Refuse a `value` that is not finite, or not above `lower`.

    Raises:
        ValueError: if it is either.
    """
    if not (math.isfinite(value) and value > lower):
        raise ValueError(f"{name} is {value}; it is a finite number above {lower:g}.")


def count(name: str, value: int, least: int) -> None:
    """Refuse a `value` that is no whole number, or below `least`.

    Raises:
        ValueError: if it is either.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} is {value!r}; it is a whole number of at least {least}.")


def one_of(name: str, value: str, known: Iterable[str]) -> None:
    """Refuse a `value` that is not among `known`.

    Raises:
        ValueError: if it is not.
    """
    if value not in known:
        raise ValueError(f"{name} is {value!r}; it is {' or '.join(map(repr, known))}.")
