"""What exists, told in text: the catalogue as a user reads it."""

import math
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from . import catalog
from .catalog import Card
from .errors import shown


# What is recorded of the subject in a task, by its kind; in other kinds there is nothing to do.
_RECORDS: dict[str, tuple[str, ...]] = {
    "choice": ("choice",),
    "set_size": ("choice",),
    "go_nogo": ("choice",),
    "mdp": ("choice",),
    "two_stage": ("choice",),
    "free_operant": ("latency",),
}
# A year in brackets names a source, which the card tells.
_CITED = re.compile(r" \([^()]*\b\d{4}[^()]*\)")
_NARROWEST = 12


def acts(task: Card) -> bool:
    """Whether a task has something to choose."""
    return task.facts["kind"] in _RECORDS


def tasks_of(model: Card) -> dict[str, tuple[str, ...]]:
    """The tasks that a model can do, by their kind; a kind may have none yet."""
    kinds = {task: catalog.describe("tasks", task).facts["kind"] for task in catalog.names("tasks")}
    # An environment of another origin is a decision process.
    more = {"mdp": ("discrete environments of Gymnasium",)}
    return {
        kind: tuple(t for t, its in kinds.items() if its == kind) + more.get(kind, ())
        for kind in model.facts["tasks"]
    }


def models_of(task: Card) -> tuple[str, ...]:
    """Names of the models that can do a task."""
    does = lambda name: task.facts["kind"] in catalog.describe("models", name).facts["tasks"]
    return tuple(filter(does, catalog.names("models")))


def predicts(model: Card) -> tuple[str, ...]:
    """What a model gives a probability, by the tasks it can do, and the dopamine of every event."""
    records = (record for kind in model.facts["tasks"] for record in _RECORDS.get(kind, ()))
    return (*dict.fromkeys(records), "dopamine")


def lesions_of(model: Card) -> tuple[str, ...]:
    """Names of the lesions that reach a model: by a role that it plays, or by its broadcast."""
    reaches = lambda targets: not targets or bool(model.roles & set(targets))
    targets = {n: catalog.describe("lesions", n).facts["targets"] for n in catalog.names("lesions")}
    return tuple(name for name, its in targets.items() if reaches(its))


def landmarks_of(model: Card) -> tuple[str, ...]:
    """Names of the landmarks that are measured on a model."""
    names = catalog.names("landmarks")
    return tuple(n for n in names if model.name in catalog.describe("landmarks", n).facts["models"])


def overview(width: int | None = None) -> str:
    """One line per component of every kind; `width` is that of the terminal, None if it is none."""
    parts = []
    for kind in catalog.KINDS:
        found = catalog.names(kind)
        parts.append(f"{kind} ({len(found)})")
        parts += _table((), [(n, _short(catalog.describe(kind, n))) for n in found], width)
    parts.append("\nMore: jaxda list KIND [NAME]")
    return "\n".join(parts)


# The column of a table beside name and title.
_BESIDE: dict[str, tuple[str, Callable[[Card], str]]] = {
    "models": ("kinds of task", lambda c: ", ".join(c.facts["tasks"])),
    "tasks": ("kind", lambda c: c.facts["kind"]),
    "lesions": ("acts on", lambda c: ", ".join(c.facts["targets"]) or "the broadcast"),
    "landmarks": ("models", lambda c: ", ".join(c.facts["models"])),
    "assays": ("species", lambda c: c.facts["species"]),
}


def table(kind: catalog.Kind, width: int | None = None) -> str:
    """All components of a kind, one row each."""
    found = [catalog.describe(kind, n) for n in catalog.names(kind)]
    title, of = _BESIDE.get(kind, ("", None))
    header = (catalog.one(kind), "what it is", *([title] if of else []))
    rows = [(c.name, _short(c), *([of(c)] if of else [])) for c in found]
    return "\n".join([*_table(header, rows, width), f"\nMore: jaxda list {kind} NAME"])


def card(about: Card, width: int | None = None) -> str:
    """Everything declared about a component, and what it goes together with."""
    lines = [*_wrapped(f"{about.name} — {about.title}", width), ""]
    if about.doc:
        lines += [*_prose(about.doc, width), ""]
    for label, said in told(about):
        text = said if isinstance(said, str) else ", ".join(said) or "none"
        lines += _wrapped(f"{label}: {text}", width, "  ", "    ")
    if about.params:
        lines += ["", *_parameters(list(about.params.values()), width)]
    return "\n".join(lines)


def told(about: Card) -> list[tuple[str, str | tuple[str, ...]]]:
    """What a card says beside title, text and parameters: a label with names, or with a text."""
    facts = about.facts
    said: list[tuple[str, str | tuple[str, ...]]] = []
    for key in ("title", "claim", "source", "caution", "kind", "species"):
        if facts.get(key):
            said.append((key, facts[key]))
    if about.kind == "models":
        said += [(f"tasks of kind {kind}", names) for kind, names in tasks_of(about).items()]
        said += [("predicts", predicts(about)), ("lesions that reach it", lesions_of(about))]
        if landmarks := landmarks_of(about):
            said.append(("landmarks", landmarks))
    elif about.kind == "tasks":
        said.append(("models that can do it", models_of(about)))
    for name, what in facts.get("outcomes", {}).items():
        said.append((f"outcome {name}", what))
    for label, key in (("measured on", "models"), ("free by default", "free"), ("reads", "reads")):
        if key in facts:
            said.append((label, facts[key]))
    if "targets" in facts:
        said.append(("acts on", facts["targets"] or "the broadcast"))
    for names, reason in facts.get("confounded", ()):
        said.append(("not separable", f"{', '.join(names)} ({reason})"))
    if facts.get("identifiability"):
        said.append(("hard to tell apart", facts["identifiability"]))
    for key, value in about.settings.items():
        among = about.choices.get(key, ())
        options = f" (one of {', '.join(map(str, among))})" if among else ""
        said.append((f"setting {key}", f"{shown(value, 120)}{options}"))
    return said


def _parameters(params: Sequence[catalog.Parameter], width: int | None) -> list[str]:
    header = ("parameter", "domain", "default", "prior", "role", "meaning")
    rows = [
        (p.name, interval(p.domain), f"{p.default:g}", p.prior, p.role or "–", p.doc)
        for p in params
    ]
    lines = _table(header, rows)
    if width is None or max(map(len, lines)) <= width:
        return lines
    # The meaning on lines of its own.
    above = _table(header[:-1], [row[:-1] for row in rows])
    margin = " " * (above[1].index("- ") + 3)
    lines = above[:2]
    for line, row in zip(above[2:], rows, strict=True):
        lines += [line, *_wrapped(row[-1], width, margin, margin)]
    return lines


def interval(ends: tuple[float, float]) -> str:
    """A domain, an open interval."""
    names = {-math.inf: "−∞", math.inf: "∞"}
    low, high = (names.get(x, f"{x:g}") for x in ends)
    return f"({low}, {high})"


def _short(about: Card) -> str:
    """A title without its source."""
    return _CITED.sub("", about.title).removesuffix(".")


# Text of a width


def terminal_width() -> int | None:
    """Columns of the terminal; None where the output goes elsewhere, which folds nothing."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _wrapped(text: str, width: int | None, first: str = "", others: str = "") -> list[str]:
    if width is None:
        return [first + text]
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=others, break_on_hyphens=False
    )


def _prose(text: str, width: int | None) -> list[str]:
    """A docstring; paragraphs that do not fit are filled anew, items of a list each by itself."""
    lines: list[str] = []
    for part in text.split("\n\n"):
        block = textwrap.indent(part, "  ").splitlines()
        if width is not None and any(len(line) > width for line in block):
            items = [" ".join(item.split()) for item in re.split(r"\n(?=- )", part)]
            hang = lambda item: "    " if item.startswith("- ") else "  "
            block = [x for item in items for x in _wrapped(item, width, "  ", hang(item))]
        lines += [*block, ""]
    return lines[:-1]


def _table(
    header: tuple[str, ...], rows: Sequence[tuple[str, ...]], width: int | None = None
) -> list[str]:
    """Lines of a table with a margin of two; cells are folded until it fits into `width`."""
    if not rows:
        return []
    columns = list(zip(*((header, *rows) if header else rows), strict=True))
    widths = [max(map(len, column)) for column in columns]
    words = [max(len(w) for cell in column for w in (cell.split() or [""])) for column in columns]
    # Words are broken only where nothing else helps.
    for least in (words, [min(w, _NARROWEST) for w in words]):
        while width and sum(widths) + 2 * len(widths) > width:
            room = [w - low for w, low in zip(widths, least, strict=True)]
            if max(room) <= 0:
                break
            widest = max((w, i) for i, w in enumerate(widths) if room[i] > 0)[1]
            widths[widest] -= 1
    head = [*_row(header, widths), *_row(["-" * w for w in widths], widths)] if header else []
    return head + [line for row in rows for line in _row(row, widths)]


def _row(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    folded = [
        textwrap.wrap(c, w, break_on_hyphens=False) or [""]
        for c, w in zip(cells, widths, strict=True)
    ]
    line = lambda parts: "  ".join(f"{p:<{w}}" for p, w in zip(parts, widths, strict=True))
    return [("  " + line(parts)).rstrip() for parts in zip_longest(*folded, fillvalue="")]


# Landmarks


def check_row(check: Sequence[Any]) -> tuple[str, str, str, str, str]:
    """A check `(name, expected, got, tolerance, relation, passed)` in words, name first.

    Of `got` as many digits are shown as the tolerance gives a meaning to; all, where it fails.
    """
    name, expected, got, tolerance, relation, passed = check
    if passed and tolerance > 0:
        # One digit more than the tolerance; adding 0 makes 0 of -0.
        shown = f"{round(got, 1 + math.ceil(-math.log10(tolerance))) + 0.0:.6g}"
    else:
        shown = f"{got:.4g}" if passed else f"{got:.8g}"
    sign = "" if relation == "=" else f"{relation} "
    return name, f"{sign}{expected:.6g}", shown, f"{tolerance:.2g}", verdict(passed)


def landmark_table(
    found: Mapping[str, Iterable[Sequence[Any]]], width: int | None = None
) -> list[str]:
    """Lines of a table of checks `(name, expected, got, tolerance, relation, passed)`."""
    header = ("landmark", "what", "expected", "got", "tolerance", "")
    rows = [(name, *check_row(check)) for name, checks in found.items() for check in checks]
    return _table(header, rows, width)


def condition_table(rows: Sequence[Any], width: int | None = None) -> list[str]:
    """Lines of a table of conditions, a line per effect."""
    from .report_clinic import lines

    header = ("#", "condition", "outcome", "effect", "expected", "evidence", "")
    return _table(header, lines(list(rows)), width)


def verdict(passed: bool) -> str:
    """A check in a word."""
    return "pass" if passed else "FAIL"
