"""The central table: conditions, what each changes, and what must come of it.

It is read from YAML, `conditions.yaml` or one of the reader's own, and checked in full before
anything runs. Imports no JAX.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .. import _marked, catalog
from ..errors import shown


TABLE = Path(__file__).with_name("conditions.yaml")

Sign = Literal["up", "down", "same"]
Scale = Literal["ratio", "difference", "value", "spread"]
ARROWS: Mapping[str, str] = {"up": "↑", "down": "↓", "same": "≈"}
Text = Annotated[str, Field(min_length=1)]
Real = Annotated[float, Field(allow_inf_nan=False)]
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Expected(_Record):
    """What must come of a change.

    `sign` of the change against the control. What is told is its size on the `scale`: the
    "ratio" of means or their "difference", the "value" of the mean under the condition, or the
    ratio of the "spread" (standard deviation) between individuals. Where it is published or
    follows from the constants it lies between `low` and `high`; a sign "same" needs both.
    """

    sign: Sign = Field(description="up, down or same")
    scale: Scale = Field("ratio", description="ratio, difference, value or spread")
    low: Real | None = Field(None, description="a finite number")
    high: Real | None = Field(None, description="a finite number")


class Comparison(_Record):
    """An assay under two settings: what stands in both of them is the same."""

    assay: Text = Field(description="the name of an assay")
    control: dict[str, Any] = Field({}, description="settings of the assay")
    condition: dict[str, Any] = Field(description="settings of the assay")
    versus: str = Field("healthy", description="what the control is, in a word or two")
    expect: dict[str, Expected] = Field(description="an outcome of the assay: sign, low, high")


class Condition(_Record):
    """A row. `about` is whom the condition is known from.

    `evidence`: A confirmed in a source and in numbers, B in its sign, C a claim of a model, D
    contested; a contested row tells what speaks against it.
    """

    number: int = Field(ge=1, description="a whole number, 1 or more")
    title: Text = Field(description="a text")
    change: Text = Field(description="a text")
    about: Literal["human", "rodent", "any"] = Field(description="human, rodent or any")
    evidence: list[Literal["A", "B", "C", "D"]] = Field(
        min_length=1, description="a list of A, B, C, D"
    )
    source: Text = Field(description="a text")
    against: str = Field("", description="a text")
    note: str = Field("", description="a text")
    compare: list[Comparison] = Field(min_length=1, description="a list of comparisons")

    @property
    def contested(self) -> bool:
        """Whether the evidence is divided."""
        return "D" in self.evidence

    @property
    def mixed(self) -> bool:
        """Whether constants of rodents stand for humans."""
        return self.about == "human" and any(
            catalog.describe("assays", c.assay).facts["species"] == "rodent" for c in self.compare
        )


Table = dict[str, Condition]


def load(path: str | Path = TABLE) -> Table:
    """The conditions in a YAML file, or a JSON text, by name and in the order of their numbers.

    Raises:
        InputError: with everything that is wrong.
    """
    found: _marked.Found = {}
    tree = _tree(str(path), found)
    if tree is None:
        _marked.fail(found)
    report = _marked.Report(tree, found)
    table: Table = {}
    numbers: dict[int, str] = {}
    for name, row in tree.value.items():
        if not _NAME.fullmatch(name):
            right = "small letters, digits and _, at most 64"
            report((name,), f"the name {shown(name)}", right, key=True)
        condition = _row(name, _listed(_marked.plain(row)), report)
        if condition is None:
            continue
        if condition.number in numbers:
            told = f"{condition.number}, the number of {numbers[condition.number]!r}"
            report((name, "number"), told, "a number of its own")
        numbers[condition.number] = name
        table[name] = condition
    if found:
        _marked.fail(found)
    return dict(sorted(table.items(), key=lambda item: item[1].number))


def _tree(path: str, found: _marked.Found) -> _marked.Marked | None:
    if not path.startswith("{") or os.path.exists(path):
        return _marked.read(Path(path), found)
    right = "the name of a YAML file, or conditions as JSON"
    return _marked.read_json(path, _marked.Place("conditions"), right)


def dump(name: str, condition: Condition) -> str:
    """A table of one row, as a JSON text that `load` reads."""
    row = condition.model_dump(mode="json", exclude_defaults=True)
    return json.dumps({name: row}, ensure_ascii=False)


def _listed(data: Any) -> Any:
    if isinstance(data, tuple):
        return [_listed(x) for x in data]
    return {k: _listed(v) for k, v in data.items()} if isinstance(data, dict) else data


def _row(name: str, data: Any, report: _marked.Report) -> Condition | None:
    try:
        row = Condition.model_validate(data)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=False):
            _explain((name, *fault["loc"]), fault, report)
        return None
    before = len(report.found)
    if row.contested and not row.against:
        report((name, "against"), "missing, and the evidence holds D", "what speaks against it")
    for i, comparison in enumerate(row.compare):
        _check((name, "compare", i), comparison, report)
    return row if len(report.found) == before else None


def _explain(loc: _marked.Loc, fault: Any, report: _marked.Report) -> None:
    record: type[_Record] = Condition
    if "compare" in loc[:-1]:
        record = Expected if "expect" in loc[:-1] else Comparison
    if fault["type"] == "extra_forbidden":
        near = catalog.did_you_mean(str(loc[-1]), record.model_fields)
        report(loc, f"no key called {str(loc[-1])!r}", near, key=True)
        return
    field = next((s for s in reversed(loc) if s in record.model_fields), "")
    right = record.model_fields[str(field)].description if field else "a row of the table"
    found = "missing" if fault["type"] == "missing" else shown(fault["input"])
    report(loc, found, right or "a text")


def _check(loc: _marked.Loc, comparison: Comparison, report: _marked.Report) -> None:
    # The checks of experiments read this table.
    from .._checks import check_settings

    known = catalog.names("assays")
    if comparison.assay not in known:
        near = catalog.did_you_mean(comparison.assay, known)
        report((*loc, "assay"), repr(comparison.assay), near)
        return
    card = catalog.describe("assays", comparison.assay)
    for arm in ("control", "condition"):
        settings = {k: _marked.tuples(v) for k, v in getattr(comparison, arm).items()}
        check_settings(card, settings, (*loc, arm), report)
    outcomes = card.facts["outcomes"]
    for name, expected in comparison.expect.items():
        at = (*loc, "expect", name)
        if name not in outcomes:
            near = catalog.did_you_mean(name, outcomes)
            report(at, f"no outcome {name!r} of {card.name}", near, key=True)
        ends = (expected.low, expected.high)
        if expected.sign == "same" and None in ends:
            report(at, "sign same without low and high", "the band that counts as the same")
        elif (ends[0] is None) != (ends[1] is None):
            report(at, "one end of a band", "both low and high, or neither")
        elif ends[0] is not None and not ends[0] <= ends[1]:  # type: ignore[operator]
            report(at, f"low {ends[0]:g} above high {ends[1]:g}", "low below high")
