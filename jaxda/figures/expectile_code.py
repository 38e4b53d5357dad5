"""What a population of dopamine channels knows of a distribution of rewards."""

from typing import Any, ClassVar, NamedTuple

import matplotlib as mpl
import numpy as np

from ..theory.expectiles import expectiles
from . import _style as look
from ._base import About, AbstractFigure, Drawn, Tables
from ._measures import Mean, Rows, by_unit, correlation, mean
from ._words import baseline, capital, caption, dose_name, extreme, human, num, people, short


# Rows are settled after this share of a session.
_SETTLED = 0.75


class _Code(NamedTuple):
    """At one dose: settled values by channel, and errors `[channels, magnitudes]`."""

    value: Mean
    error: Mean
    reversal: np.ndarray
    rmse: float
    r: float


class ExpectileCode(AbstractFigure):
    """Settled values of channels by their optimism, and their errors by size of reward.

    Channel i of n has the optimism tau = (i + 1/2) / n. Its value should settle at the
    tau-expectile e of the rewards X: tau E[(X - e)+] = (1 - tau) E[(e - X)+]. The size of
    reward at which its error changes sign, the reversal point, is the same number.
    """

    reads: ClassVar = ("sessions",)
    title: ClassVar = "A distribution of rewards in a population of channels"

    def draw(self, tables: Tables) -> Drawn:
        cells = [(s, g) for s in tables.scenarios for g in tables.sources(s)]
        figure = look.canvas(look.HEIGHT * 0.85 * len(cells))
        blocks = figure.subfigures(len(cells), 1, squeeze=False)[:, 0]
        findings: list[str] = []
        numbers: dict[str, Any] = {}
        counts = {}
        for block, (scenario, source) in zip(blocks, cells, strict=True):
            about = tables.about(scenario)
            rows = self._rows(tables, scenario, source)
            sizes, odds = _rewards(about, rows)
            n = len(rows.parts("value"))
            tau = (np.arange(n) + 0.5) / n
            theory = expectiles(sizes, odds, tau)
            codes = {
                d: _code(rows.where(rows["dose"] == d), sizes, theory) for d in rows.values("dose")
            }
            where = f"{human(scenario)}, {source}: " if len(cells) > 1 else ""
            _draw(block, about, codes, tau, sizes, odds, where)
            findings += _findings(about, codes, sizes, odds, theory, where)
            numbers.setdefault(scenario, {})[source] = {
                "tau": tau.tolist(),
                "theory": theory.tolist(),
                "magnitudes": sizes.tolist(),
                "doses": {f"{d:g}": _numbers(c) for d, c in codes.items()},
            }
            counts[scenario] = people(int(np.max(c.value.n)) for c in codes.values())
        share = short(100 * (1 - _SETTLED))
        what = (
            f"Left: value of each channel over the last {share} % of trials against its optimism "
            "tau, which is the share of its learning rate that goes to positive errors; points "
            "are means over subjects, bars (if larger than the points) 95 % intervals, the line "
            "is the theoretical tau-expectile of the rewards. Right: mean reward prediction "
            "error of each channel (one line, coloured by tau) by size of reward; where a line "
            "crosses 0 is the reversal point of the channel. The size axis is logarithmic if all "
            "sizes are above 0"
        )
        return Drawn(figure, caption(tables, what, counts), findings[:3], numbers)

    def _rows(self, tables: Tables, scenario: str, source: str) -> Rows:
        columns = ("dose", "subject", "trial", "reward", "feedback", "value", "rpe")
        rows = Rows(tables.sessions(scenario, source, *columns))
        n = len(rows.parts("value"))
        if n < 2 or len(rows.parts("rpe")) != n:
            right = "a scenario whose source has channels, such as expectile"
            raise self.refuse(
                scenario, "no columns value_0, value_1, ... with rpe_0, rpe_1, ...", right
            )
        return rows.where((rows["trial"] > _SETTLED * rows["trial"].max()) & rows["feedback"])


def _rewards(about: About, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Sizes of reward and how likely they are: as the task says, else as they came."""
    if "magnitudes" in about.settings and "probabilities" in about.settings:
        sizes = np.asarray(about.settings["magnitudes"], float)
        odds = np.asarray(about.settings["probabilities"], float)
        order = np.argsort(sizes)
        return sizes[order], odds[order] / odds.sum()
    sizes, count = np.unique(rows["reward"], return_counts=True)
    return sizes, count / count.sum()


def _unit(about: About) -> str:
    return "µl" if about.task and about.task.name == "variable_magnitude" else "units of reward"


def _code(rows: Rows, sizes: np.ndarray, theory: np.ndarray) -> _Code:
    names, reward = rows["subject"], rows["reward"]
    size = np.argmin(np.abs(reward[:, None] - sizes), axis=1)
    values, errors = rows.spread("value").T, rows.spread("rpe").T
    value = mean(np.stack([by_unit(names, v).values for v in values], axis=1))
    by_size = [by_unit(names, e, size, len(sizes)).values for e in errors]
    error = mean(np.stack(by_size, axis=1))
    rmse = float(np.sqrt(np.mean((value.value - theory) ** 2)))
    reversal = np.asarray([_crossing(sizes, e) for e in error.value])
    return _Code(value, error, reversal, rmse, correlation(theory, value.value).r)


def _crossing(x: np.ndarray, y: np.ndarray) -> float:
    """Where the first change of sign from - to + lies, by linear interpolation."""
    there = np.isfinite(y)
    x, y = x[there], y[there]
    up = np.flatnonzero((y[:-1] <= 0) & (y[1:] > 0))
    if not len(up):
        return np.nan
    i = up[0]
    return float(x[i] - y[i] * (x[i + 1] - x[i]) / (y[i + 1] - y[i]))


def _draw(
    block: Any,
    about: About,
    codes: dict[float, _Code],
    tau: np.ndarray,
    sizes: np.ndarray,
    odds: np.ndarray,
    where: str,
) -> None:
    left, right = block.subplots(1, 2)
    fine = np.linspace(0.002, 0.998, 499)
    left.plot(fine, expectiles(sizes, odds, fine), color=look.GREY, linewidth=1.2, zorder=1)
    doses = list(codes)
    keys = [("tau-expectile of the rewards", look.GREY, "-", "")]
    for i, (dose, code) in enumerate(codes.items()):
        color, marker = look.dose_color(dose, doses), look.MARKERS[i % len(look.MARKERS)]
        look.dots(left, tau, code.value, color, marker, "none")
        name = "channels, " + dose_name(about, dose) if len(codes) > 1 else "channels"
        keys.append((name, color, "none", marker))
    unit = _unit(about)
    left.set(xlabel="optimism tau of the channel", ylabel=f"value ({unit})", xlim=(0, 1))
    left.set_ylim(bottom=min(0.0, float(sizes[0])))
    left.set_title(where + "Values")
    look.line_names(left, keys, loc="upper left")

    first = baseline(doses)
    colors = mpl.colormaps["viridis"]
    for t, row in zip(tau, codes[first].error.value, strict=True):
        right.plot(sizes, row, color=colors(t), linewidth=1.1, marker="o", markersize=2.5)
    look.zero(right)
    if sizes[0] > 0:
        right.set_xscale("log")
        right.set_xticks(sizes, [short(s) for s in sizes])
        right.minorticks_off()
    scale = mpl.cm.ScalarMappable(mpl.colors.Normalize(0, 1), "viridis")
    bar = block.colorbar(scale, ax=right, pad=0.02, shrink=0.9)
    bar.set_label("optimism tau")
    bar.outline.set_visible(False)
    name = f", {dose_name(about, first)}" if len(codes) > 1 else ""
    right.set(xlabel=f"size of the reward ({unit})", ylabel=f"reward prediction error ({unit})")
    right.set_title("Errors by size of reward" + name)


def _findings(
    about: About,
    codes: dict[float, _Code],
    sizes: np.ndarray,
    odds: np.ndarray,
    theory: np.ndarray,
    where: str,
) -> list[str]:
    first = baseline(list(codes))
    it = codes[first]
    middle = int(np.argmax(odds))
    positive = _positive(it)[middle]
    out = [
        f"{where}values of {len(theory)} channels run from {num(it.value.value[0])} to "
        f"{num(it.value.value[-1])} {_unit(about)} and follow the expectiles of the rewards (r = "
        f"{num(it.r, 3)}, root mean square deviation {num(it.rmse)}); a single value would be the "
        f"mean, {num(float(sizes @ odds))} {_unit(about)}.",
        f"{where}at the most frequent reward, {short(sizes[middle])} {_unit(about)}, "
        f"{num(100 * positive, 0)} % of the channels signal more than expected and the others "
        "less.",
    ]
    if len(codes) > 1:
        far = extreme(list(codes))
        out.append(
            f"{where}{dose_name(about, far)}: root mean square deviation from the expectiles "
            f"{num(codes[far].rmse)}, against {num(it.rmse)} when {dose_name(about, first)}."
        )
    return [capital(text) for text in out]


def _positive(code: _Code) -> np.ndarray:
    """Share of channels with a positive mean error at each size."""
    return (code.error.value > 0).mean(axis=0)


def _numbers(code: _Code) -> dict[str, Any]:
    return {
        "value": code.value.facts(),
        "reversal": code.reversal.tolist(),
        "rmse": code.rmse,
        "r": code.r,
        "positive": _positive(code).tolist(),
    }
