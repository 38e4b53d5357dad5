"""Small batches, and what is read of them."""

from pathlib import Path

import pyarrow.dataset as ds
import pyarrow.parquet as pq

from jaxda import config
from jaxda.batch.run import run
from jaxda.layout import Layout


MODELS = {"q": {"model": "q_learning"}, "opal": {"model": "opal"}}
GRID = {
    "models": ["q"],
    "tasks": {"easy": "bandit"},
    "trials": 20,
    "lesions": {"snc_loss": [0.0, 0.5]},
    "parameters": {"beta": [1.0, 4.0], "alpha_pos=alpha_neg": {"low": 0.1, "high": 0.5}},
    "draws": 3,
    "replicates": 25,
    "histograms": {"better": [0, 1, 4]},
    "rows": "session",
}
WHERE = ("model", "task", "lesion", "schedule", "dose", "beta", "draw", "replicate")


def experiment(**batch) -> config.Config:
    parts = {"title": "Batch", "seed": 5, "models": MODELS, "batch": {"grid": GRID | batch}}
    return config.load(overrides=parts)


def played(folder: Path, **batch) -> Layout:
    layout = Layout(folder)
    run(experiment(**batch), "grid", layout)
    return layout


def sessions(layout: Layout) -> dict[tuple, dict]:
    """Rows of sessions by what they are."""
    rows = ds.dataset(layout.batch("grid") / "sessions", partitioning="hive").to_table()
    return {tuple(row[k] for k in WHERE if k in row): row for row in rows.to_pylist()}


def cells(layout: Layout) -> list[dict]:
    return pq.read_table(layout.batch_cells("grid")).to_pylist()


def contents(folder: Path) -> dict[str, bytes]:
    files = (f for f in folder.rglob("*") if f.is_file())
    return {str(f.relative_to(folder)): f.read_bytes() for f in files}
