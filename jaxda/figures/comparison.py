"""How much better one model describes the data than another."""

from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import _style as look
from ._base import AbstractFigure, Drawn, Tables
from ._measures import Rows, Z
from ._words import capital, caption, dose_name, human, num, people


_CRITERIA = {"bic": "BIC", "aic": "AIC"}


class _Cell(NamedTuple):
    """Candidates on one set of sessions; numbers by criterion, one per candidate."""

    scenario: str
    source: str
    dose: float
    name: str
    unit: str
    n: int
    candidates: list[str]
    gap: dict[str, np.ndarray]
    error: dict[str, np.ndarray]
    wins: dict[str, np.ndarray]


class Comparison(AbstractFigure):
    """Mean difference of BIC and AIC to the best candidate, and the share of units won."""

    reads: ClassVar = ("comparison",)
    title: ClassVar = "Comparison of models"

    def draw(self, tables: Tables) -> Drawn:
        cells = [c for s in tables.scenarios for c in self._cells(tables, s)]
        candidates = list(dict.fromkeys(m for c in cells for m in c.candidates))
        figure = look.canvas(max(2.6, 1.3 + 0.4 * len(cells)))
        panels = figure.subplots(1, 3, sharey=True, width_ratios=[1, 1, 0.8])
        colors = {m: look.CYCLE[i % len(look.CYCLE)] for i, m in enumerate(candidates)}
        for ax, criterion in zip(panels, _CRITERIA, strict=False):
            _gaps(ax, cells, criterion, colors)
        _shares(panels[2], cells, colors)
        panels[0].set_yticks(range(len(cells)), [c.name for c in cells])
        panels[0].set_ylim(len(cells) - 0.5, -0.5)
        marks = [(m, colors[m], "none", look.MARKERS[i % 7]) for i, m in enumerate(candidates)]
        if any(c.source in c.candidates for c in cells):
            marks.append(("ringed: generated the data", look.GREY, "none", "ring"))
        look.line_names(figure, marks, loc="outside lower center", ncols=min(len(marks), 4))
        units = list(dict.fromkeys(c.unit for c in cells))
        for ax, criterion in zip(panels, _CRITERIA.values(), strict=False):
            ax.set_xlabel(f"Δ{criterion} per {' or '.join(units)}")
        counts = {
            c.scenario: people((x.n for x in cells if x.scenario == c.scenario), c.unit)
            for c in cells
        }
        what = (
            "Model comparison. Left and middle: mean difference over subjects to the candidate "
            "with the lowest total (at 0), of the Bayesian (BIC) and Akaike (AIC) information "
            "criterion, in natural units of −2 log likelihood; lower is better, bars are 95 % "
            "intervals (± 1.96 standard errors of the paired difference). Right: share of them "
            "for whom a candidate has the lowest BIC. Rows are sets of sessions: scenario, "
            "generating model, dose"
        )
        if "unit" in units:
            what += ". A unit of data is what has parameters of its own: a subject or a session"
        text = caption(tables, what, counts, fitted=True, end="")
        return Drawn(figure, text, _findings(cells), _numbers(cells))

    def _cells(self, tables: Tables, scenario: str) -> list[_Cell]:
        about, rows = tables.about(scenario), Rows(tables.comparison(scenario))
        if not rows.table.num_rows:
            raise self.refuse(scenario, "nothing was compared", "candidates")
        out = []
        for source in tables.sources(scenario):
            of = rows.where(rows["source"] == source) if about.simulated else rows
            doses = of.values("dose")
            for dose in doses:
                here = of.where(of["dose"] == dose)
                known = here["model"].tolist()
                order = [known.index(m) for m in tables.candidates(scenario) if m in known]
                get = lambda name, here=here, order=order: here[name][order]
                name = human(scenario) + (f", {source}" if about.simulated else "")
                if doses != [0]:
                    name += f", {dose_name(about, dose)}"
                out.append(
                    _Cell(
                        scenario,
                        source,
                        dose,
                        name,
                        "subject" if about.simulated else "unit",
                        int(here["n"][0]),
                        [known[i] for i in order],
                        *(
                            {c: get(f"{what}_{c}") for c in _CRITERIA}
                            for what in ("mean", "se", "wins")
                        ),
                    )
                )
        return out


def _gaps(ax: Any, cells: list[_Cell], criterion: str, colors: dict[str, str]) -> None:
    every = list(colors)
    look.upright(ax, 0.0)
    for y, cell in enumerate(cells):
        if y % 2:
            ax.axhspan(y - 0.5, y + 0.5, color="#F3F3F3", linewidth=0, zorder=0)
        n = len(cell.candidates)
        for k, model in enumerate(cell.candidates):
            at = y + (k - (n - 1) / 2) * 0.7 / max(n, 3)
            x, e = cell.gap[criterion][k], Z * cell.error[criterion][k]
            marker = look.MARKERS[every.index(model) % len(look.MARKERS)]
            ax.errorbar(x, at, xerr=e, color=colors[model], marker=marker, linestyle="none")
            if model == cell.source:
                ax.plot(x, at, "o", markersize=10, markerfacecolor="none", color=look.GREY)
    if ax.get_xlim()[1] > 40 * _typical(cells, criterion):
        ax.set_xscale("symlog", linthresh=_typical(cells, criterion))


def _typical(cells: list[_Cell], criterion: str) -> float:
    """A middling difference, to tell whether one axis can show them all."""
    gaps = np.abs(np.concatenate([c.gap[criterion] for c in cells]))
    return float(np.median(gaps[gaps > 0])) if (gaps > 0).any() else 1.0


def _shares(ax: Any, cells: list[_Cell], colors: dict[str, str]) -> None:
    for y, cell in enumerate(cells):
        left = 0.0
        for model, share in zip(cell.candidates, cell.wins["bic"], strict=True):
            ax.barh(y, share, left=left, height=0.62, color=colors[model], edgecolor="white")
            if share >= 0.14:
                text = num(100 * share, 0)
                ink = look.ink(colors[model])
                ax.text(left + share / 2, y, text, ha="center", va="center", color=ink, size=8)
            left += share
    ax.set(xlim=(0, 1), xlabel="share best by BIC (%)")
    ax.set_xticks([0, 0.5, 1], ["0", "50", "100"])


def _lead(cell: _Cell) -> tuple[str, float]:
    """The candidate with the lowest BIC, and how much worse the next is per subject."""
    order = np.argsort(cell.gap["bic"], kind="stable")
    gap = cell.gap["bic"][order[1]] if len(order) > 1 else np.nan
    return cell.candidates[order[0]], float(gap)


def _findings(cells: list[_Cell]) -> list[str]:
    out = []
    for scenario in dict.fromkeys(c.scenario for c in cells):
        here = [(c, *_lead(c)) for c in cells if c.scenario == scenario]
        known = [(c, won, gap) for c, won, gap in here if c.source in c.candidates]
        if len(known) > 1:
            right = [x for x in known if x[1] == x[0].source]
            text = (
                f"the model that generated the data has the lowest total BIC in {len(right)} of "
                f"{len(known)} sets of sessions"
            )
            leads = [x for x in right if np.isfinite(x[2])]
            if leads:
                cell, _, gap = min(leads, key=lambda x: x[2])
                text += f"; its smallest lead is {num(gap, 1)} per subject ({cell.name})"
        else:
            text = "; ".join(
                f"{won} has the lowest total BIC{'' if len(here) == 1 else ' on ' + c.name}, "
                f"the next is worse by {num(gap, 1)} per {c.unit}"
                for c, won, gap in here
            )
        out.append(f"{capital(human(scenario))}: {text}.")
    return out[:3]


def _numbers(cells: list[_Cell]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for c in cells:
        cell = out.setdefault(c.scenario, {}).setdefault(c.source, {})
        cell[f"{c.dose:g}"] = {
            model: {
                "n": c.n,
                **{
                    f"{what}_{k}": float(values[k][i])
                    for what, values in (("delta", c.gap), ("se", c.error), ("wins", c.wins))
                    for k in _CRITERIA
                },
            }
            for i, model in enumerate(c.candidates)
        }
    return out
