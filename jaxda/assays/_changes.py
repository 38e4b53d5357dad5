"""What a condition changes in a learner: lesions by name, and parameters by name."""

from collections.abc import Mapping
from typing import Any

from ..params import resolve, specs
from ..rollout import Agent
from ._base import patient


def changed(
    model: str,
    settings: Mapping[str, Any],
    lesions: Mapping[str, float] | None = None,
    values: Mapping[str, float] | None = None,
) -> Agent:
    """`patient`, after refusing what a file of a user may have brought.

    Raises:
        ValueError: if the changes are no numbers by name, there is no lesion or parameter of
            such a name, or a number is out of its domain.
    """
    for what, given in (("lesions", lesions), ("values", values)):
        _numbers(what, given)
    try:
        agent = patient(model, settings, lesions, values)
    except KeyError as error:
        raise ValueError(f"lesions: {error.args[0]}") from error
    for name, value in (values or {}).items():
        domain = specs(agent)[resolve(agent, name)].domain
        if not domain.lower <= value <= domain.upper:
            span = f"from {domain.lower:g} to {domain.upper:g}"
            raise ValueError(f"values: {name} is {value:g}; it lies {span}.")
    return agent


def _numbers(what: str, given: Any) -> None:
    if given is None:
        return
    if not isinstance(given, Mapping):
        raise ValueError(f"{what} must be numbers by name, got {given!r}.")
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{what}: {name} must be a number, got {value!r}.")
