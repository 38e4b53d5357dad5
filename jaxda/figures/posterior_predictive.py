"""Whether fitted models behave as the subjects did."""

from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import _predictive as panels
from . import _style as look
from ._base import AbstractFigure, Drawn, Tables
from ._measures import Rows
from ._predictive import Check
from ._words import baseline, capital, caption, human, listed, people


class _Cell(NamedTuple):
    """The checks of every candidate on the sessions of one source."""

    scenario: str
    source: str
    found: dict[str, dict[str, Check]]


class PosteriorPredictive(AbstractFigure):
    """Observed statistics of behaviour against those of replicates from fitted models.

    One row of panels per origin of the data, one colour per fitted model, at the dose nearest
    to 0.
    """

    reads: ClassVar = ("posterior_predictive.statistics",)
    title: ClassVar = "Do the fitted models behave like the subjects?"

    def draw(self, tables: Tables) -> Drawn:
        cells = [self._cell(tables, s, g) for s in tables.scenarios for g in tables.sources(s)]
        models = list(dict.fromkeys(m for cell in cells for m in cell.found))
        wide = max(len(panels.shown(list(cell.found.values()))) for cell in cells)
        figure = look.canvas(2.9 * len(cells) + 0.5)
        axes = figure.subplots(len(cells), wide, squeeze=False)
        for row, cell in zip(axes, cells, strict=True):
            _draw(row, cell, models)
        names = [("observed", look.BLACK, "", "o")]
        names += [(tables.named(m), *_look(models, m)) for m in models]
        fit = max(1, 100 // (max(len(n[0]) for n in names) + 9))
        place = {"loc": "outside lower center", "ncols": min(fit, len(names))}
        look.line_names(figure, names, **place)
        hows, shown = dict.fromkeys(c.how for x in cells for c in _every(x)), tables.scenarios
        what = (
            "Posterior predictive check: statistics of behaviour in the sessions (black: points "
            "over trials, lines at levels) and in replicates made with parameters drawn from the "
            "posterior of each subject (colour: mean, and the band or bar that holds 90 % of the "
            "replicates), at the dose nearest to 0. Values are means over subjects. Replicates are "
            f"{listed(_HOW[h] for h in hows)}. P(better option) counts trials with feedback, in "
            "blocks of trials; P(stay) is the share of trials on which the last choice at the "
            "cue was repeated, by whether it had won (more than the mean reward); the thin line is "
            "chance"
        )
        sizes = {s: [c.n for x in cells if x.scenario == s for c in _every(x)] for s in shown}
        counts = {s: people(every) for s, every in sizes.items()}
        end = "As the same data made the posterior, p-values are conservative"
        text = caption(tables, what, counts, fitted=True, end=end)
        return Drawn(figure, text, _findings(cells), _numbers(cells))

    def _cell(self, tables: Tables, scenario: str, source: str) -> _Cell:
        found = {}
        for model in tables.candidates(scenario):
            table = tables.analysis(self.reads[0], scenario, source, model)
            if table.num_rows:
                found[model] = panels.checks(table, baseline(Rows(table).values("dose")))
        if not any(panels.shown(list(found.values()))):
            raise self.refuse(scenario, "no statistic of behaviour", "a scenario with choices")
        return _Cell(scenario, source, found)


# What a table says of its replicates, in words.
_HOW = {
    "simulated": "sessions simulated from their first trial on",
    "one step ahead": "single choices, each given the recorded past of its trial",
}


def _every(cell: _Cell) -> list[Check]:
    return [it for found in cell.found.values() for it in found.values()]


def _look(models: list[str], model: str) -> tuple[str, Any, str]:
    at = models.index(model)
    return look.CYCLE[at % 6], look.LINES[at // 6 % len(look.LINES)], look.MARKERS[1 + at % 6]


def _draw(row: Any, cell: _Cell, models: list[str]) -> None:
    names = panels.shown(list(cell.found.values()))
    for empty in row[len(names) :]:
        empty.remove()
    for ax, name in zip(row, names, strict=False):
        here = {m: each[name] for m, each in cell.found.items() if name in each}
        for i, (model, it) in enumerate(here.items()):
            color, line, marker = _look(models, model)
            if name in panels.COURSES:
                panels.course(ax, it, color, line)
            else:
                shift = 0.5 * ((i + 0.5) / len(here) - 0.5)
                panels.bars(ax, it, color, marker, shift)
        any_ = next(iter(here.values()))
        panels.observed(ax, any_, name in panels.COURSES)
        panels.finish(ax, any_)
        glyphs = [f"{m}: {it.inside.sum()} of {it.inside.size} in band" for m, it in here.items()]
        look.headed(ax, name, glyphs if len(here) <= 3 else [f"{len(here)} models"])
    first = f"{human(cell.scenario)}, {cell.source}"
    row[0].set_ylabel(f"{first}\n{row[0].get_ylabel()}")


def _findings(cells: list[_Cell]) -> list[str]:
    out = []
    for cell in cells:
        parts = []
        for model, found in cell.found.items():
            inside = np.concatenate([it.inside for it in found.values()])
            text = f"{model} holds {int(inside.sum())} of {inside.size} observed values"
            far = panels.worst(found)
            if far is not None:
                statistic, level, p = far
                draws = found[statistic].draws
                text += f" (farthest out: {statistic} {level}, {panels.p_value(p, draws)})"
            parts.append(text)
        out.append(
            f"{capital(human(cell.scenario))}, {cell.source}, in 90 % bands: {'; '.join(parts)}."
        )
    return out[:3]


def _numbers(cells: list[_Cell]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for cell in cells:
        out.setdefault(cell.scenario, {})[cell.source] = {
            model: {name: it.facts() for name, it in found.items()}
            for model, found in cell.found.items()
        }
    return out
