"""What models do before they have seen any data."""

from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import _predictive as panels
from . import _style as look
from ._base import AbstractFigure, Drawn, Tables
from ._predictive import Check
from ._words import capital, caption, human, num, people


class _Cell(NamedTuple):
    scenario: str
    source: str
    model: str
    found: dict[str, Check]


class PriorPredictive(AbstractFigure):
    """Behaviour of single subjects whose parameters were drawn before any data.

    One row of panels per scenario, source and candidate, without a lesion.
    """

    reads: ClassVar = ("prior_predictive.statistics",)
    title: ClassVar = "What the models do before they see data"

    def draw(self, tables: Tables) -> Drawn:
        cells = [
            self._cell(tables, s, g, model)
            for s in tables.scenarios
            for g in tables.sources(s)
            for model in tables.candidates(s)
        ]
        wide = max(len(panels.shown([cell.found])) for cell in cells)
        figure = look.canvas(2.9 * len(cells) + 0.4)
        for row, cell in zip(figure.subplots(len(cells), wide, squeeze=False), cells, strict=True):
            _draw(row, cell, tables.named(cell.model))
        seen = any(np.isfinite(it.observed).any() for cell in cells for it in cell.found.values())
        names: list[Any] = [("mean and bands of the prior", look.BLUE, "-", "s")]
        names += [("mean of the sessions", look.BLACK, "", "o")] * seen
        look.line_names(figure, names, loc="outside lower center", ncols=2)
        draws = sorted({it.draws for cell in cells for it in cell.found.values()})
        what = (
            "Prior predictive check: statistics of behaviour of single simulated subjects "
            f"({' or '.join(map(str, draws))} draws of their parameters) who meet the task from "
            "the first trial on, without a lesion: mean, and the bands or bars that hold 50 % "
            "(dark) and 90 % (light) of the subjects"
        )
        what += "; black is the mean of the sessions at the dose nearest to 0" * seen
        what += (
            ". P(better option) counts trials with feedback, in blocks of trials; P(stay) is the "
            "share of trials on which the last choice at the cue was repeated, by whether it had "
            "won (more than the mean reward); the thin line is chance"
        )
        counts = {}
        for scenario in tables.scenarios:
            every = [c for x in cells if x.scenario == scenario for c in x.found.values()]
            counts[scenario] = people((c.draws for c in every), "simulated subject")
            if any(c.n for c in every):
                counts[scenario] += f", observed {people([max(c.n for c in every)])}"
        text = caption(tables, what, counts, fitted=True, end="")
        return Drawn(figure, text, _findings(cells), _numbers(cells))

    def _cell(self, tables: Tables, scenario: str, source: str, model: str) -> _Cell:
        if not tables.about(scenario).simulated:
            right = "a scenario, whose task is known"
            raise self.refuse(scenario, "recorded data, without a task to simulate", right)
        found = panels.checks(tables.analysis(self.reads[0], scenario, source, model), 0.0)
        if not panels.shown([found]):
            raise self.refuse(scenario, "no statistic of behaviour", "a scenario with choices")
        return _Cell(scenario, source, model, found)


def _draw(row: Any, cell: _Cell, model: str) -> None:
    names = panels.shown([cell.found])
    for empty in row[len(names) :]:
        empty.remove()
    for ax, name in zip(row, names, strict=False):
        it = cell.found[name]
        if name in panels.COURSES:
            panels.course(ax, it, look.BLUE, inner=True)
        else:
            panels.bars(ax, it, look.BLUE, "s", inner=True)
        panels.observed(ax, it, name in panels.COURSES)
        panels.finish(ax, it)
        look.headed(ax, name, [f"{human(cell.scenario)}: {model}"])


def _findings(cells: list[_Cell]) -> list[str]:
    out = []
    for cell in cells:
        it = cell.found[panels.shown([cell.found])[0]]
        last = f"{num(it.mean[-1])}, 90 % of subjects from {num(it.low[-1])} to {num(it.high[-1])}"
        text = f"{human(cell.scenario)}, {cell.model}: {it.statistic} ({it.level[-1]}) is {last}"
        if np.isfinite(it.observed[-1]):
            text += f"; the sessions of {cell.source} have {num(it.observed[-1])}"
        out.append(capital(text) + ".")
    return out[:3]


def _numbers(cells: list[_Cell]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for cell in cells:
        every = {name: it.facts() for name, it in cell.found.items()}
        for each in every.values():
            for facts in each.values():
                del facts["p"], facts["covered"]
        out.setdefault(cell.scenario, {}).setdefault(cell.source, {})[cell.model] = every
    return out
