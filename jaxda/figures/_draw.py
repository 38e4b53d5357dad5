"""Drawing a figure of an experiment into its files."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from matplotlib.figure import Figure

from .. import catalog
from ..config import Config
from ..data.files import read_table, whole, write_json
from ..landmarks._base import Measured
from ..landmarks._base import told as landmark_record
from ..layout import Layout
from . import _gallery
from ._base import AbstractFigure, Drawn, Load, Tables
from ._style import style


# Dots per inch, and dots in all: reports cut pictures of more than 2,400.
_DPI, _MOST = 150, 2390


def draw(config: Config, name: str, layout: Layout) -> None:
    """Draw figure `name` of the experiment as SVG and PNG, and write what it says as JSON.

    Raises:
        InputError: if a table is missing, or a scenario has nothing to show.
    """
    figure: AbstractFigure = catalog.load("figures", name)()
    with style():
        drawn = figure.draw(Tables(config, config.figures[name], _loader(layout)))
        for suffix in ("svg", "png"):
            _save(drawn.figure, layout.figure(name, suffix), suffix)
    write_json(layout.figure(name, "json"), told(figure.title, drawn))


def draw_landmark(name: str, measured: Measured, layout: Layout) -> None:
    """Write a landmark as it was measured, and draw it as SVG and PNG if it has panels.

    Pages set the words beside the SVG; the PNG goes about alone and holds them itself.
    """
    if measured.panels:
        facts = catalog.describe("landmarks", name).facts
        last = f"A simulation, not data. Source: {facts['source']}."
        words = [f"{facts['title']}.", measured.caption, facts.get("caution", ""), last]
        with style():
            for suffix, note in (("svg", ""), ("png", " ".join(filter(None, words)))):
                _save(_gallery.draw(measured, note), layout.landmark(name, suffix), suffix)
    write_json(layout.landmark(name, "json"), landmark_record(measured))


def told(title: str, drawn: Drawn) -> dict[str, Any]:
    """What a figure says, as plain values without NaN."""
    return {
        "title": title,
        "caption": drawn.caption,
        "findings": list(drawn.findings),
        "numbers": _plain(drawn.numbers),
        "alt": " ".join([f"{title}.", *drawn.findings]),
    }


def _save(figure: Figure, path: Path, suffix: str) -> None:
    # The date of an SVG, and the version in a PNG, would make equal pictures differ.
    dpi = min(_DPI, _MOST / max(figure.get_size_inches()))
    facts = {"svg": {"Date": None}, "png": {"Software": None}}[suffix]
    with whole(path) as aside:
        figure.savefig(aside, format=suffix, dpi=dpi, metadata=facts)


def _loader(layout: Layout) -> Load:
    def load(
        kind: str, scenario: str, source: str, model: str, columns: tuple[str, ...]
    ) -> pa.Table:
        if kind in ("comparison", "confusion", "recovery"):
            path = layout.summary(scenario, kind)
        elif "." in kind:
            name, table = kind.split(".")
            path = layout.analysis(name, scenario, source, model, table)
        elif kind == "fits":
            path = layout.fits(scenario, source, model)
        else:
            path = getattr(layout, kind)(scenario, source)
        try:
            wanted = named(pq.read_schema(path).names, columns)
            return pq.read_table(path, columns=wanted)
        except (OSError, pa.ArrowInvalid):
            return read_table(path)

    return load


def named(present: list[str], columns: tuple[str, ...]) -> list[str]:
    """Those of the `present` columns that are asked for; `x` also asks for `x_0`, `x_1`, ..."""
    if not columns:
        return present
    return [n for n in present if n in columns or _stem(n) in columns]


def _stem(name: str) -> str:
    stem, _, end = name.rpartition("_")
    return stem if end.isdigit() else name


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
