"""How fast subjects act as tonic dopamine changes."""

from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import _style as look
from ._base import About, AbstractFigure, Drawn, Tables
from ._measures import Mean, Rows, Units, change, mean
from ._words import baseline, between, capital, caption, dose_name, human, num, people, short


class _Pace(NamedTuple):
    """Per subject at one dose: median and mean latency (s), presses per minute, pause (s).

    The pause is the time per press that is not latency, such as eating.
    """

    median: Units
    average: Units
    rate: Units
    pause: Units


class Vigor(AbstractFigure):
    """Latency and rate of pressing by dose, with the law that theory predicts.

    The average reward is the cost of time: the best latency is sqrt(c_v / R), so a change of
    the log of tonic dopamine by d multiplies latencies by exp(-d / 2) (Niv et al. 2007).
    """

    reads: ClassVar = ("sessions",)
    title: ClassVar = "Tonic dopamine and the vigour of action"

    def draw(self, tables: Tables) -> Drawn:
        cells = [(s, g) for s in tables.scenarios for g in tables.sources(s)]
        figure = look.canvas(look.HEIGHT * 0.8 * len(cells))
        blocks = figure.subfigures(len(cells), 1, squeeze=False)[:, 0]
        findings: list[str] = []
        numbers: dict[str, Any] = {}
        counts = {}
        law = False
        for block, (scenario, source) in zip(blocks, cells, strict=True):
            about, paces = tables.about(scenario), self._paces(tables, scenario, source)
            where = f"{human(scenario)}, {source}: " if len(cells) > 1 else ""
            _draw(block, about, paces, where)
            findings += _findings(about, paces, where)
            numbers.setdefault(scenario, {})[source] = _numbers(about, paces)
            counts[scenario] = people(p.median.n for p in paces.values())
            law |= _factor(about, 0.0) is not None
        what = (
            "Vigour by dose. Left: median latency of a press, in seconds; right: presses per minute, "
            "the time after rewards included. Grey lines are subjects, points means over subjects, "
            "bars 95 % intervals"
        )
        if law:
            what += (
                "; dashed, the square-root law: latencies change by exp(−dose/2), anchored at the "
                "mean of the dose nearest to 0, with the average reward that subjects learn held "
                "where it is there"
            )
        return Drawn(figure, caption(tables, what, counts), findings[:3], numbers)

    def _paces(self, tables: Tables, scenario: str, source: str) -> dict[float, _Pace]:
        columns = ("dose", "subject", "latency", "elapsed", "choice")
        rows = Rows(tables.sessions(scenario, source, *columns))
        timed = rows.where(np.isfinite(rows["latency"]))
        if not timed.table.num_rows:
            right = "a scenario with timed actions, such as the task free_operant"
            raise self.refuse(scenario, "no latencies", right)
        out = {}
        for dose in timed.values("dose"):
            here = timed.where(timed["dose"] == dose)
            names, at = np.unique(here["subject"], return_inverse=True)
            count = np.bincount(at)
            latency, elapsed = here["latency"], here["elapsed"]
            average = np.bincount(at, latency) / count
            spent = np.bincount(at, elapsed) / count
            median = np.asarray([np.median(latency[at == i]) for i in range(len(names))])
            values = (median, average, 60 / spent, spent - average)
            out[dose] = _Pace(*(Units(names, v) for v in values))
        return out


def _factor(about: About, dose: Any) -> Any:
    """What the square-root law multiplies latencies by; None where it says nothing."""
    if about.lesion is None or about.lesion.name != "tonic":
        return None
    return np.exp(-np.asarray(dose) / 2)


def _predicted(
    about: About, paces: dict[float, _Pace], doses: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Median latency and rate at `doses`, from what is seen at the dose nearest to 0."""
    anchor = baseline(list(paces))
    factor = _factor(about, doses - anchor)
    if factor is None:
        return None
    at = paces[anchor]
    latency = np.mean(at.median.values) * factor
    each = 60 / (at.average.values[:, None] * factor + at.pause.values[:, None])
    return latency, each.mean(axis=0)


def _draw(block: Any, about: About, paces: dict[float, _Pace], where: str) -> None:
    doses = np.asarray(list(paces))
    fine = np.linspace(doses[0], doses[-1], 101)
    law = _predicted(about, paces, fine)
    names = ("median latency (s)", "presses per minute")
    for i, (ax, label) in enumerate(zip(block.subplots(1, 2), names, strict=True)):
        kind = ("median", "rate")[i]
        units = [getattr(p, kind) for p in paces.values()]
        every = np.unique(np.concatenate([u.names for u in units]))
        each = np.full((len(every), len(doses)), np.nan)
        for j, u in enumerate(units):
            each[np.searchsorted(every, u.names), j] = u.values
        ax.plot(doses, each.T, color="#BBBBBB", linewidth=0.6, alpha=0.7, zorder=1)
        if law is not None:
            ax.plot(fine, law[i], color=look.RED, linestyle=look.LINES[1], zorder=3)
        it = mean(each)
        look.dots(ax, doses, it, look.BLUE, line="none", zorder=4, markersize=6)
        ax.set_ylabel(label)
        ax.set_ylim(bottom=0)
        ax.set_xlabel(f"dose of {about.lesion.name}" if about.lesion else "dose")
        if len(doses) <= 7:
            ax.set_xticks(doses, [_tick(about, d) for d in doses])
        ax.set_title(where)
        where = ""
        if i == 0:
            keys = [("mean and 95 % interval", look.BLUE, "none", "o"), ("subjects", "#BBBBBB", "-", "")]
            if law is not None:
                keys.insert(1, ("square-root law", look.RED, look.LINES[1], ""))
            look.line_names(ax, keys, loc="upper right")


def _tick(about: About, dose: float) -> str:
    factor = _factor(about, dose)
    return short(dose) if factor is None else f"{short(dose)}\n×{num(float(factor) ** -2)}"


def _findings(about: About, paces: dict[float, _Pace], where: str) -> list[str]:
    doses = sorted(paces)
    first, last = doses[0], doses[-1]
    if first == last:
        it = paces[first]
        text = f"{where}the median latency is {between(mean(it.median.values))} s"
        return [capital(f"{text}, at {between(mean(it.rate.values), 1)} presses per minute.")]
    ratio = _ratio(paces, last, first)
    named = [dose_name(about, d) for d in (first, last)]
    text = (
        f"{where}the median latency falls from {between(mean(paces[first].median.values))} s at "
        f"{named[0]} to {between(mean(paces[last].median.values))} s at {named[1]}, a factor of "
        f"{between(ratio)}"
    )
    if ratio.value > 1:
        text = text.replace("falls", "rises", 1)
    law = _factor(about, last - first)
    if law is not None:
        text += f"; the square-root law says {num(float(law))}"
    rates = [between(mean(paces[d].rate.values), 1) for d in (first, last)]
    return [
        capital(text + "."),
        capital(f"{where}presses per minute: {rates[0]} at {named[0]}, {rates[1]} at {named[1]}."),
    ]


def _ratio(paces: dict[float, _Pace], after: float, before: float) -> Mean:
    """Geometric mean, over subjects, of the ratio of median latencies."""
    logs = {d: paces[d].median._replace(values=np.log(paces[d].median.values)) for d in (after, before)}
    it = change(logs[after], logs[before])
    return Mean(np.exp(it.value), np.exp(it.low), np.exp(it.high), it.n)


def _numbers(about: About, paces: dict[float, _Pace]) -> dict[str, Any]:
    doses = np.asarray(list(paces))
    law = _predicted(about, paces, doses)
    anchor = baseline(list(paces))
    out = {}
    for i, (dose, pace) in enumerate(paces.items()):
        out[f"{dose:g}"] = {
            "latency": mean(pace.median.values).facts(),
            "rate": mean(pace.rate.values).facts(),
            "latency_ratio": _ratio(paces, dose, anchor).facts(),
        }
        if law is not None:
            out[f"{dose:g}"] |= {"law_latency": float(law[0][i]), "law_rate": float(law[1][i])}
    return out
