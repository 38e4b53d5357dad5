"""Choosing the best and avoiding the worst item when nothing is shown any more."""

from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import _style as look
from ._base import About, AbstractFigure, Drawn, Tables
from ._measures import Mean, Rows, Units, by_unit, change, mean
from ._words import between, capital, caption, dose_name, human, people


_BEST, _WORST = 0, 1
_NAMES = {"choose_a": "choose A", "avoid_b": "avoid B"}
_COLORS = {"choose_a": look.GREEN, "avoid_b": look.RED}


class _Test(NamedTuple):
    """Rates of one scenario and source by dose, and their difference."""

    scenario: str
    source: str
    about: About
    rates: dict[str, dict[float, Units]]
    contrast: dict[float, Units]


class ChooseAvoid(AbstractFigure):
    """Test of the probabilistic selection task: A and B against items never paired with them.

    Panels hold scenarios that share lesion and generating model. Pairs of A with B are left
    out, as both answers are the same there.
    """

    reads: ClassVar = ("sessions",)
    title: ClassVar = "Choosing the best and avoiding the worst"

    def draw(self, tables: Tables) -> Drawn:
        tests = [self._test(tables, s, g) for s in tables.scenarios for g in tables.sources(s)]
        groups: dict[tuple[str, str], list[_Test]] = {}
        for test in tests:
            lesion = test.about.lesion.name if test.about.lesion else test.scenario
            groups.setdefault((lesion, test.source), []).append(test)
        columns = min(len(groups), 4)
        rows = -(-len(groups) // columns)
        figure = look.canvas(look.HEIGHT * rows)
        for i, block in enumerate(figure.subfigures(rows, 1, squeeze=False)[:, 0]):
            part = list(groups.items())[i * columns : (i + 1) * columns]
            _draw(block, tables, part)
        counts = {
            s: people(u.n for t in tests if t.scenario == s for u in t.contrast.values())
            for s in tables.scenarios
        }
        what = (
            "Test phase without feedback. Top: how often A (the best item) was chosen, and B (the "
            "worst) was not, in pairs of A or B with one of the other items; the thin line is chance. "
            "Bottom: their difference, choose-A minus avoid-B, within subjects; above 0 subjects are "
            "better at choosing the best than at avoiding the worst. Points are means over subjects, "
            "bars 95 % intervals; one column per lesion and generating model"
        )
        return Drawn(figure, caption(tables, what, counts), _findings(groups)[:3], _numbers(tests))

    def _test(self, tables: Tables, scenario: str, source: str) -> _Test:
        columns = ("dose", "subject", "option", "action", "feedback")
        rows = Rows(tables.sessions(scenario, source, *columns))
        options = rows.spread("option")
        best, worst = (options == _BEST).any(axis=1), (options == _WORST).any(axis=1)
        test = ~rows["feedback"] & np.isfinite(rows["action"])
        right = "a scenario with a test phase that offers items 0 and 1 in new pairs, such as pst"
        if not (test & best & ~worst).any() or not (test & worst & ~best).any():
            raise self.refuse(scenario, f"no test without feedback (source {source})", right)
        item = rows.taken()
        values = {
            "choose_a": np.where(test & best & ~worst, item == _BEST, np.nan),
            "avoid_b": np.where(test & worst & ~best, item != _WORST, np.nan),
        }
        rates: dict[str, dict[float, Units]] = {}
        contrast = {}
        for dose in rows.values("dose"):
            here = rows["dose"] == dose
            of = {k: by_unit(rows["subject"][here], v[here]) for k, v in values.items()}
            for k, v in of.items():
                rates.setdefault(k, {})[dose] = v
            gap = of["choose_a"].values - of["avoid_b"].values
            contrast[dose] = Units(of["choose_a"].names, gap)
        return _Test(scenario, source, tables.about(scenario), rates, contrast)


def _over(by_dose: dict[float, Units]) -> tuple[np.ndarray, Mean]:
    """Doses, and the means there."""
    every = [mean(u.values) for u in by_dose.values()]
    return np.asarray(list(by_dose)), Mean(*(np.stack(x) for x in zip(*every, strict=True)))


def _draw(block: Any, tables: Tables, groups: list[tuple[tuple[str, str], list[_Test]]]) -> None:
    panels = block.subplots(2, len(groups), squeeze=False, sharex="col", sharey="row")
    ends: list[look.Label] = []
    for (top, bottom), ((lesion, source), tests) in zip(panels.T, groups, strict=True):
        ends = []
        for i, test in enumerate(tests):
            for kind in _NAMES:
                doses, it = _over(test.rates[kind])
                look.dots(top, doses, it, _COLORS[kind], look.MARKERS[i], look.LINES[i % 4])
                ends.append(look.Label(it.value[-1], _NAMES[kind], _COLORS[kind]))
            doses, it = _over(test.contrast)
            look.dots(bottom, doses, it, look.BLACK, look.MARKERS[i], look.LINES[i % 4])
        look.zero(top, 0.5)
        look.zero(bottom)
        every = np.unique([d for t in tests for d in t.contrast])
        room = 0.08 * (np.ptp(every) or 1.0)
        bottom.set_xlim(every[0] - room, every[-1] + room)
        if len(every) <= 6:
            bottom.set_xticks(every)
        names = " & ".join(human(t.scenario) for t in tests)
        top.set_title(f"{names}\n{source}", linespacing=1.3)
        bottom.set_xlabel(f"dose of {lesion}")
        if len(tests) > 1:
            keys = [
                (human(t.scenario), look.BLACK, look.LINES[i % 4], look.MARKERS[i])
                for i, t in enumerate(tests)
            ]
            look.line_names(bottom, keys, loc="upper left")
    panels[0, 0].set_ylabel("rate at test")
    panels[1, 0].set_ylabel("choose A − avoid B")
    last = groups[-1][1]
    look.end_labels((panels[0, -1], ends[-2 * 1 :] if len(last) > 1 else ends))


def _findings(groups: dict[tuple[str, str], list[_Test]]) -> list[str]:
    out = []
    for (lesion, source), tests in groups.items():
        parts = []
        for test in tests:
            doses = sorted(test.contrast)
            first, last = doses[0], doses[-1]
            text = f"{between(mean(test.contrast[first].values))} at {dose_name(test.about, first)}"
            if last != first:
                moved = change(test.contrast[last], test.contrast[first])
                text += (
                    f" and {between(mean(test.contrast[last].values))} at "
                    f"{dose_name(test.about, last)} (a change of {between(moved)})"
                )
            parts.append(f"in {human(test.scenario)} {text}")
        out.append(capital(f"{source} under {human(lesion)}: choose-A minus avoid-B is {', '.join(parts)}."))
    return out


def _numbers(tests: list[_Test]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for test in tests:
        cell = out.setdefault(test.scenario, {}).setdefault(test.source, {})
        for kind, by_dose in {**test.rates, "contrast": test.contrast}.items():
            for dose, units in by_dose.items():
                cell.setdefault(f"{dose:g}", {})[kind] = mean(units.values).facts()
    return out
