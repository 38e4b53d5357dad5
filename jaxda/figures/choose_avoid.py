"""Choosing the best and avoiding the worst item when nothing is shown any more."""

from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import _style as look
from ._base import About, AbstractFigure, Drawn, Tables
from ._measures import Rows, Units, along, by_unit, change, mean, test_rates
from ._words import at_dose, between, caption, dose_axis, human, over, people, short


_COLORS = {"choose A": look.GREEN, "avoid B": look.RED}


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
            card = test.about.lesion
            lesion = card.name + over(test.about) if card else test.scenario
            groups.setdefault((lesion, test.source), []).append(test)
        columns = min(len(groups), 4)
        rows = -(-len(groups) // columns)
        figure = look.canvas(look.HEIGHT * rows)
        for i, block in enumerate(figure.subfigures(rows, 1, squeeze=False)[:, 0]):
            part = list(groups.items())[i * columns : (i + 1) * columns]
            _draw(block, part)
        counts = {
            s: people(u.n for t in tests if t.scenario == s for u in t.contrast.values())
            for s in tables.scenarios
        }
        what = (
            "Test phase without feedback. Top: how often A (the best item) was chosen, and B "
            "(the worst) was not, in pairs of A or B with one of the other items; the thin line "
            "is chance. Bottom: their difference, choose-A minus avoid-B, within subjects; above "
            "0 subjects are better at choosing the best than at avoiding the worst. Points are "
            "means over subjects, bars 95 % intervals; one column per lesion and generating model"
        )
        return Drawn(figure, caption(tables, what, counts), _findings(groups)[:3], _numbers(tests))

    def _test(self, tables: Tables, scenario: str, source: str) -> _Test:
        columns = ("dose", "subject", "option", "action", "feedback")
        rows = Rows(tables.sessions(scenario, source, *columns))
        values = test_rates(rows)
        if values is None:
            right = (
                "a scenario with a test phase that offers items 0 and 1 in new pairs, such as pst"
            )
            raise self.refuse(scenario, f"no test without feedback (source {source})", right)
        rates: dict[str, dict[float, Units]] = {}
        contrast = {}
        for dose in rows.values("dose"):
            here = rows["dose"] == dose
            of = {k: by_unit(rows["subject"][here], v[here]) for k, v in values.items()}
            for k, v in of.items():
                rates.setdefault(k, {})[dose] = v
            gap = of["choose A"].values - of["avoid B"].values
            contrast[dose] = Units(of["choose A"].names, gap)
        return _Test(scenario, source, tables.about(scenario), rates, contrast)


def _draw(block: Any, groups: list[tuple[tuple[str, str], list[_Test]]]) -> None:
    panels = block.subplots(2, len(groups), squeeze=False, sharex="col", sharey="row")
    ends: list[look.Label] = []
    for (top, bottom), ((_, source), tests) in zip(panels.T, groups, strict=True):
        for i, test in enumerate(tests):
            marker, line = look.MARKERS[i % len(look.MARKERS)], look.LINES[i % len(look.LINES)]
            ends = []
            for kind, color in _COLORS.items():
                doses, it = along(test.rates[kind], (0, 1))
                look.dots(top, doses, it, color, marker, line)
                ends.append(look.Label(it.value[-1], kind, color))
            doses, it = along(test.contrast)
            look.dots(bottom, doses, it, look.BLACK, marker, line)
        look.zero(top, 0.5)
        look.zero(bottom)
        every = np.unique([d for t in tests for d in t.contrast])
        room = 0.08 * (np.ptp(every) or 1.0)
        bottom.set_xlim(every[0] - room, every[-1] + room)
        if len(every) <= 6:
            bottom.set_xticks(every, [short(d) for d in every])
        marks = look.GLYPHS if len(tests) > 1 else [""] * len(tests)
        names = [f"{human(t.scenario)} {m}".strip() for t, m in zip(tests, marks, strict=False)]
        top.set_title(f"{', '.join(names)}\n{source}", linespacing=1.3)
        bottom.set_xlabel(dose_axis(tests[0].about, 88 // len(groups)))
    panels[0, 0].set_ylabel("rate at test")
    panels[1, 0].set_ylabel("choose A − avoid B")
    look.end_labels((panels[0, -1], ends))


def _findings(groups: dict[tuple[str, str], list[_Test]]) -> list[str]:
    out = []
    for (_, source), tests in groups.items():
        parts = []
        for test in tests:
            doses = sorted(test.contrast)
            first, last = doses[0], doses[-1]
            start, end = (between(mean(test.contrast[d].values)) for d in (first, last))
            text = f"{human(test.scenario)}: {start} {at_dose(test.about, first)}"
            if last != first:
                moved = change(test.contrast[last], test.contrast[first])
                text += f", {end} {at_dose(test.about, last)}, a change of {between(moved)}"
            parts.append(text)
        out.append(f"Choose-A minus avoid-B of {source} – {'; '.join(parts)}.")
    return out


def _numbers(tests: list[_Test]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for test in tests:
        cell = out.setdefault(test.scenario, {}).setdefault(test.source, {})
        for kind, by_dose in {**test.rates, "contrast": test.contrast}.items():
            for dose, units in by_dose.items():
                cell.setdefault(f"{dose:g}", {})[kind] = mean(units.values).facts()
    return out
