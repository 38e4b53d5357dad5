"""How well subjects do, trial by trial, with and without a lesion."""

from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import _style as look
from ._base import AbstractFigure, Drawn, Tables
from ._measures import (
    SHARE,
    Mean,
    Rows,
    Score,
    Units,
    by_unit,
    change,
    mean,
    reached,
    score,
    trial_bins,
)
from ._words import at_dose, baseline, between, capital, caption, dose_name, extreme, human, people


class _Curve(NamedTuple):
    scenario: str
    source: str
    dose: float
    name: str
    score: Score
    trial: np.ndarray
    course: Mean
    whole: Units
    last: Units


class LearningCurves(AbstractFigure):
    """Choices of the better option (or the reward per trial) over trials.

    One panel per generating model, one line per scenario and dose.
    """

    reads: ClassVar = ("sessions",)
    title: ClassVar = "Learning with and without a lesion"

    def draw(self, tables: Tables) -> Drawn:
        cells = [(s, g) for s in tables.scenarios for g in tables.sources(s)]
        curves = [c for s, g in cells for c in self._curves(tables, s, g)]
        labels = list(dict.fromkeys(c.score.label for c in curves))
        sources = list(dict.fromkeys(c.source for c in curves))
        figure = look.canvas(look.HEIGHT * max(0.75, 0.55 * -(-len(sources) // 3)))
        panels = look.grid(figure, len(sources), 3, sharey=len(labels) == 1)
        for i, (ax, source) in enumerate(zip(panels, sources, strict=True)):
            here = [c for c in curves if c.source == source]
            for c in here:
                look.band(ax, c.trial, c.course, *_look(c, curves))
            for chance in {c.score.chance for c in here if c.score.label == SHARE}:
                look.zero(ax, chance)
            if i % 3 == 0 or len(labels) > 1:
                ax.set_ylabel("\nor ".join(dict.fromkeys(c.score.label for c in here)))
            ax.set_title(tables.named(source) if tables.model(source) else "recorded data")
            ax.set_xlabel("trial")
            ax.set_xlim(0, 1.02 * max(c.trial[-1] for c in curves))
        _name(figure, panels[-1], curves, sources)
        meanings = dict.fromkeys(f"{c.score.label} is the {c.score.meaning}" for c in curves)
        what = (
            f"Learning over trials: {'; '.join(meanings)}. One panel per origin of the data; "
            "lines are means over subjects in bins of trials, bands 95 % intervals"
        )
        what += "; the thin line is chance" * (SHARE in labels)
        if any(not tables.about(s).simulated for s in tables.scenarios):
            what += "; bins that fewer than half of the subjects reached are left out"
        counts = {s: people(c.last.n for c in curves if c.scenario == s) for s in tables.scenarios}
        text = caption(tables, what, counts)
        return Drawn(figure, text, _findings(tables, curves), _numbers(curves))

    def _curves(self, tables: Tables, scenario: str, source: str) -> list[_Curve]:
        about = tables.about(scenario)
        columns = ("dose", "subject", "trial", "cue", "option", "action", "reward", "feedback")
        rows = Rows(tables.sessions(scenario, source, *columns))
        if not np.isfinite(rows["action"]).any():
            raise self.refuse(scenario, "nobody chooses anything", "a scenario with choices")
        it = score(about, rows)
        counts = np.isfinite(it.values)
        if not counts.any():
            raise self.refuse(scenario, "no trial with feedback", "a scenario with feedback")
        rows, values = rows.where(counts), it.values[counts]
        bins, center = trial_bins(rows["trial"])
        doses, out = rows.values("dose"), []
        for dose in doses:
            here = rows["dose"] == dose
            every = by_unit(rows["subject"][here], values[here], bins[here], len(center))
            drawn = reached(every)
            course = mean(np.where(drawn, every.values, np.nan)).within(*it.limits)
            last = Units(every.names, every.values[:, np.flatnonzero(drawn)[-1]])
            whole = by_unit(rows["subject"][here], values[here])
            name = human(scenario)
            if doses != [0]:
                name += f", {dose_name(about, dose)}"
            out.append(_Curve(scenario, source, dose, name, it, center, course, whole, last))
        return out


def _mean(curve: _Curve, units: Units) -> Mean:
    return mean(units.values).within(*curve.score.limits)


def _look(curve: _Curve, curves: list[_Curve]) -> tuple[str, Any]:
    """Colour by dose and line by scenario; colour by scenario where there are no doses."""
    scenarios = list(dict.fromkeys(c.scenario for c in curves))
    at, doses = scenarios.index(curve.scenario), [c.dose for c in curves]
    if any(doses):
        return look.dose_color(curve.dose, doses), look.LINES[at % len(look.LINES)]
    return (look.BLACK, *look.CYCLE[:-1])[at % 7], look.LINES[at // 7 % len(look.LINES)]


def _name(figure: Any, last: Any, curves: list[_Curve], sources: list[str]) -> None:
    """Names beside the lines of the last panel if it holds them all, below the figure otherwise."""
    shown = [c for c in curves if c.source == sources[-1]]
    names = dict.fromkeys(c.name for c in curves)
    if len(sources) <= 3 and {c.name for c in shown} == set(names):
        ends = [c.course.value[np.isfinite(c.course.value)][-1] for c in shown]
        colors = [_look(c, curves)[0] for c in shown]
        labels = [look.Label(*x) for x in zip(ends, (c.name for c in shown), colors, strict=True)]
        look.end_labels((last, labels))
        return
    by_name = {c.name: _look(c, curves) for c in curves}
    keys = [(name, color, line, "") for name, (color, line) in by_name.items()]
    fit = max(1, 100 // (max(map(len, by_name)) + 9))
    look.line_names(figure, keys, loc="outside lower center", ncols=min(fit, len(keys)))


def _findings(tables: Tables, curves: list[_Curve]) -> list[str]:
    out = []
    for scenario in tables.scenarios:
        parts = []
        for source in tables.sources(scenario):
            by_dose = {c.dose: c for c in curves if (c.scenario, c.source) == (scenario, source)}
            first, far = baseline(list(by_dose)), extreme(list(by_dose))
            named = f"{source} " if tables.about(scenario).simulated else ""
            text = f"{named}{between(_mean(by_dose[first], by_dose[first].whole))}"
            if far != first:
                start, end = (at_dose(tables.about(scenario), d) for d in (first, far))
                moved = change(by_dose[far].whole, by_dose[first].whole)
                text += f" {start}, changed by {between(moved)} {end}"
            parts.append(text)
        label = next(c.score.label for c in curves if c.scenario == scenario)
        out.append(capital(f"{human(scenario)}, {label} over all trials: {'; '.join(parts)}."))
    return out[:3]


def _numbers(curves: list[_Curve]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for c in curves:
        it = {
            "measure": c.score.label,
            "trial": c.trial.tolist(),
            "course": c.course.facts(),
            "whole": _mean(c, c.whole).facts(),
            "last": _mean(c, c.last).facts(),
        }
        out.setdefault(c.scenario, {}).setdefault(c.source, {})[f"{c.dose:g}"] = it
    return out
