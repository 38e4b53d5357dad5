"""How much lesion a session shows, and what the lesion does to behaviour."""

import textwrap
from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import _style as look
from ._base import About, AbstractFigure, Drawn, Tables
from ._measures import (
    Correlation,
    Rows,
    Units,
    along,
    by_unit,
    change,
    correlation,
    mean,
    score,
    test_rates,
)
from ._words import (
    at_dose,
    baseline,
    between,
    bracket,
    caption,
    dose_axis,
    extreme,
    human,
    listed,
    num,
    over,
    people,
    short,
)


_COLUMNS = ("dose", "subject", "cue", "option", "action", "reward", "feedback", "latency")
# Measures of behaviour with what they are drawn in.
_COLORS = {"choose A": look.GREEN, "avoid B": look.RED}


class _Response(NamedTuple):
    """One scenario and source: estimates of the dose, and measures of behaviour by dose."""

    scenario: str
    source: str
    about: About
    true: np.ndarray
    estimate: np.ndarray
    corner: np.ndarray
    recovered: dict[float, Units]
    r: Correlation
    bias: float
    rmse: float
    behaviour: dict[str, dict[float, Units]]

    @property
    def group(self) -> tuple[str, str, str]:
        """What scenarios of one column share."""
        assert self.about.lesion and self.about.task
        lesion = self.about.lesion.name + over(self.about)
        return lesion, self.about.task.name, self.source


class DoseResponse(AbstractFigure):
    """Recovered against true dose, and behaviour against dose.

    Behaviour is the median latency where actions are timed; otherwise choices of the better
    option in training (or the reward per trial), and the rates of a test phase if there is one.
    Scenarios that share lesion, task and generating model share a column.
    """

    reads: ClassVar = ("sessions", "dose")
    title: ClassVar = "Dose and response"

    def draw(self, tables: Tables) -> Drawn:
        cells = [(s, g) for s in tables.scenarios for g in tables.sources(s)]
        responses = [self._response(tables, s, g) for s, g in cells]
        groups: dict[tuple[str, str, str], list[_Response]] = {}
        for response in responses:
            groups.setdefault(response.group, []).append(response)
        rows = -(-len(groups) // 4)
        columns = -(-len(groups) // rows)
        figure = look.canvas(look.HEIGHT * 1.1 * rows)
        for i, block in enumerate(figure.subfigures(rows, 1, squeeze=False)[:, 0]):
            _draw(block, list(groups.values())[i * columns : (i + 1) * columns], columns)
        several = [m for r in responses if len(r.behaviour) > 1 for m in r.behaviour]
        if several:
            keys = [(m, _COLORS.get(m, look.BLACK), "-", "o") for m in dict.fromkeys(several)]
            look.line_names(figure, keys, loc="outside lower center", ncols=len(keys))
        counts = {
            s: people(u.n for r in responses if r.scenario == s for u in r.recovered.values())
            for s in tables.scenarios
        }
        measures = dict.fromkeys(m for r in responses for m in r.behaviour)
        what = (
            "Top: dose estimated from each session, the other parameters being known, against the "
            "dose that was given; small points are subjects (rings: estimates at the end of the "
            "domain), large ones means with 95 % intervals, the line is identity; r is Pearson's "
            "correlation over all sessions with its 95 % interval (Fisher), bias the mean and RMSE "
            f"the root mean square of estimate minus truth. Bottom: behaviour ({listed(measures)}) "
            "by dose, means over subjects with 95 % intervals"
        )
        if "choose A" in measures:
            what += (
                "; choose A and avoid B are rates in the test without feedback, in pairs of the "
                "best item A or the worst item B with one of the others"
            )
        text = caption(tables, what, counts)
        return Drawn(figure, text, _findings(responses), _numbers(responses))

    def _response(self, tables: Tables, scenario: str, source: str) -> _Response:
        rows = Rows(tables.dose(scenario, source))
        if not rows.table.num_rows:
            raise self.refuse(scenario, "no estimate of a dose", "recover_dose: true")
        true, estimate = rows["dose"], rows["estimate"]
        error = (estimate - true)[np.isfinite(estimate)]
        about = tables.about(scenario)
        return _Response(
            scenario,
            source,
            about,
            true,
            estimate,
            rows["corner"],
            {
                d: by_unit(rows["subject"][true == d], estimate[true == d])
                for d in rows.values("dose")
            },
            correlation(true, estimate),
            float(error.mean()),
            float(np.sqrt(np.mean(error**2))),
            _behaviour(about, Rows(tables.sessions(scenario, source, *_COLUMNS))),
        )


def _behaviour(about: About, rows: Rows) -> dict[str, dict[float, Units]]:
    """Measures by name, then by dose."""
    latency = rows["latency"] if "latency" in rows else np.zeros(0)
    if np.isfinite(latency).any():
        out = {}
        for dose in rows.values("dose"):
            here = (rows["dose"] == dose) & np.isfinite(latency)
            names = rows["subject"][here]
            every = np.unique(names)
            medians = [np.median(latency[here][names == n]) for n in every]
            out[dose] = Units(every, np.asarray(medians))
        return {"median latency (s)": out}
    it = score(about, rows)
    values = {it.label: it.values, **(test_rates(rows) or {})}
    doses, names = rows["dose"], rows["subject"]
    return {
        name: {d: by_unit(names[doses == d], v[doses == d]) for d in rows.values("dose")}
        for name, v in values.items()
    }


def _draw(block: Any, groups: list[list[_Response]], columns: int) -> None:
    panels = block.subplots(2, columns, squeeze=False, height_ratios=[1.2, 1])
    for empty in panels[:, len(groups) :].ravel():
        empty.remove()
    for top, bottom, group in zip(*panels, groups, strict=False):
        doses = np.unique([d for it in group for d in it.recovered])
        gap = float(np.diff(doses).min()) if len(doses) > 1 else 1.0
        limits = (doses[0] - 0.35 * gap, doses[-1] + 0.35 * gap)
        top.plot(limits, limits, color="#999999", linewidth=0.8, zorder=0)
        notes, names = [], []
        for i, it in enumerate(group):
            marker, line = look.MARKERS[i % len(look.MARKERS)], look.LINES[i % len(look.LINES)]
            glyph = look.GLYPHS[i % len(look.GLYPHS)] + " " if len(group) > 1 else ""
            _cloud(top, it, doses, gap, marker)
            for name, by_dose in it.behaviour.items():
                possible = (-np.inf, np.inf) if len(it.behaviour) == 1 else (0, 1)
                look.dots(
                    bottom, *along(by_dose, possible), _COLORS.get(name, look.BLACK), marker, line
                )
            notes.append(f"{glyph}r = {bracket(it.r)}\nbias {num(it.bias)}, RMSE {num(it.rmse)}")
            names.append(glyph + human(it.scenario))
        lines = [textwrap.fill(name, 88 // columns) for name in (*names, group[0].source)]
        look.headed(top, "\n".join(lines), notes)
        _axes(top, bottom, group[0], doses, limits, columns)
        top.set_ylabel("recovered dose" if group is groups[0] else "")


def _cloud(ax: Any, it: _Response, doses: np.ndarray, gap: float, marker: str) -> None:
    for dose, units in it.recovered.items():
        here = it.true == dose
        color = look.dose_color(dose, doses.tolist())
        look.cloud(ax, dose, it.estimate[here], color, 0.35 * gap, it.corner[here])
        m = mean(units.values)
        look.dots(ax, np.asarray([dose]), m, color, marker, markersize=7, markeredgecolor="white")


def _axes(
    top: Any,
    bottom: Any,
    it: _Response,
    doses: np.ndarray,
    limits: tuple[float, float],
    columns: int,
) -> None:
    measures = list(it.behaviour)
    bottom.set_xlabel(dose_axis(it.about, 88 // columns))
    if measures[0].startswith("median"):
        bottom.set_ylim(bottom=0)
        bottom.set_ylabel(measures[0])
    elif len(measures) > 1:
        bottom.set_ylabel("rate")
    else:
        bottom.set_ylabel(measures[0])
    if measures[0].startswith("P("):
        look.zero(bottom, 0.5)
        bottom.set_ylim(min(0.45, bottom.get_ylim()[0]), max(1.0, bottom.get_ylim()[1]))
    for ax in (top, bottom):
        ax.set_xlim(limits)
        if len(doses) <= 6:
            size = 8.5 if len(doses) * columns <= 16 else 7
            ax.set_xticks(doses, [short(d) for d in doses], fontsize=size)


def _findings(responses: list[_Response]) -> list[str]:
    parts = [f"{human(r.scenario)}/{r.source} {num(r.r.r)}" for r in responses]
    worst = max(responses, key=lambda r: abs(r.bias))
    out = [
        f"Correlation of recovered with true dose: {', '.join(parts)}.",
        f"The largest bias of the recovered dose is {num(worst.bias)} ({human(worst.scenario)}, "
        f"{worst.source}).",
    ]
    moved = []
    for r in responses:
        for name, by_dose in r.behaviour.items():
            first, far = baseline(list(by_dose)), extreme(list(by_dose))
            if far != first:
                moved.append((name, r, far, change(by_dose[far], by_dose[first])))
    clear = [m for m in moved if m[3].low > 0 or m[3].high < 0]
    if clear:
        name, r, far, m = max(clear, key=lambda x: abs(x[3].value) / (x[3].high - x[3].low))
        out.append(
            f"The clearest change of behaviour: {name} by {between(m)} {at_dose(r.about, far)} "
            f"({human(r.scenario)}, {r.source})."
        )
    return out


def _numbers(responses: list[_Response]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for r in responses:
        out.setdefault(r.scenario, {})[r.source] = {
            "r": {"value": r.r.r, "low": r.r.low, "high": r.r.high, "n": r.r.n},
            "bias": r.bias,
            "rmse": r.rmse,
            "corners": int(r.corner.sum()),
            "recovered": {f"{d:g}": mean(u.values).facts() for d, u in r.recovered.items()},
            "behaviour": {
                name: {f"{d:g}": mean(u.values).facts() for d, u in by_dose.items()}
                for name, by_dose in r.behaviour.items()
            },
        }
    return out
