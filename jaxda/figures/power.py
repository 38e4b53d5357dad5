"""How recovery, the power of a contrast and model decisions grow with trials and subjects."""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from . import _style as look
from ._base import AbstractFigure, Drawn, Tables
from ._measures import Mean, Rows
from ._words import capital, caption, human, num, people


_TARGET = 0.8
_GOOD = 0.7
_CRITERIA = {"bic": "BIC", "evidence": "Laplace evidence"}


class _Curve(NamedTuple):
    """One series by trials per subject: simulated with its interval, and what is predicted."""

    name: str
    trials: np.ndarray
    simulated: Mean
    predicted: np.ndarray


class _Panel(NamedTuple):
    scenario: str
    source: str
    kind: str
    of: str
    curves: list[_Curve]
    note: str


class Power(AbstractFigure):
    """Curves by trials per subject, one line per parameter or number of subjects."""

    reads: ClassVar = ("power.power",)
    title: ClassVar = "Recovery and power by design"

    def draw(self, tables: Tables) -> Drawn:
        panels: list[_Panel | None] = []
        counts, shown = {}, {}
        for scenario in tables.scenarios:
            table = Rows(tables.analysis("power.power", scenario))
            found = _panels(scenario, table)
            if not found:
                raise self.refuse(scenario, "nothing was simulated", "a scenario with `power`")
            for source in dict.fromkeys(p.source for p in found):
                its = [p for p in found if p.source == source]
                # Each generating model has rows of its own.
                panels += [*its, *[None] * (len(its) % 2)]
            counts[scenario] = (
                people(table["n"].astype(int).tolist()) + " simulated per generating model"
            )
            shown[scenario] = list(dict.fromkeys(p.source for p in found))
        figure = look.canvas(0.35 + 2.9 * (len(panels) // 2))
        ends = []
        for ax, p in zip(look.grid(figure, len(panels), 2), panels, strict=True):
            if p is None:
                ax.remove()
            else:
                ends.append((ax, _draw(ax, p)))
        drawn = [p for p in panels if p is not None]
        lines = [
            ("simulated and fitted, with 95 % interval", look.BLACK, "-", "o"),
            ("predicted by Fisher information", look.BLACK, look.LINES[2], ""),
            ("target", "#999999", "-", ""),
        ]
        look.line_names(figure, lines, loc="outside upper left", ncols=3)
        look.end_labels(*ends)
        what = (
            "Design power by the number of trials that each subject plays (blocks × trials, "
            "logarithmic), every shorter session being the start of a longer one. Recovery: "
            "Pearson's r between truth and estimate over simulated subjects, target "
            f"{num(_GOOD, 1)}. Error: root mean square of estimate minus truth, in the units of "
            "the parameter (rates per trial, inverse temperature per unit of reward). Power: how "
            "often a two-sided one-sample t test (5 %) on the estimates of so many subjects finds "
            "that the mean difference of two parameters is not 0, with its true sign, target "
            f"{num(_TARGET, 1)}. Right model: how often the model that generated the data has the "
            "best criterion, for single subjects and summed over groups. Groups are drawn with "
            "replacement from the simulated subjects. Dashed: from the Fisher information of the "
            "sessions at the true parameters and the curvature of the prior, without any fit"
        )
        end = (
            "95 % intervals: percentiles over bootstrapped cohorts of simulated subjects, Wilson's "
            "for shares of single subjects"
        )
        text = caption(tables, what, counts, sources=shown, fitted=True, end=end)
        return Drawn(figure, text, _findings(drawn), _numbers(drawn))


def _panels(scenario: str, table: Rows) -> list[_Panel]:
    out = []
    several = len(table.values("blocks")) > 1 if table.table.num_rows else False
    for source in dict.fromkeys(table["source"].tolist()):
        here = table.where(table["source"] == source)
        of_kind = lambda kind, here=here: here.where(here["quantity"] == kind)
        for kind in ("r", "rmse"):
            names = dict.fromkeys(of_kind(kind)["of"].tolist())
            curves = [
                c
                for name in names
                for c in _curves(of_kind(kind).where(of_kind(kind)["of"] == name), name, several)
            ]
            out.append(_Panel(scenario, source, kind, "", curves, ""))
        tests = of_kind("power")
        for name in dict.fromkeys(tests["of"].tolist()):
            rows = tests.where(tests["of"] == name)
            note = f"true mean difference {num(float(np.mean(rows['size'])))}"
            out.append(_Panel(scenario, source, "power", name, _by_group(rows, several), note))
        single, group = of_kind("right subjects"), of_kind("right group")
        for name in dict.fromkeys(group["of"].tolist()):
            curves = [
                *_by_group(single.where(single["of"] == name), several),
                *_by_group(group.where(group["of"] == name), several),
            ]
            out.append(_Panel(scenario, source, "right", name, curves, ""))
    return [p for p in out if p.curves]


def _by_group(rows: Rows, several: bool) -> list[_Curve]:
    return [
        curve
        for n in rows.values("subjects")
        for curve in _curves(rows.where(rows["subjects"] == n), people([int(n)])[4:], several)
    ]


def _curves(rows: Rows, name: str, several: bool) -> list[_Curve]:
    """One series per number of blocks."""
    out = []
    for blocks in rows.values("blocks"):
        here = rows.where(rows["blocks"] == blocks)
        simulated = here.where(here["method"] == "simulation")
        foretold = here.where(here["method"] == "information")
        if not simulated.table.num_rows:
            continue
        order = np.argsort(simulated["trials"])
        value, low, high, n = (simulated[c][order] for c in ("value", "low", "high", "n"))
        trials = simulated["trials"][order]
        known = dict(zip(foretold["trials"], foretold["value"], strict=True))
        predicted = np.array([known.get(t, np.nan) for t in trials])
        label = f"{name}, {int(blocks)} block{'s' * (blocks != 1)}" if several else name
        out.append(_Curve(label, blocks * trials, Mean(value, low, high, n), predicted))
    return out


def _draw(ax: Axes, p: _Panel) -> list[look.Label]:
    titles = {
        "r": ("Recovery", "r of truth and estimate"),
        "rmse": ("Error of an estimate", "RMSE (log. scale)"),
        "power": (f"Power to find {_pretty(p.of)}", "power"),
        "right": (f"Right model by {_CRITERIA.get(p.of, p.of)}", "share of decisions"),
    }
    title, measure = titles[p.kind]
    notes = [f"{human(p.scenario)}, generated by {p.source}" + (f"; {p.note}" if p.note else "")]
    every = np.unique(np.concatenate([c.trials for c in p.curves]))
    labels = []
    for i, curve in enumerate(p.curves):
        color = look.CYCLE[i % len(look.CYCLE)]
        marker = look.MARKERS[i % len(look.MARKERS)]
        # Side by side, so that intervals of several lines can be told apart.
        x = curve.trials * (1 + 0.04 * (i - (len(p.curves) - 1) / 2))
        look.dots(ax, x, curve.simulated, color, marker)
        ax.plot(curve.trials, curve.predicted, color=color, linestyle=look.LINES[2], linewidth=1.2)
        labels.append(look.Label(float(curve.simulated.value[-1]), _pretty(curve.name), color))
    ax.set_xscale("log")
    ax.set_xticks(every, [f"{t:g}" for t in every])
    ax.minorticks_off()
    ax.set(xlabel="trials per subject", ylabel=measure)
    if p.kind == "rmse":
        ax.set_yscale("log")
        low, high = ax.get_ylim()
        ticks = [t for d in range(-4, 5) for t in (10.0**d, 3 * 10.0**d) if low <= t <= high]
        ax.set_yticks(ticks, [f"{t:g}" for t in ticks])
        ax.minorticks_off()
    else:
        ax.set_ylim(min(0.0, *(float(np.nanmin(c.simulated.low)) for c in p.curves)), 1.03)
        look.zero(ax, _GOOD if p.kind == "r" else _TARGET)
    look.headed(ax, title, notes)
    return labels


def _pretty(name: str) -> str:
    return name.replace(" - ", " − ")


def _enough(curve: _Curve, target: float) -> float:
    """The least number of trials from which on a curve stays at its target; NaN if never."""
    under = np.flatnonzero(curve.simulated.value < target)
    at = under[-1] + 1 if len(under) else 0
    return float(curve.trials[at]) if at < len(curve.trials) else float("nan")


def _findings(panels: Sequence[_Panel]) -> list[str]:
    out: list[str] = []
    for p in panels:
        if p.kind == "rmse" or len(out) == 3:
            continue
        target = _GOOD if p.kind == "r" else _TARGET
        met = {c.name: _enough(c, target) for c in p.curves}
        told = ", ".join(
            f"{_pretty(n)} {'from ' + format(t, 'g') + ' trials' if np.isfinite(t) else 'never'}"
            for n, t in met.items()
        )
        what = {
            "r": f"recovery reaches r = {num(target, 1)}",
            "power": f"power for {_pretty(p.of)} reaches {num(target, 1)}",
            "right": f"a share of {num(target, 1)} decides for the right model by "
            f"{_CRITERIA.get(p.of, p.of)}",
        }[p.kind]
        out.append(f"{capital(human(p.scenario))}, {p.source}: {what}: {told}.")
    return out


def _numbers(panels: Sequence[_Panel]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for p in panels:
        cell = out.setdefault(p.scenario, {}).setdefault(p.source, {})
        cell = cell.setdefault(p.kind, {})
        cell = cell.setdefault(p.of, {}) if p.of else cell
        for c in p.curves:
            cell[c.name] = {
                "trials": c.trials.tolist(),
                **c.simulated.facts(),
                "predicted": c.predicted.tolist(),
            }
    return out
