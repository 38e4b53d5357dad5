"""Landmarks drawn: what was measured, and beside it what was expected."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from ..landmarks._base import Check, Mark, Measured, Panel
from . import _style as look


_ROW, _LINE = 3.1, 0.19
_MOST_CHECKS = 10
# Letters of a label that fit the width of the figure.
_LETTERS = 110
_SMALL_LETTERS = 150


def draw(measured: Measured, words: str = "") -> Figure:
    """Panels above, a table of what was expected and what was got below, then `words`."""
    n = len(measured.panels)
    columns = n if n <= 3 else math.ceil(n / 2)
    columns = min(columns, 3)
    rows = -(-n // columns)
    lines = min(len(measured.checks), _MOST_CHECKS + 1) + 1
    note = textwrap.wrap(words, _SMALL_LETTERS)
    heights = [_ROW * rows, _LINE * lines + 0.15] + [0.8 * _LINE * len(note) + 0.1] * bool(note)
    figure = look.canvas(sum(heights))
    parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)
    above, below, *last = np.ravel(parts)
    axes = look.grid(above, n, columns)
    for ax, panel in zip(axes, measured.panels, strict=True):
        _panel(ax, panel, _LETTERS // columns)
    # Only once all is laid out is it known what a legend covers.
    figure.draw_without_rendering()
    for ax, panel in zip(axes, measured.panels, strict=True):
        legend = ax.get_legend()
        if legend and _covers(ax, legend):
            _title(ax, panel, _LETTERS // columns, _above(ax, _LETTERS // columns))
    _checks(below.subplots(), measured.checks)
    for foot in last:
        ax = foot.subplots()
        ax.axis("off")
        ax.text(0, 1, "\n".join(note), va="top", fontsize=6.8, color="#444444", linespacing=1.35)
    return figure


def _panel(ax: Axes, panel: Panel, letters: int) -> None:
    shown = [m for m in panel.marks if not m.theory]
    groups = {m.color if m.color is not None else f"own {i}" for i, m in enumerate(shown)}
    palette: Sequence[Any] = look.CYCLE
    if len(groups) > len(palette):
        palette = [mpl.colormaps["viridis"](v) for v in np.linspace(0, 0.92, len(groups))]
    barred = [m for m in shown if m.kind == "bars"]
    lined = [m for m in shown if m.kind == "line"]
    turn = 0
    for mark in panel.marks:
        if mark.theory:
            _theory(ax, mark, bool(panel.ticks))
            continue
        color = palette[(mark.color if mark.color is not None else turn) % len(palette)]
        at = shown.index(mark)
        place = (barred.index(mark), len(barred)) if mark in barred else (0, 1)
        # Few lines differ in their dashes too, so that one upon another shows both.
        dashes = look.LINES[lined.index(mark)] if mark in lined and len(lined) <= 4 else "-"
        _mark(ax, mark, color, at, place, dashes)
        turn += 1
    ax.set(xlabel=textwrap.fill(panel.x, letters), ylabel=textwrap.fill(panel.y, 38))
    if "x" in panel.log:
        ax.set_xscale("log")
    if "y" in panel.log:
        ax.set_yscale("log")
    if panel.ticks:
        width = max(6, letters // len(panel.ticks))
        ax.set_xticks(range(len(panel.ticks)), [textwrap.fill(t, width) for t in panel.ticks])
    if panel.zero:
        look.zero(ax)
    crowded = bool(barred) or bool(panel.ticks)
    _title(ax, panel, letters, _legend(ax, crowded, letters))


def _title(ax: Axes, panel: Panel, letters: int, above: int) -> None:
    """The title, over `above` rows of a legend."""
    ax.set_title(textwrap.fill(panel.title, int(0.8 * letters)), pad=6 + 10.5 * above)


_LEGEND: Mapping[str, Any] = {"fontsize": 7.2, "handlelength": 1.6, "labelspacing": 0.25}


def _legend(ax: Axes, crowded: bool, letters: int) -> int:
    """Names of the series, above the axes where there are many. Rows that they take."""
    _, labels = ax.get_legend_handles_labels()
    if not labels:
        return 0
    if crowded or len(labels) > 5:
        return _above(ax, letters)
    ax.legend(loc="best", borderaxespad=0.3, **_LEGEND)
    return 0


def _above(ax: Axes, letters: int) -> int:
    """Names of the series above the axes. Rows that they take."""
    _, labels = ax.get_legend_handles_labels()
    columns = max(1, min(len(labels), int(letters / (max(map(len, labels)) + 5))))
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=columns,
        columnspacing=1.2,
        borderaxespad=0.1,
        borderpad=0.1,
        **_LEGEND,
    )
    return -(-len(labels) // columns)


def _covers(ax: Axes, legend: Legend) -> bool:
    """Whether a legend lies upon a line or point of its axes."""
    box = legend.get_window_extent()
    drawn = [line.get_path().transformed(line.get_transform()) for line in ax.lines]
    return any(path.interpolated(8).intersects_bbox(box, filled=False) for path in drawn)


def _theory(ax: Axes, mark: Mark, categories: bool) -> None:
    """What is expected: a line or, of categories, a stroke across each."""
    if categories:
        at, width = np.asarray(mark.x), 0.42
        ax.hlines(
            mark.y,
            at - width,
            at + width,
            color="#222222",
            label=mark.label,
            zorder=4,
            linestyle=(0, (2, 1.5)),
            linewidth=1.3,
        )
        return
    dashes = (0, (3, 2))
    ax.plot(
        mark.x, mark.y, color=look.GREY, linestyle=dashes, linewidth=1.1, label=mark.label, zorder=3
    )


def _mark(ax: Axes, mark: Mark, color: Any, at: int, place: tuple[int, int], dashes: Any) -> None:
    x, y = np.asarray(mark.x), np.asarray(mark.y)
    ends = None
    if mark.low is not None and mark.high is not None:
        ends = np.stack([y - np.asarray(mark.low), np.asarray(mark.high) - y]).clip(min=0)
    marker = look.MARKERS[at % len(look.MARKERS)]
    if mark.kind == "bars":
        i, n = place
        width = 0.8 / n
        ax.bar(
            x + (i - (n - 1) / 2) * width,
            y,
            0.92 * width,
            color=color,
            label=mark.label,
            yerr=ends,
            error_kw={"elinewidth": 1.1, "ecolor": "#333333"},
        )
    elif mark.kind == "points":
        ax.errorbar(
            x,
            y,
            ends,
            color=color,
            marker=marker,
            linestyle="none",
            elinewidth=1.2,
            label=mark.label,
            capsize=0,
        )
    elif mark.kind == "step":
        ax.step(x, y, where="mid", color=color, label=mark.label)
    else:
        if mark.low is not None and mark.high is not None:
            ax.fill_between(x, mark.low, mark.high, color=color, alpha=0.15, linewidth=0)
        ax.plot(x, y, color=color, linestyle=dashes, label=mark.label)


def _checks(ax: Axes, checks: Sequence[Check]) -> None:
    """One line per check; of many, those nearest to failing."""
    ax.axis("off")
    order = sorted(range(len(checks)), key=lambda i: (checks[i].passed, i))
    kept = sorted(order[:_MOST_CHECKS])
    left_out = len(checks) - len(kept)
    lines = [("landmark", "expected", "measured", "")]
    lines += [(c.name, *c.words(), _verdict(c)) for c in (checks[i] for i in kept)]
    if left_out:
        passed = sum(c.passed for c in checks)
        lines.append((f"… and {left_out} more; {passed} of {len(checks)} hold", "", "", ""))
    for row, cells in enumerate(lines):
        y = 1 - (row + 0.5) / len(lines)
        weight = "bold" if row == 0 else "normal"
        failed = cells[3] == "fails"
        for x, text, side in zip(
            (0.0, 0.70, 0.83, 0.89), cells, ("left", "right", "right", "left"), strict=True
        ):
            ax.text(
                x,
                y,
                text,
                transform=ax.transAxes,
                ha=side,
                va="center",
                fontsize=7.5,
                fontweight=weight,
                color=look.RED if failed else "#222222",
            )


def _verdict(check: Check) -> str:
    return "holds" if check.passed else "fails"
