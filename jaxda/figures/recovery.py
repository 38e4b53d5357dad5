"""Estimated against true parameters where the fitted model made the data."""

import math
import textwrap
from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import _style as look
from ._base import AbstractFigure, Drawn, Tables
from ._measures import Rows
from ._words import baseline, capital, caption, human, num, people


_MEASURES = ("n", "r", "bias", "rmse", "coverage", "corner", "converged")


class _Parameter(NamedTuple):
    """Truth and estimates of one parameter, with what the table of recovery says of them."""

    scenario: str
    source: str
    name: str
    dose: float
    truth: np.ndarray
    estimate: np.ndarray
    corner: np.ndarray
    measures: dict[str, float]
    logarithmic: bool


class Recovery(AbstractFigure):
    """Scatter of estimate against truth per parameter, at the dose nearest to 0."""

    reads: ClassVar = ("fits", "recovery")
    title: ClassVar = "Recovery of parameters"

    def draw(self, tables: Tables) -> Drawn:
        every: list[_Parameter] = []
        counts, shown = {}, {}
        for scenario in tables.scenarios:
            found = self._parameters(tables, scenario)
            every += found
            counts[scenario] = people(len(p.truth) for p in found)
            shown[scenario] = list(dict.fromkeys(p.source for p in found))
        rows = -(-len(every) // 4)
        columns = -(-len(every) // rows)
        figure = look.canvas(look.HEIGHT * 0.53 * rows)
        panels = look.grid(figure, len(every), columns)
        for ax, p in zip(panels, every, strict=True):
            _draw(ax, p)
        for ax in panels[::columns]:
            ax.set_ylabel("estimate")
        what = (
            "Parameter recovery: estimates (vertical) against the values that made the data "
            "(horizontal) at the dose nearest to 0, natural scale, one point per subject; the "
            "line is identity, rings are estimates at the end of their domain, triangles lie "
            "beyond the panel. Positive parameters have logarithmic axes. r: Pearson's "
            "correlation, bias: mean and RMSE: root mean square of estimate minus truth, "
            "coverage: share of 95 % intervals (from the curvature at the optimum) that hold the "
            "truth"
        )
        text = caption(tables, what, counts, sources=shown, end="")
        return Drawn(figure, text, _findings(every), _numbers(every))

    def _parameters(self, tables: Tables, scenario: str) -> list[_Parameter]:
        right = "a scenario with a source that is also a candidate"
        about = tables.about(scenario)
        summary = Rows(tables.recovery(scenario)) if about.simulated else None
        both = [s for s in tables.sources(scenario) if s in tables.candidates(scenario)]
        if summary is None or not both:
            raise self.refuse(scenario, "no candidate generated its data", right)
        out = []
        for source in both:
            fits = Rows(tables.fits(scenario, source, source))
            dose = baseline(fits.values("dose"))
            fits = fits.where((fits["dose"] == dose) & np.isfinite(fits["truth"]))
            for name in dict.fromkeys(fits["parameter"].tolist()):
                here = fits.where(fits["parameter"] == name)
                row = summary.where(
                    (summary["source"] == source)
                    & (summary["model"] == source)
                    & (summary["parameter"] == name)
                    & (summary["dose"] == dose)
                )
                if not row.table.num_rows:
                    raise self.refuse(scenario, f"no recovery of {name} ({source})", right)
                measures = {m: float(row[m][0]) for m in _MEASURES}
                declared = tables.parameter(source, name)
                domain = declared.domain if declared else (-math.inf, math.inf)
                values = (here["truth"], here["estimate"], here["corner"])
                log = domain == (0.0, math.inf) and all((v > 0).all() for v in values[:2])
                out.append(_Parameter(scenario, source, name, dose, *values, measures, log))
        return out


def _limits(p: _Parameter) -> tuple[float, float]:
    """A square that holds the truth, and the estimates up to twice its range beyond it."""
    scale = np.log if p.logarithmic else np.asarray
    low, high = scale(p.truth).min(), scale(p.truth).max()
    wide = (high - low) or abs(high) or 1.0
    each = scale(p.estimate)
    low = max(min(low, each.min()), low - 2 * wide) - 0.08 * wide
    high = min(max(high, each.max()), high + 2 * wide) + 0.08 * wide
    return (float(np.exp(low)), float(np.exp(high))) if p.logarithmic else (float(low), float(high))


def _draw(ax: Any, p: _Parameter) -> None:
    low, high = _limits(p)
    if p.logarithmic:
        ax.set_xscale("log")
        ax.set_yscale("log")
    ax.plot([low, high], [low, high], color="#999999", linewidth=0.8, zorder=0)
    inside = (p.estimate >= low) & (p.estimate <= high)
    color = look.BLUE
    for mask, face in ((inside & ~p.corner, color), (inside & p.corner, "white")):
        ax.scatter(
            p.truth[mask], p.estimate[mask], s=16, facecolor=face, edgecolor=color, linewidth=0.8
        )
    for mask, marker, edge in ((p.estimate > high, "^", high), (p.estimate < low, "v", low)):
        y = np.full(mask.sum(), edge)
        ax.scatter(p.truth[mask], y, s=22, marker=marker, color=look.RED, clip_on=False)
    ax.set(xlim=(low, high), ylim=(low, high), xlabel="truth")
    ax.set_box_aspect(1)
    look.few_ticks(ax, p.logarithmic)
    m = p.measures
    notes = [
        textwrap.fill(f"{human(p.scenario)}, {p.source}", 26),
        f"r {num(m['r'])}, coverage {num(100 * m['coverage'], 0)} %",
        f"bias {_brief(m['bias'])}, RMSE {_brief(m['rmse'])}",
    ]
    look.headed(ax, p.name if len(p.name) < 18 else p.name.replace("=", "\n= "), notes)


def _brief(x: float) -> str:
    """Two significant digits."""
    return f"{x:.2g}".replace("-", "−")


def _findings(every: list[_Parameter]) -> list[str]:
    defined = [p for p in every if np.isfinite(p.measures["r"])]
    good = [p for p in defined if p.measures["r"] >= _GOOD]
    out = [
        f"{len(good)} of {len(every)} parameters are recovered with r of at least {num(_GOOD, 1)} "
        "between truth and estimate."
    ]
    if defined:
        worst, best = (f(defined, key=lambda p: p.measures["r"]) for f in (min, max))
        out.append(
            f"The best is {best.name} of {best.source} in {human(best.scenario)} (r = "
            f"{num(best.measures['r'])}), the worst {worst.name} of {worst.source} in "
            f"{human(worst.scenario)} (r = {num(worst.measures['r'])})."
        )
    covered = np.asarray([p.measures["coverage"] for p in every])
    if np.isfinite(covered).any():
        out.append(
            f"95 % intervals hold the truth in {num(100 * float(np.nanmean(covered)), 0)} % of "
            "cases on average over parameters."
        )
    return [capital(text) for text in out]


# A correlation that is good enough for comparing subjects.
_GOOD = 0.7


def _numbers(every: list[_Parameter]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for p in every:
        cell = out.setdefault(p.scenario, {}).setdefault(p.source, {})
        cell[p.name] = {"dose": p.dose, **p.measures}
    return out
