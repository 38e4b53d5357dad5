"""What is wrong with an input: all of it at once, each with its place and what would be right."""

from collections.abc import Iterable
from typing import Any, NamedTuple


# Longer lines, and more of them, are read by nobody.
_WIDTH, _LINES = 600, 100


def _line(text: str) -> str:
    """`text` on one line that no terminal takes for a command."""
    if len(text) > _WIDTH:
        text = f"{text[: _WIDTH // 2]}…{text[-_WIDTH // 2 :]}"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class Problem(NamedTuple):
    """One fault: `where` (file:line:column, then what), what was `found`, what is `right`."""

    where: str
    found: str
    right: str

    def __str__(self) -> str:
        where, found, right = map(_line, self)
        return f"{where}: {found} → {right}"


class InputError(Exception):
    """An input cannot be used. Its text has one line per problem, up to a hundred.

    Not `all_` are told if the search for problems was given up.
    """

    def __init__(self, problems: Iterable[Problem], all_: bool = True):
        self.problems, self.all = tuple(problems), all_
        super().__init__(self.problems)

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems[:_LINES]]
        if more := len(self.problems) - len(lines):
            lines.append(f"and {'' if self.all else 'at least '}{more} more")
        return "\n".join(lines)


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
