"""How fast subjects act as tonic dopamine changes."""

from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import _style as look
from ._base import About, AbstractFigure, Drawn, Tables
from ._measures import Mean, Rows, Units, change, mean
from ._words import (
    at_dose,
    baseline,
    between,
    capital,
    caption,
    dose_axis,
    human,
    num,
    people,
    short,
)


_SUBJECT = "#BBBBBB"
# A negative average reward has no best latency; what follows is as slow as from this one.
_SLOWEST = 1e-4


class _Pace(NamedTuple):
    """Per subject at one dose: median and mean latency (s), presses per minute, and more.

    `pause` is the time (s) per press that is not latency, such as eating; `worth` the mean
    average reward per second that the subject believes in, NaN where it is not recorded.
    """

    median: Units
    average: Units
    rate: Units
    pause: Units
    worth: Units


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
            "Vigour by dose. Left: median latency of a press, in seconds; right: presses per "
            "minute, the time after rewards included. Grey lines are subjects, points means over "
            "subjects, bars 95 % intervals"
        )
        if law:
            what += (
                "; dashed, the square-root law: latencies change by exp(−dose/2), anchored at "
                "the dose nearest to 0, with the average reward that subjects learn held where "
                "it is there; dotted, the law with the average reward that they learned at each "
                "dose. The law is that of the most likely latency; medians also grow as "
                "latencies get noisier"
            )
        return Drawn(figure, caption(tables, what, counts), findings[:3], numbers)

    def _paces(self, tables: Tables, scenario: str, source: str) -> dict[float, _Pace]:
        columns = ("dose", "subject", "latency", "elapsed", "reward_rate")
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
            worth = np.full(len(names), np.nan)
            if "reward_rate" in here:
                worth = np.bincount(at, np.maximum(here["reward_rate"], _SLOWEST)) / count
            values = (median, average, 60 / spent, spent - average, worth)
            out[dose] = _Pace(*(Units(names, v) for v in values))
        return out


def _factor(about: About, change: Any) -> Any:
    """What the square-root law multiplies latencies by; None where it says nothing."""
    if about.lesion is None or about.lesion.name != "tonic":
        return None
    return np.exp(-np.asarray(change) / 2)


def _law(
    about: About, paces: dict[float, _Pace], doses: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Mean latency and rate at `doses`, from each subject's at the dose nearest to 0."""
    anchor = baseline(list(paces))
    factor = _factor(about, doses - anchor)
    return None if factor is None else _scaled(paces[anchor], factor[None])


def _law_learned(about: About, paces: dict[float, _Pace]) -> tuple[np.ndarray, np.ndarray] | None:
    """The same at the doses of `paces`, with the average reward that was learned there."""
    anchor = baseline(list(paces))
    factor = _factor(about, np.asarray(list(paces)) - anchor)
    if factor is None:
        return None
    at = paces[anchor]
    worth = np.stack([_as(p.worth, at.worth.names) for p in paces.values()], axis=1)
    return _scaled(at, factor * np.sqrt(at.worth.values[:, None] / worth))


def _as(units: Units, names: np.ndarray) -> np.ndarray:
    """Values of `units` in the order of `names`."""
    found = dict(zip(units.names.tolist(), units.values.tolist(), strict=True))
    return np.asarray([found.get(n, np.nan) for n in names.tolist()])


def _scaled(at: _Pace, factor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means over subjects if their latencies were `factor [subjects, doses]` times as long."""
    latency = at.median.values[:, None] * factor
    rate = 60 / (at.average.values[:, None] * factor + at.pause.values[:, None])
    return mean(latency).value, mean(rate).value


def _draw(block: Any, about: About, paces: dict[float, _Pace], where: str) -> None:
    doses = np.asarray(list(paces))
    fine = np.linspace(doses[0], doses[-1], 101)
    law, learned = _law(about, paces, fine), _law_learned(about, paces)
    keys = [("mean and 95 % interval", look.BLUE, "none", "o"), ("subjects", _SUBJECT, "-", "")]
    panels = block.subplots(1, 2)
    for i, (ax, kind) in enumerate(zip(panels, ("median", "rate"), strict=True)):
        every = paces[baseline(list(paces))].median.names
        each = np.stack([_as(getattr(p, kind), every) for p in paces.values()], axis=1)
        ax.plot(doses, each.T, color=_SUBJECT, linewidth=0.6, alpha=0.7, zorder=1)
        if law is not None:
            ax.plot(fine, law[i], color=look.RED, linestyle=look.LINES[1], zorder=3)
        if learned is not None and np.isfinite(learned[i]).all():
            ax.plot(doses, learned[i], color=look.ORANGE, linestyle=look.LINES[2], zorder=3)
        it = mean(each)
        look.dots(ax, doses, it, look.BLUE, line="none", zorder=4, markersize=6)
        ax.set_ylim(bottom=0)
        ax.set_xlabel(dose_axis(about, 60))
        if len(doses) <= 7:
            ax.set_xticks(doses, [_tick(about, d) for d in doses])
    if law is not None:
        keys.append(("square-root law", look.RED, look.LINES[1], ""))
    if learned is not None and np.isfinite(learned).all():
        keys.append(("law, reward rate as learned", look.ORANGE, look.LINES[2], ""))
    panels[0].set(ylabel="median latency (s)", title=where)
    panels[1].set(ylabel="presses per minute")
    look.line_names(panels[0], keys, loc="best")


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
    start, end = (at_dose(about, d) for d in (first, last))
    text = (
        f"{where}the median latency falls from {between(mean(paces[first].median.values))} s "
        f"{start} to {between(mean(paces[last].median.values))} s {end}, a factor of "
        f"{between(ratio)}"
    )
    if ratio.value > 1:
        text = text.replace("falls", "rises", 1)
    law = _factor(about, last - first)
    if law is not None:
        text += f"; the square-root law at a fixed average reward says {num(float(law))}"
    rates = [between(mean(paces[d].rate.values), 1) for d in (first, last)]
    return [
        capital(text + "."),
        capital(f"{where}presses per minute: {rates[0]} {start}, {rates[1]} {end}."),
    ]


def _ratio(paces: dict[float, _Pace], after: float, before: float) -> Mean:
    """Geometric mean, over subjects, of the ratio of median latencies."""
    logs = {
        d: paces[d].median._replace(values=np.log(paces[d].median.values)) for d in (after, before)
    }
    it = change(logs[after], logs[before])
    return Mean(np.exp(it.value), np.exp(it.low), np.exp(it.high), it.n)


def _numbers(about: About, paces: dict[float, _Pace]) -> dict[str, Any]:
    doses = np.asarray(list(paces))
    law, learned = _law(about, paces, doses), _law_learned(about, paces)
    anchor = baseline(list(paces))
    out: dict[str, dict[str, Any]] = {}
    for i, (dose, pace) in enumerate(paces.items()):
        out[f"{dose:g}"] = {
            "latency": mean(pace.median.values).facts(),
            "rate": mean(pace.rate.values).facts(),
            "latency_ratio": _ratio(paces, dose, anchor).facts(),
        }
        if law is not None:
            out[f"{dose:g}"] |= {"law_latency": float(law[0][i]), "law_rate": float(law[1][i])}
        if learned is not None:
            out[f"{dose:g}"]["law_latency_learned"] = float(learned[0][i])
    return out
