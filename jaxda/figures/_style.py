"""One look for all figures: sizes, colours that everyone can tell apart, intervals, labels."""

import contextlib
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from ._measures import Mean, scatter


# Inches: fits a report page; figures with more panels grow downwards.
WIDTH, HEIGHT = 8.0, 5.0

# Okabe & Ito (2008), without the yellow that white paper swallows.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, RED, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#767676"
CYCLE = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY, BLACK)
LINES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1, 2)))
MARKERS = ("o", "s", "D", "^", "v", "P", "X")
GLYPHS = "●■◆▲▼✚✖"
SIGNED = "RdBu_r"

_HIGHER = LinearSegmentedColormap.from_list("higher", ["#F0A060", RED, "#7A2A00"])
_LOWER = LinearSegmentedColormap.from_list("lower", ["#7CC4EE", BLUE, "#003A5C"])

RC: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#444444",
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.unicode_minus": True,
    "figure.dpi": 100,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "savefig.dpi": 150,
    # A salt makes the identifiers, and with them the bytes, the same from run to run; outlines
    # look the same wherever the file is opened.
    "svg.fonttype": "path",
    "svg.hashsalt": "jaxda",
    "xtick.color": "#444444",
    "xtick.labelsize": 8.5,
    "ytick.color": "#444444",
    "ytick.labelsize": 8.5,
}


@contextlib.contextmanager
def style() -> Iterator[None]:
    """The context in which figures are made and saved, whatever the user's own settings."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(RC)
        yield


def canvas(height: float = HEIGHT, width: float = WIDTH) -> Figure:
    """An empty figure, in inches."""
    engine = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.06, wspace=0.03, hspace=0.05)
    return Figure(figsize=(width, height), layout=engine)


def grid(figure: Any, n: int, columns: int, **shared: Any) -> list[Axes]:
    """`n` panels in rows of at most `columns`."""
    columns = min(n, columns)
    every = figure.subplots(-(-n // columns), columns, squeeze=False, **shared).ravel()
    for empty in every[n:]:
        empty.remove()
    return list(every[:n])


def dose_color(dose: float, doses: Sequence[float]) -> str:
    """Black for none; the higher the redder, the lower the bluer, and the more the darker."""
    if dose == 0:
        return BLACK
    same = sorted({abs(d) for d in doses if d * dose > 0})
    at = same.index(abs(dose)) / (len(same) - 1) if len(same) > 1 else 0.5
    return to_hex((_HIGHER if dose > 0 else _LOWER)(at))


def ink(background: str) -> str:
    """Black or white, whichever reads better on a colour."""
    red, green, blue = (int(background[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return "white" if 0.3 * red + 0.59 * green + 0.11 * blue < 0.55 else "black"


def band(ax: Axes, x: np.ndarray, it: Mean, color: str, line: Any = "-", **line_style: Any) -> None:
    """A line of means in a band of intervals."""
    ax.fill_between(x, it.low, it.high, color=color, alpha=0.13, linewidth=0)
    ax.plot(x, it.value, color=color, linestyle=line, **line_style)


def dots(
    ax: Axes, x: np.ndarray, it: Mean, color: str, marker: str = "o", line: Any = "-", **style: Any
) -> None:
    """Means with their intervals, joined."""
    it = Mean(*map(np.atleast_1d, it))
    error = np.stack([it.value - it.low, it.high - it.value])
    # An end may lie on the other side of the mean, be it by rounding alone.
    error = np.where(np.isfinite(error), np.maximum(error, 0.0), 0.0)
    ax.errorbar(
        x,
        it.value,
        error,
        color=color,
        marker=marker,
        linestyle=line,
        capsize=0,
        elinewidth=1.4,
        **style,
    )


def cloud(ax: Axes, x: float, y: np.ndarray, color: str, width: float, hollow: np.ndarray) -> None:
    """Single values around `x`, those that `hollow` marks as rings."""
    at = x + width * scatter(len(y))
    for mask, face in ((~hollow, color), (hollow, "white")):
        ax.scatter(
            at[mask], y[mask], s=9, facecolor=face, edgecolor=color, linewidth=0.6, alpha=0.55
        )


def cloud_flat(ax: Axes, y: float, x: np.ndarray, color: str, hollow: np.ndarray) -> None:
    """Single values along the height `y`, those that `hollow` marks as rings."""
    at = y + 0.55 * scatter(len(x))
    for mask, face in ((~hollow, color), (hollow, "white")):
        ax.scatter(
            x[mask], at[mask], s=8, facecolor=face, edgecolor=color, linewidth=0.6, alpha=0.5
        )


def headed(ax: Axes, title: str, notes: Sequence[str]) -> None:
    """A title with `notes` in smaller letters below it."""
    text = "\n".join(notes)
    ax.set_title(title, linespacing=1.3, pad=8 + 11.5 * (text.count("\n") + 1))
    ax.annotate(
        text,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=8,
        linespacing=1.3,
        color="#333333",
        va="bottom",
    )


def frame(corner: tuple[float, float], width: float, height: float) -> Rectangle:
    """An empty box that marks a cell."""
    return Rectangle(corner, width, height, fill=False, edgecolor=RED, linewidth=1.6)


def few_ticks(ax: Axes, logarithmic: bool, both: bool = True) -> None:
    """Few, plainly written numbers on the horizontal axis of a small panel, or on both axes."""
    for axis in (ax.xaxis, ax.yaxis)[: 1 + both]:
        if logarithmic:
            axis.set_major_locator(FixedLocator(_round_ticks(*axis.get_view_interval())))
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.3g}"))
        else:
            axis.set_major_locator(MaxNLocator(4))


def _round_ticks(low: float, high: float) -> list[float]:
    """Three to five numbers of one digit between `low` and `high`, evenly on a log scale."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5, 7), tuple(range(1, 10))):
        found = [d * 10.0**e for e in decades for d in digits if low <= d * 10.0**e <= high]
        if len(found) >= 3:
            return found if len(found) <= 5 else found[:: -(-len(found) // 5)]
    return [low, math.sqrt(low * high), high]


def zero(ax: Axes, y: float = 0.0) -> None:
    """A thin line of reference."""
    ax.axhline(y, color="#999999", linewidth=0.8, zorder=0)


def upright(ax: Axes, x: float = 0.0) -> None:
    """A thin upright line of reference."""
    ax.axvline(x, color="#999999", linewidth=0.8, zorder=1)


class Label(NamedTuple):
    """A text that belongs to the end of a line at height `y`."""

    y: float
    text: str
    color: str


def end_labels(*panels: tuple[Axes, Sequence[Label]], size: float = 8.5) -> None:
    """Names to the right of panels, beside where their lines end, never on each other.

    Call it once and when everything else is drawn: heights are taken from the panels as they
    are then.
    """
    figure = panels[0][0].get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    for ax, labels in panels:
        _end_labels(ax, [l for l in labels if np.isfinite(l.y)], size, figure.dpi / 72)


def _end_labels(ax: Axes, labels: list[Label], size: float, scale: float) -> None:
    box = ax.get_window_extent()
    points = box.height / scale
    heights = [ax.transData.transform((0.0, l.y))[1] for l in labels]
    wanted = np.clip((np.asarray(heights) - box.y0) / scale, 0, points)
    order = np.argsort(wanted, kind="stable")
    places = apart(wanted[order], 1.25 * size, points)
    moved = bool(np.abs(places - wanted[order]).max(initial=0) > 0.4 * size)
    for i, at in zip(order, places, strict=True):
        line = {"arrowstyle": "-", "color": labels[i].color, "linewidth": 0.6, "relpos": (0, 0.5)}
        ax.annotate(
            labels[i].text,
            (1.0, wanted[i] / points),
            xycoords="axes fraction",
            xytext=(14 if moved else 5, at - wanted[i]),
            textcoords="offset points",
            ha="left",
            va="center",
            fontsize=size,
            color=labels[i].color,
            arrowprops={**line, "shrinkA": 0, "shrinkB": 1} if moved else None,
            annotation_clip=False,
        )


def apart(wanted: np.ndarray, gap: float, top: float) -> np.ndarray:
    """Places in order at least `gap` apart, as near to the `wanted` ones as can be.

    Least squares (pooling of neighbours that collide), then moved into 0 ... `top` as a whole.
    """
    if not len(wanted):
        return wanted
    pools: list[list[float]] = []
    for i, x in enumerate(wanted):
        pools.append([float(x) - i * gap, 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, n), (b, m) = pools[-2:]
            pools[-2:] = [[(a * n + b * m) / (n + m), n + m]]
    at = np.concatenate([np.full(int(n), x) for x, n in pools]) + gap * np.arange(len(wanted))
    return at + max(0.0, -at[0]) - max(0.0, at[-1] - top)


def line_names(where: Any, names: Sequence[tuple[str, str, Any, str]], **place: Any) -> None:
    """A key of `(name, colour, line style, marker)` in a panel or figure; "ring" is a marker.

    For where labels at the ends of lines would not fit.
    """
    handles = []
    for name, color, line, marker in names:
        shape = {"ring": "o", "": None}.get(marker, marker)
        handle = Line2D([], [], color=color, linestyle=line, marker=shape, label=name)
        if marker == "ring":
            handle.set(markerfacecolor="none", markersize=9)
        handles.append(handle)
    where.legend(handles=handles, **{"handlelength": 2.2, **place})
