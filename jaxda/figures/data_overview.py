"""A data set at a glance: how its subjects learned, and what the models make of them."""

import math
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..data.files import metadata
from . import _style as look
from ._base import AbstractFigure, Drawn, Tables
from ._measures import PAID_MOST, Mean, Rows, best_paid, by_unit, mean, reached, trial_bins
from ._words import between, capital, caption, human, num, people


_MOST_CUES = 6
_FAMILIES = ("between 0 and 1", "positive", "any")


class _Learning(NamedTuple):
    """Choices of the option that paid most, over trials, by the name of the cue."""

    trial: np.ndarray
    curves: dict[str, Mean]
    first: Mean
    last: Mean
    chance: float
    subjects: int
    sessions: int
    choices: int
    missing: int


class _Strip(NamedTuple):
    """Estimates of one parameter by one candidate."""

    candidate: str
    name: str
    family: str
    values: np.ndarray
    corner: np.ndarray

    @property
    def quartiles(self) -> np.ndarray:
        """First quartile, median and third quartile."""
        return np.quantile(self.values, [0.25, 0.5, 0.75])


class DataOverview(AbstractFigure):
    """Learning curves by cue, and the distribution of every fitted parameter.

    Made for recorded data, of which nobody knows the better option: it is taken to be the one
    that paid most at a cue over all subjects. Groups only; no subject is named.
    """

    reads: ClassVar = ("sessions", "fits")
    title: ClassVar = "The data at a glance"

    def draw(self, tables: Tables) -> Drawn:
        cells = [(s, g) for s in tables.scenarios for g in tables.sources(s)]
        every = [(s, g, self._learning(tables, s, g), _strips(tables, s, g)) for s, g in cells]
        heights = [
            max(3.6, 0.9 + 0.27 * len(strips) + 0.5 * _n_families(strips)) for *_, strips in every
        ]
        figure = look.canvas(sum(heights))
        blocks = figure.subfigures(len(every), 1, squeeze=False, height_ratios=heights)[:, 0]
        findings: list[str] = []
        numbers: dict[str, Any] = {}
        counts = {}
        for block, (scenario, source, learning, strips) in zip(blocks, every, strict=True):
            name = human(scenario) + (f", {source}" if tables.about(scenario).simulated else "")
            _draw(block, learning, strips, tables.candidates(scenario), name)
            findings += _findings(tables, scenario, source, learning, strips, name)
            numbers.setdefault(scenario, {})[source] = _numbers(learning, strips)
            counts[scenario] = (
                f"{people([learning.subjects])} with {learning.sessions} sessions and "
                f"{learning.choices} choices"
            )
        what = (
            f"Left: share of choices of the option that {PAID_MOST}; what was programmed the "
            "table does not tell. Bins of trials, means over subjects, bands 95 % intervals, the "
            "thin line is chance; bins that fewer than half of the subjects reached are left "
            "out. Right: estimates of every fitted parameter on its natural scale, one small "
            "point per subject or session with parameters of its own (rings: at the end of the "
            "domain), with median and quartiles"
        )
        return Drawn(figure, caption(tables, what, counts, fitted=True), findings[:3], numbers)

    def _learning(self, tables: Tables, scenario: str, source: str) -> _Learning:
        columns = (
            "dose",
            "subject",
            "session",
            "trial",
            "cue",
            "option",
            "action",
            "reward",
            "feedback",
        )
        table = tables.sessions(scenario, source, *columns)
        rows = Rows(table)
        acted = np.isfinite(rows["action"])
        counts = acted & rows["feedback"]
        if not counts.any():
            raise self.refuse(scenario, "no choice with feedback", "a table with both")
        told = metadata(table).get("cues", {})
        labels = np.stack([rows["dose"].astype(str), rows["subject"], rows["session"]], axis=1)
        missing, n_sessions = int((~acted).sum()), len(np.unique(labels, axis=0))
        rows = rows.where(counts)
        right = (rows.taken() == best_paid(rows)).astype(float)
        bins, center = trial_bins(rows["trial"])
        cue, names = rows["cue"].astype(int), rows["subject"]
        whole = by_unit(names, right, bins, len(center))
        drawn = reached(whole)
        cues = np.unique(cue)
        curves = {}
        for c in cues if 1 < len(cues) <= _MOST_CUES else []:
            at = cue == c
            each = by_unit(names[at], right[at], bins[at], len(center)).values
            name = str(told.get(str(c), f"cue {c + 1}"))
            curves[name] = mean(np.where(drawn, each, np.nan)).within(0, 1)
        every = mean(np.where(drawn, whole.values, np.nan)).within(0, 1)
        at = np.flatnonzero(drawn)
        return _Learning(
            center,
            curves or {"all cues" if len(cues) > 1 else "": every},
            mean(whole.values[:, at[0]]).within(0, 1),
            mean(whole.values[:, at[-1]]).within(0, 1),
            1 / len(rows.parts("option")),
            len(whole.names),
            n_sessions,
            int(acted.sum()),
            missing,
        )


def _strips(tables: Tables, scenario: str, source: str) -> list[_Strip]:
    out = []
    for candidate in tables.candidates(scenario):
        fits = Rows(tables.fits(scenario, source, candidate))
        for name in dict.fromkeys(fits["parameter"].tolist()):
            here = fits.where((fits["parameter"] == name) & np.isfinite(fits["estimate"]))
            if here.table.num_rows:
                family = _family(tables, candidate, name, here["estimate"])
                out.append(_Strip(candidate, name, family, here["estimate"], here["corner"]))
    return out


def _family(tables: Tables, candidate: str, name: str, values: np.ndarray) -> str:
    """Parameters of one family can share an axis."""
    declared = tables.parameter(candidate, name)
    low, high = declared.domain if declared else (-math.inf, math.inf)
    if low == 0 and high == 1:
        return _FAMILIES[0]
    return _FAMILIES[1] if low == 0 and (values > 0).all() else _FAMILIES[2]


def _n_families(strips: list[_Strip]) -> int:
    return len({s.family for s in strips})


def _draw(
    block: Any, learning: _Learning, strips: list[_Strip], candidates: tuple[str, ...], name: str
) -> None:
    left, right = block.subfigures(1, 2, width_ratios=[1, 1.15])
    ax = left.subplots()
    labels = []
    for i, (cue, curve) in enumerate(learning.curves.items()):
        color = look.CYCLE[i % len(look.CYCLE)] if len(learning.curves) > 1 else look.BLACK
        look.band(ax, learning.trial, curve, color, look.LINES[i // 7 % 4])
        labels.append(look.Label(curve.value[np.isfinite(curve.value)][-1], cue, color))
    look.zero(ax, learning.chance)
    ax.set(xlabel="trial", ylabel="P(option that paid most)")
    ax.set_xlim(left=0)
    ax.set_title(name)
    families = [f for f in _FAMILIES if any(s.family == f for s in strips)]
    parts = {f: [s for s in strips if s.family == f] for f in families}
    if parts:
        ratios = [len(p) + 0.8 for p in parts.values()]
        panels = right.subplots(len(parts), 1, squeeze=False, height_ratios=ratios)[:, 0]
        for panel, (family, part) in zip(panels, parts.items(), strict=True):
            _strip_panel(panel, family, part, candidates)
        panels[0].set_title("Fitted parameters")
    look.end_labels((ax, labels))


def _strip_panel(ax: Any, family: str, strips: list[_Strip], candidates: tuple[str, ...]) -> None:
    for y, strip in enumerate(strips):
        color = look.CYCLE[candidates.index(strip.candidate) % len(look.CYCLE)]
        look.cloud_flat(ax, y, strip.values, color, strip.corner)
        low, middle, high = strip.quartiles
        ax.plot([low, high], [y, y], color="black", linewidth=3, solid_capstyle="butt", zorder=4)
        ax.plot(middle, y, "o", color="white", markeredgecolor="black", markersize=5, zorder=5)
    ax.set_yticks(range(len(strips)), [f"{s.candidate}: {s.name}" for s in strips])
    ax.set_ylim(len(strips) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    if family == _FAMILIES[0]:
        ax.set_xlim(-0.02, 1.02)
    elif family == _FAMILIES[1]:
        ax.set_xscale("log")
        look.few_ticks(ax, True, both=False)
    ax.set_xlabel(f"estimate ({family})" if family != _FAMILIES[2] else "estimate")


def _best(tables: Tables, scenario: str, source: str) -> str:
    """The candidate with the lowest total BIC."""
    totals = {}
    for candidate in tables.candidates(scenario):
        fits = Rows(tables.fits(scenario, source, candidate))
        first = fits["parameter"][0]
        totals[candidate] = float(fits.where(fits["parameter"] == first)["bic"].sum())
    return min(totals, key=lambda c: totals[c])


def _findings(
    tables: Tables, scenario: str, source: str, it: _Learning, strips: list[_Strip], name: str
) -> list[str]:
    out = [
        f"{name}: {people([it.subjects])}, {it.sessions} sessions, {it.choices} choices "
        f"({it.missing} trials without one); choices of the option that paid most went from "
        f"{between(it.first)} in the first bin of trials to {between(it.last)} in the last."
    ]
    if strips:
        best = _best(tables, scenario, source)
        medians = [
            f"{s.name} {num(s.quartiles[1])} (quartiles {num(s.quartiles[0])} to "
            f"{num(s.quartiles[2])})"
            for s in strips
            if s.candidate == best
        ]
        out.append(
            f"{name}: {best} has the lowest total BIC; its median estimates: {', '.join(medians)}."
        )
    return [capital(text) for text in out]


def _numbers(it: _Learning, strips: list[_Strip]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "subjects": it.subjects,
        "sessions": it.sessions,
        "choices": it.choices,
        "missing": it.missing,
        "trial": it.trial.tolist(),
        "curves": {cue: curve.facts() for cue, curve in it.curves.items()},
        "first": it.first.facts(),
        "last": it.last.facts(),
        "parameters": {},
    }
    for s in strips:
        low, middle, high = s.quartiles.tolist()
        out["parameters"].setdefault(s.candidate, {})[s.name] = {
            "n": len(s.values),
            "median": middle,
            "quartiles": [low, high],
            "corners": int(s.corner.sum()),
        }
    return out
