"""The central table as a page tells it: conditions, what each must do and what it did."""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from . import __version__
from .clinic.table import ARROWS, Condition
from .data.files import write_text
from .errors import InputError, Problem
from .layout import Layout
from .report_pictures import environment
from .report_tables import Cell, Column, Sheet
from .wording import listed, number, plural


# How a size is written, by its scale.
_SCALES = {"ratio": "× {}", "difference": "Δ {}", "value": "{}", "spread": "spread × {}"}
_EVIDENCE = {
    "A": "confirmed in a source and in numbers",
    "B": "its sign is confirmed",
    "C": "a claim of a model",
    "D": "contested",
}


class Row(NamedTuple):
    """A condition with its effects, as measured."""

    name: str
    number: int
    title: str
    change: str
    about: str
    evidence: str
    source: str
    against: str
    note: str
    mixed: bool
    effects: list[dict[str, Any]]

    @property
    def wrong(self) -> list[dict[str, Any]]:
        """Effects whose sign is not as expected."""
        return [e for e in self.effects if not e["right"]]

    @property
    def contested(self) -> bool:
        """Whether the evidence is divided."""
        return "D" in self.evidence


class Conditions(NamedTuple):
    """All conditions of a page."""

    rows: list[Row]
    sheet: Sheet

    @property
    def brief(self) -> str:
        """How many have the signs that they must have."""
        bad = [row for row in self.rows if row.wrong]
        off = [row for row in self.rows if not all(e["within"] for e in row.effects)]
        signs = sum(len(row.effects) for row in self.rows)
        text = f"{plural(len(self.rows), 'condition')} with {plural(signs, 'effect')}: "
        if bad:
            text += f"{len(bad)} with a wrong sign ({listed(row.title for row in bad)}). "
        else:
            text += "no wrong sign. "
        if off:
            return text + f"A size is outside of its band in: {listed(row.title for row in off)}."
        return text + "Every size that is known lies in its band."


def collect(layout: Layout, table: Mapping[str, Condition]) -> Conditions:
    """The conditions of `table`, from their files.

    Raises:
        InputError: with every file that is missing or damaged.
    """
    rows: list[Row] = []
    problems: list[Problem] = []
    for name in table:
        path = layout.condition(name)
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            rows.append(read(told))
        except FileNotFoundError:
            right = f"run: jaxda condition {name}"
            problems.append(Problem(str(path), "no such file", right))
        except (ValueError, KeyError, TypeError) as error:
            fault = f"not a measured condition ({type(error).__name__}: {error})"
            problems.append(Problem(str(path), fault, "measure it again"))
    if problems:
        raise InputError(problems)
    return Conditions(rows, _sheet(rows))


def read(told: Mapping[str, Any]) -> Row:
    """A measured row from its plain values."""
    words = {key: told[key] for key in ("name", "number", "title", "change", "about", "source")}
    return Row(
        **words,
        evidence="/".join(told["evidence"]),
        against=told["against"],
        note=told["note"],
        mixed=bool(told["species_mixed"]),
        effects=list(told["effects"]),
    )


def size(effect: Mapping[str, Any]) -> str:
    """The size of an effect on its scale, with its interval."""
    text = number(effect["size"])
    low, high = (number(effect[end]) for end in ("low", "high"))
    span = "" if low == high == text else f" ({low} to {high})"
    return _SCALES[effect["scale"]].format(text) + span


def band(effect: Mapping[str, Any]) -> str:
    """The sign that is expected, with the band of sizes if there is one."""
    low, high = effect["expected_low"], effect["expected_high"]
    arrow = ARROWS[effect["expected"]]
    return arrow if low is None else f"{arrow} {number(low)} to {number(high)}"


def verdict(effect: Mapping[str, Any]) -> str:
    """Whether sign and size are as expected, in a word or two."""
    if not effect["right"]:
        return f"wrong sign ({ARROWS[effect['sign']]})"
    return "holds" if effect["within"] else "sign right, size off"


def _sheet(rows: list[Row]) -> Sheet:
    words = ("#", "condition", "protocol and change", "outcome")
    columns = (
        *(Column(word, False) for word in words),
        Column("control"),
        Column("condition"),
        Column("effect", unit="95 % interval"),
        Column("expected"),
        Column("evidence", False),
        Column("", False),
    )
    cells = []
    for row in rows:
        mixed = " (species mixed)" if row.mixed else ""
        # What a line shares with the one above it is told once.
        own, above = (str(row.number), f"{row.title}{mixed}"), ""
        for e in row.effects:
            against = "" if e["versus"] == "healthy" else f"; against {e['versus']}"
            protocol = f"{e['assay']}: {e['change'] or 'as it is'}{against}"
            mark = "bad" if not e["right"] else "good" if e["within"] else ""
            line = (
                *own,
                protocol if protocol != above else "",
                e["what"],
                number(e["control"]),
                number(e["condition"]),
                size(e),
                band(e),
                row.evidence if own[0] else "",
            )
            cells.append([*map(Cell, line), Cell(verdict(e), mark)])
            own, above = ("", ""), protocol
    n = sorted({e["n"] for row in rows for e in row.effects})
    count = f"{n[0]:,}" if len(n) == 1 else " or ".join(f"{k:,}" for k in n)
    grades = "; ".join(f"{key} {words}" for key, words in _EVIDENCE.items())
    note = (
        f"Simulations: {count} individuals per row, the same with the same random numbers in "
        "control and condition; intervals are of the mean effect over individuals, not over "
        "models. × ratio to the control, Δ difference from it, else the value under the condition. "
        "↑ more, ↓ less, ≈ within the band that counts as the same. "
        f"Evidence: {grades}. Species mixed: constants of rodents stand for humans."
    )
    caption = "Conditions, expected and measured"
    return Sheet("table-conditions", caption, columns, cells, (), note)


def write(layout: Layout, table: Mapping[str, Condition]) -> None:
    """Write `layout.clinic`, one page that opens offline, and `layout.conditions`.

    Raises:
        InputError: with every file that is missing or damaged.
    """
    conditions = collect(layout, table)
    page = environment().get_template("report_clinic.html.j2")
    write_text(layout.conditions, _csv(conditions.rows))
    write_text(layout.clinic, page.render(conditions=conditions, version=__version__))


_PLAIN = (
    "assay",
    "change",
    "outcome",
    "what",
    "versus",
    "species",
    "n",
    "scale",
    "control",
    "condition",
    "size",
    "low",
    "high",
    "sign",
    "expected",
    "expected_low",
    "expected_high",
    "right",
    "within",
)


def _csv(rows: list[Row]) -> str:
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    of_row = ("number", "name", "title", "change", "about", "evidence", "species_mixed")
    out.writerow([*of_row, *_PLAIN, "source", "against"])
    for row in rows:
        own = [row.number, row.name, row.title, row.change, row.about, row.evidence, row.mixed]
        for e in row.effects:
            out.writerow([*own, *(e[key] for key in _PLAIN), row.source, row.against])
    return text.getvalue()


def lines(rows: list[Row]) -> list[tuple[str, ...]]:
    """What a terminal shows of each effect."""
    out: list[tuple[str, ...]] = []
    for row in rows:
        for e in row.effects:
            against = "" if e["versus"] == "healthy" else f", against {e['versus']}"
            what = f"{e['outcome']} ({e['assay']}: {e['change']}{against})"
            first = (str(row.number), row.name, what)
            out.append((*first, size(e), band(e), row.evidence, verdict(e)))
    return out


def counter(rows: list[Row]) -> list[str]:
    """A line of counter-evidence for every contested condition."""
    return [f"{row.number} {row.name}, contested: {row.against}" for row in rows if row.contested]
