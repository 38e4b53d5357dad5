"""Landmarks as a page tells them: pictures with their words, and the table of all checks."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from . import __version__, catalog
from .data.files import write_text
from .errors import InputError, Problem
from .landmarks._base import Check, heard
from .layout import Layout
from .report_pictures import address, environment
from .report_tables import Cell, Column, Sheet
from .wording import plural


class Picture(NamedTuple):
    """A landmark with its words; `src` holds the whole picture."""

    name: str
    title: str
    claim: str
    caption: str
    caution: str
    source: str
    models: tuple[str, ...]
    alt: str
    src: str


class Landmarks(NamedTuple):
    """All landmarks of a page."""

    pictures: list[Picture]
    rows: list[tuple[str, Check]]
    sheet: Sheet

    @property
    def brief(self) -> str:
        """How many hold."""
        held = sum(check.passed for _, check in self.rows)
        if held == len(self.rows):
            return f"All {plural(held, 'check')} hold."
        failed = ", ".join(dict.fromkeys(name for name, check in self.rows if not check.passed))
        return f"{held} of {plural(len(self.rows), 'check')} hold; those that fail: {failed}."


def collect(layout: Layout, names: Sequence[str]) -> Landmarks:
    """The landmarks called `names`, from their files.

    Raises:
        InputError: with every file that is missing or damaged.
    """
    pictures: list[Picture] = []
    rows: list[tuple[str, Check]] = []
    problems: list[Problem] = []
    for name in names:
        facts = catalog.describe("landmarks", name).facts
        path = layout.landmark(name, "json")
        try:
            measured = heard(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            problems.append(Problem(str(path), "no such file", f"run: jaxda measure {name}"))
            continue
        except (ValueError, KeyError, TypeError) as error:
            fault = f"not a measured landmark ({type(error).__name__}: {error})"
            problems.append(Problem(str(path), fault, "measure it again"))
            continue
        rows += [(name, check) for check in measured.checks]
        if not facts.get("pictured", True):
            continue
        try:
            src = address(layout.landmark(name, "svg"))
        except InputError as error:
            problems += error.problems
            continue
        title, claim = (str(facts[key]) for key in ("title", "claim"))
        caution, source = str(facts.get("caution", "")), str(facts["source"])
        alt = f"{title}. {claim}"
        models = tuple(facts["models"])
        pictures.append(
            Picture(name, title, claim, measured.caption, caution, source, models, alt, src)
        )
    if problems:
        raise InputError(problems)
    return Landmarks(pictures, rows, _sheet(rows))


def _sheet(rows: Sequence[tuple[str, Check]]) -> Sheet:
    columns = (
        Column("landmark", False),
        Column("what", False),
        Column("expected"),
        Column("measured"),
        Column("", False),
    )
    cells = []
    for name, check in rows:
        expected, got = check.words()
        verdict = Cell("holds", "good") if check.passed else Cell("fails", "bad")
        cells.append([Cell(name), Cell(check.name), Cell(expected), Cell(got), verdict])
    note = (
        "± is the tolerance. Of arrays, the pair of numbers that is farthest apart is shown. "
        "Expected values are closed forms or published or independently computed numbers."
    )
    return Sheet("table-landmarks", "Landmarks, expected and measured", columns, cells, (), note, 1)


def write(layout: Layout, names: Sequence[str]) -> None:
    """Write `layout.gallery`, one page that opens offline.

    Raises:
        InputError: with every file that is missing or damaged.
    """
    page = environment().get_template("report_gallery.html.j2")
    write_text(layout.gallery, page.render(landmarks=collect(layout, names), version=__version__))
