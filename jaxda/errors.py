"""What is wrong with an input: all of it at once, each with its place and what would be right."""

from collections.abc import Iterable
from typing import Any, NamedTuple


class Problem(NamedTuple):
    """One fault: `where` (file:line:column, then what), what was `found`, what is `right`."""

    where: str
    found: str
    right: str

    def __str__(self) -> str:
        return f"{self.where}: {self.found} → {self.right}"


class InputError(Exception):
    """An input cannot be used. Its text has one line per problem."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def shown(value: Any, width: int = 60) -> str:
    """`value` as a user would write it in YAML, on one line of at most `width` characters."""
    if value is None:
        text = "nothing"
    elif isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, dict):
        text = "{" + ", ".join(f"{k}: {shown(v)}" for k, v in value.items()) + "}"
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(map(shown, value)) + "]"
    else:
        text = repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"


class Refused(Exception):
    """Something that can be asked but has no honest answer; its text is one message."""
