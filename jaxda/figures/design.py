"""A search for the design that tells the most, and whether it keeps what it promises."""

from typing import Any, ClassVar, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from . import _style as look
from ._base import AbstractFigure, Drawn, Tables
from ._measures import Mean, Rows, Z
from ._words import capital, caption, human, num, people


_KINDS, _ENDS = ("predicted", "confirmed"), ("", "_low", "_high")


class _Search(NamedTuple):
    scenario: str
    path: Rows
    designs: Rows
    goal: str


class DesignSearch(AbstractFigure):
    """The way of the variables and of the criterion; errors of the designs, predicted and found."""

    reads: ClassVar = ("design.path", "design.designs")
    title: ClassVar = "Search for an informative design"

    def draw(self, tables: Tables) -> Drawn:
        every = []
        counts = {}
        for scenario in tables.scenarios:
            source = tables.sources(scenario)[0]
            designs = tables.analysis("design.designs", scenario, source)
            goal = designs["goal"][0].as_py() if designs.num_rows else ""
            path = Rows(tables.analysis("design.path", scenario, source))
            it = _Search(scenario, path, Rows(designs), goal)
            if not it.path.table.num_rows or not it.designs.table.num_rows:
                raise self.refuse(scenario, "no design was searched for", "one with `design`")
            every.append(it)
            n = it.designs["n"].astype(int).tolist()
            counts[scenario] = people(n) + " drawn from the prior"
        figure = look.canvas(0.3 + 2.9 * len(every) * 2)
        panels = look.grid(figure, 4 * len(every), 2)
        ends = []
        for i, it in enumerate(every):
            ax = panels[4 * i : 4 * i + 4]
            _criterion(ax[0], it)
            ends.append((ax[1], _variables(ax[1], it)))
            _values(ax[2], it)
            _errors(ax[3], it)
        look.end_labels(*ends)
        what = (
            "Search over the free numbers of a task by the gradient of expected Fisher "
            "information. Criterion (the less the better): its mean over subjects and simulated "
            "sessions at each step, new sessions at every step. Designs: the published and the "
            "found one. Standard deviation of an estimate relative to that of the published "
            "design as predicted there (100 %): predicted from information plus prior, and "
            "confirmed as the root mean square error of maximum a posteriori fits to new "
            "sessions, natural scale"
        )
        end = "95 % intervals are ± 1.96 standard errors over subjects"
        text = caption(tables, what, counts, end=end)
        return Drawn(figure, text, _findings(every), _numbers(every))


def _criterion(ax: Axes, it: _Search) -> None:
    first = it.path.where(it.path["variable"] == it.path["variable"][0])
    value, se = first["criterion"], first["se"]
    band = Mean(value, value - Z * se, value + Z * se, np.ones(len(value)))
    look.band(ax, first["step"], band, look.BLUE)
    ax.set(xlabel="step of the search", ylabel="criterion")
    look.headed(ax, "Criterion", [f"{human(it.scenario)}: {it.goal}"])


def _variables(ax: Axes, it: _Search) -> list[look.Label]:
    labels = []
    for i, name in enumerate(dict.fromkeys(it.path["variable"].tolist())):
        rows = it.path.where(it.path["variable"] == name)
        color = look.CYCLE[i % len(look.CYCLE)]
        ax.plot(rows["step"], rows["value"], color=color, linestyle=look.LINES[i % 4])
        labels.append(look.Label(float(rows["value"][-1]), human(name), color))
    ax.set(xlabel="step of the search", ylabel="value")
    look.headed(ax, "Free numbers of the design", [human(it.scenario)])
    return labels


def _designs(it: _Search) -> list[str]:
    return list(dict.fromkeys(it.designs["design"].tolist()))


def _values(ax: Axes, it: _Search) -> None:
    """The criterion of each design on sessions that the search did not see."""
    rows = it.designs.where(it.designs["quantity"] == "criterion")
    for i, name in enumerate(_designs(it)):
        row = rows.where(rows["design"] == name)
        told = (row["predicted"], row["predicted_low"], row["predicted_high"])
        at = Mean(*told, row["n"])
        look.dots(ax, np.array([i]), at, look.CYCLE[i], look.MARKERS[i], line="none")
    ax.set_xticks(range(len(_designs(it))), [human(n) for n in _designs(it)])
    ax.set(xlim=(-0.6, len(_designs(it)) - 0.4), ylabel="criterion", xlabel="design")
    gain, low, high = (row[f"gain{end}"][0] for end in _ENDS)
    less = f"{human(_designs(it)[-1])} less by {gain:.2g} [{low:.2g}, {high:.2g}] within subjects"
    look.headed(ax, "Criterion on new sessions", [it.goal, less.replace("-", "−")])


def _quantities(it: _Search) -> list[str]:
    found = dict.fromkeys(it.designs["quantity"].tolist())
    return [q for q in found if q != "criterion"]


def _errors(ax: Axes, it: _Search) -> None:
    designs, quantities = _designs(it), _quantities(it)
    for j, quantity in enumerate(quantities):
        rows = it.designs.where(it.designs["quantity"] == quantity)
        base = float(rows.where(rows["design"] == designs[0])["predicted"][0]) / 100
        for i, name in enumerate(designs):
            row = rows.where(rows["design"] == name)
            for k, kind in enumerate(_KINDS):
                value, low, high = (row[f"{kind}{end}"] / base for end in _ENDS)
                at = Mean(value, low, high, row["n"])
                x = np.array([j + 0.34 * (i - (len(designs) - 1) / 2) + 0.12 * (k - 0.5)])
                hollow = {"markerfacecolor": "white"} if kind == "predicted" else {}
                marker = look.MARKERS[i]
                look.dots(ax, x, at, look.CYCLE[i], marker, "none", **hollow)
    look.zero(ax, 100.0)
    ax.set_xticks(range(len(quantities)), [_pretty(q).replace(" − ", "\n− ") for q in quantities])
    ax.set(ylabel="standard deviation (%)", xlim=(-0.6, len(quantities) - 0.4))
    notes = ["in % of what is predicted of the published design"]
    names = [
        (f"{human(name)}, {kind}", look.CYCLE[i], "none", look.MARKERS[i])
        for i, name in enumerate(designs)
        for kind in _KINDS
    ]
    look.headed(ax, "Error of an estimate", notes)
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.22), "ncols": len(designs)}
    look.line_names(ax, names, **below, handlelength=1.0)
    key = ax.get_legend()
    assert key is not None
    for line, (name, *_) in zip(key.get_lines(), names, strict=True):
        line.set_markerfacecolor("white" if name.endswith(_KINDS[0]) else line.get_color())


def _pretty(name: str) -> str:
    return name.replace(" - ", " − ")


def _value(it: _Search, design: str, quantity: str, kind: str) -> float:
    at = (it.designs["design"] == design) & (it.designs["quantity"] == quantity)
    return float(it.designs.where(at)[kind][0])


def _findings(every: list[_Search]) -> list[str]:
    out = []
    for it in every:
        first, *_, last = _designs(it)
        quantity = _quantities(it)[-1]
        fell = lambda kind, it=it, q=quantity, a=first, b=last: (
            100 * (1 - _value(it, b, q, kind) / _value(it, a, q, kind))
        )
        start, end = (
            {
                n: float(it.path.where(it.path["variable"] == n)["value"][at])
                for n in dict.fromkeys(it.path["variable"].tolist())
            }
            for at in (0, -1)
        )
        moves = ", ".join(f"{human(n)} {num(start[n])} → {num(end[n])}" for n in start)
        out.append(
            f"{capital(human(it.scenario))}: the search moves {moves}; the standard deviation of "
            f"{_pretty(quantity)} falls by {num(fell('predicted'), 0)} % as predicted and by "
            f"{num(fell('confirmed'), 0)} % in new fits."
        )
    return out[:3]


def _numbers(every: list[_Search]) -> dict[str, Any]:
    kinds = [f"{k}{e}" for k in _KINDS for e in _ENDS]
    return {
        it.scenario: {
            design: {
                q: {k: _value(it, design, q, k) for k in kinds}
                for q in ["criterion", *_quantities(it)]
            }
            for design in _designs(it)
        }
        for it in every
    }
