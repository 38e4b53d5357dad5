"""What lesions do to the Go and NoGo weights of the items."""

from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import _style as look
from ._base import AbstractFigure, Drawn, Tables
from ._measures import Mean, Rows, Units, by_unit, change, mean, trial_bins
from ._words import baseline, between, capital, caption, dose_name, extreme, human, people


_KINDS = {"go": "Go weight G (D1)", "nogo": "NoGo weight N (D2)"}


class _Weight(NamedTuple):
    """The weight of one item at one dose over trials, and in the last bin."""

    course: Mean
    whole: Units
    last: Units


class GoNogoWeights(AbstractFigure):
    """Mean Go and NoGo weight of each item over training, by dose.

    Weights are recorded for the items on offer, just before the choice.
    """

    reads: ClassVar = ("sessions",)
    title: ClassVar = "Go and NoGo weights"

    def draw(self, tables: Tables) -> Drawn:
        cells, counts, shown = [], {}, {}
        for scenario in tables.scenarios:
            found = [
                (scenario, g, *self._weights(tables, scenario, g)) for g in tables.sources(scenario)
            ]
            found = [cell for cell in found if cell[2]]
            if not found:
                right = "a scenario whose source has Go and NoGo weights, such as opal"
                raise self.refuse(scenario, "no columns go_0 and nogo_0", right)
            cells += found
            n = [len(w.last.names) for cell in found for w in cell[2].values()]
            counts[scenario] = people(n)
            shown[scenario] = [cell[1] for cell in found]
        figure = look.canvas(look.HEIGHT * 1.05 * len(cells))
        blocks = figure.subfigures(len(cells), 1, squeeze=False)[:, 0]
        findings: list[str] = []
        numbers: dict[str, Any] = {}
        for block, (scenario, source, weights, trial) in zip(blocks, cells, strict=True):
            where = f"{human(scenario)}, {source}: " if len(cells) > 1 else ""
            _draw(block, tables, scenario, weights, trial, where)
            findings += _findings(tables, scenario, weights, where)
            numbers.setdefault(scenario, {})[source] = _numbers(weights, trial)
        what = (
            "Mean weights of the items over training, in bins of trials: top, the Go weight of "
            "the direct (D1) pathway; bottom, the NoGo weight of the indirect (D2) pathway; one "
            "column per dose. Weights have no unit and start at 1 (thin line); items are "
            "lettered in the order of their numbers, dashed lines are the second of each pair. "
            "Bands are 95 % intervals"
        )
        return Drawn(figure, caption(tables, what, counts, sources=shown), findings[:3], numbers)

    def _weights(
        self, tables: Tables, scenario: str, source: str
    ) -> tuple[dict[tuple[str, float, int], _Weight], np.ndarray]:
        columns = ("dose", "subject", "trial", "option", "feedback", "go", "nogo")
        rows = Rows(tables.sessions(scenario, source, *columns))
        if not (rows.parts("go") and rows.parts("nogo")):
            return {}, np.zeros(0)
        rows = rows.where(rows["feedback"])
        bins, center = trial_bins(rows["trial"])
        options = rows.spread("option")
        items = np.unique(options[np.isfinite(options)]).astype(int)
        out = {}
        for kind in _KINDS:
            weights = rows.spread(kind)
            for dose in rows.values("dose"):
                for item in items:
                    here = (options == item) & (rows["dose"] == dose)[:, None]
                    row, side = np.nonzero(here)
                    names = rows["subject"][row]
                    every = by_unit(names, weights[row, side], bins[row], len(center))
                    last = Units(every.names, every.values[:, -1])
                    whole = by_unit(names, weights[row, side])
                    out[kind, dose, int(item)] = _Weight(mean(every.values), whole, last)
        return out, center


def letter(item: int) -> str:
    """A, B, C, ... while there are letters."""
    return chr(ord("A") + item) if item < 26 else str(item)


def _color(item: int) -> str:
    """Items of a pair share a colour."""
    return look.CYCLE[item // 2 % len(look.CYCLE)]


def _draw(
    block: Any,
    tables: Tables,
    scenario: str,
    weights: dict[tuple[str, float, int], _Weight],
    trial: np.ndarray,
    where: str,
) -> None:
    doses = sorted({d for _, d, _ in weights})
    items = sorted({i for _, _, i in weights})
    panels = block.subplots(2, len(doses), squeeze=False, sharex=True, sharey="row")
    for row, kind in zip(panels, _KINDS, strict=True):
        for ax, dose in zip(row, doses, strict=True):
            look.zero(ax, 1.0)
            for item in items:
                it = weights[kind, dose, item].course
                look.band(ax, trial, it, _color(item), look.LINES[item % 2])
            if ax in panels[0]:
                ax.set_title(where + dose_name(tables.about(scenario), dose))
                where = ""
            else:
                ax.set_xlabel("trial")
            ax.set_xlim(0, trial[-1])
        row[0].set_ylabel(_KINDS[kind])
        row[0].set_ylim(bottom=0)
    ends = []
    for row, kind in zip(panels, _KINDS, strict=True):
        for ax, dose in zip(row, doses, strict=True):
            heights = [weights[kind, dose, i].course.value[-1] for i in items]
            names = ((y, letter(i), _color(i)) for y, i in zip(heights, items, strict=True))
            ends.append((ax, [look.Label(*name) for name in names]))
    look.end_labels(*ends)


def _findings(
    tables: Tables, scenario: str, weights: dict[tuple[str, float, int], _Weight], where: str
) -> list[str]:
    doses = sorted({d for _, d, _ in weights})
    items = sorted({i for _, _, i in weights})
    first, far, about = baseline(doses), extreme(doses), tables.about(scenario)
    out = []
    for kind, word in (("go", "Go"), ("nogo", "NoGo")):
        over = {i: mean(weights[kind, first, i].whole.values) for i in items}
        item = max(items, key=lambda i: over[i].value)
        text = (
            f"{where}the largest mean {word} weight in training, {dose_name(about, first)}, is "
            f"that of {letter(item)}, {between(over[item])}"
        )
        if far != first:
            moved = change(weights[kind, far, item].whole, weights[kind, first, item].whole)
            text += f"; {dose_name(about, far)} changes it by {between(moved)}"
        out.append(capital(text + "."))
    return out


def _numbers(weights: dict[tuple[str, float, int], _Weight], trial: np.ndarray) -> dict[str, Any]:
    out: dict[str, Any] = {"trial": trial.tolist()}
    for (kind, dose, item), w in weights.items():
        it = {
            "course": w.course.facts(),
            "whole": mean(w.whole.values).facts(),
            "last": mean(w.last.values).facts(),
        }
        out.setdefault(f"{dose:g}", {}).setdefault(kind, {})[letter(item)] = it
    return out
