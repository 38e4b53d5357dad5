"""Which sessions a batch has, by arithmetic: nothing is ever listed. Imports no JAX.

A batch falls into *blocks*, one for each model, task, lesion and schedule. Within a block the
sessions are numbered: replicates run fastest, then draws, then levels (doses, what the schedule
gives, parameters), so a number says all about its session.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..layout import Layout
from .measures import MEASURES


if TYPE_CHECKING:
    import numpy as np

    from ..config import Batch, Config, Levels, Schedule, Variant

# Most sessions of one batch.
MOST = 10_000_000
NONE = "none"
# Columns that no parameter may be called.
_TAKEN = frozenset(MEASURES).union(
    re.findall(
        r"\w+",
        """
        model task lesion schedule dose time drug_dose draw replicate measure n mean sd se lower
        upper min max histogram edges subject session trial event cue action choice feedback onset
        terminal successor elapsed valid fresh context rpe
        """,
    )
)


def column(name: str) -> str:
    """The column of a parameter in tables."""
    plain = re.sub(r"\W", "_", name)
    return f"{plain}_value" if plain in _TAKEN else plain


class Block(NamedTuple):
    """Sessions of one model, task, lesion and schedule; `""` is no lesion, or no schedule.

    `doses` are None without a lesion. `levels` are the numbers of levels that vary over cells
    (of doses, of the schedule, and of each parameter), 1 for what is drawn.
    """

    batch: "Batch"
    name: str
    model: str
    task: str
    lesion: str
    schedule: str

    @property
    def doses(self) -> "Levels | None":
        return self.batch.lesions.get(self.lesion)

    @property
    def given(self) -> "Schedule | None":
        """What the schedule of the block is."""
        return self.batch.schedules.get(self.schedule)

    @property
    def axes(self) -> list[tuple[str, tuple[float, ...]]]:
        """What varies from cell to cell, and its levels; the last varies fastest."""
        out: list[tuple[str, tuple[float, ...]]] = []
        if self.doses and self.doses.values:
            out.append(("dose", self.doses.values))
        if self.given:
            out.append(("schedule", self.given.at or self.given.doses))
        for name, levels in sorted(self.batch.parameters.items()):
            if levels.values:
                out.append((name, levels.values))
        return out

    @property
    def drawn(self) -> "list[tuple[str, Levels]]":
        """What is drawn from a range, once for each draw."""
        out = [("dose", self.doses)] if self.doses and not self.doses.values else []
        return out + [(n, p) for n, p in sorted(self.batch.parameters.items()) if not p.values]

    @property
    def draws(self) -> int:
        """How many draws there are: one, if nothing is drawn."""
        return self.batch.draws if self.drawn else 1

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of levels, then of draws and of replicates."""
        levels = (len(values) for _, values in self.axes)
        return (*levels, self.draws, self.batch.replicates)

    @property
    def sessions(self) -> int:
        """How many there are."""
        return math.prod(self.sizes)

    @property
    def per_cell(self) -> int:
        """Sessions of one cell; they follow one another."""
        return (self.draws if self.batch.pool_draws else 1) * self.batch.replicates

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.sessions // self.per_cell

    @property
    def label(self) -> str:
        """The folder of the block, as partitions are named."""
        names = {"model": self.model, "task": self.task}
        names |= {"lesion": self.lesion or NONE, "schedule": self.schedule or NONE}
        return "/".join(f"{key}={value}" for key, value in names.items())

    def chunks(self) -> list[tuple[int, int]]:
        """First session and number of sessions of each chunk, all nearly as large."""
        count = -(-self.sessions // self.batch.chunk)
        size = -(-self.sessions // count)
        return [(f, min(size, self.sessions - f)) for f in range(0, self.sessions, size)]

    def digits(self, sessions: "np.ndarray") -> "list[np.ndarray]":
        """Which level each session has on every axis, then its draw and its replicate."""
        out: list[np.ndarray] = []
        for size in reversed(self.sizes):
            sessions, digit = sessions // size, sessions % size
            out.insert(0, digit)
        return out


def blocks(config: "Config", name: str) -> Iterator[Block]:
    """The blocks of the batch called `name`."""
    batch = config.batch[name]
    for model in batch.models:
        for task in batch.tasks:
            for lesion in batch.lesions or ("",):
                for schedule in batch.schedules or ("",):
                    yield Block(batch, name, model, task, lesion, schedule)


class Size(NamedTuple):
    """How large a batch is."""

    blocks: int
    cells: int
    sessions: int
    chunks: int


def size(config: "Config", name: str) -> Size:
    """How large the batch called `name` is."""
    every = list(blocks(config, name))
    return Size(
        len(every),
        sum(b.cells for b in every),
        sum(b.sessions for b in every),
        sum(len(b.chunks()) for b in every),
    )


def told(config: "Config", block: Block) -> str:
    """All that the sessions of a block depend on, as JSON; what only adds others is left out."""
    batch, variant = block.batch, config.models[block.model]
    kept = {"lesions", "tasks", "schedules", "models", "chunk", "jobs"}
    parts = {
        "seed": config.seed,
        "precision": config.precision,
        "batch": block.name,
        "block": block.label,
        "model": _generates(variant).model_dump(mode="json"),
        "task": batch.tasks[block.task].model_dump(mode="json"),
        "lesion": block.doses and block.doses.model_dump(mode="json"),
        "schedule": block.given and block.given.model_dump(mode="json"),
        "rest": batch.model_dump(mode="json", exclude=kept),
    }
    return json.dumps(parts, sort_keys=True)


def _generates(variant: "Variant") -> "Variant":
    """A variant without what concerns only fits and populations."""
    return variant.model_copy(update={"free": None, "bounds": {}, "population": {}})


def planned(config: "Config", name: str, layout: Layout) -> list[str]:
    """How large a batch is and what will be written, in words."""
    batch, of = config.batch[name], size(config, name)
    here = layout.batch(name)
    lines = [
        f"batch {name}: {of.cells:,} cells, {of.sessions:,} sessions of {batch.trials} trials, "
        f"{of.chunks:,} chunks of up to {batch.chunk:,} sessions in {of.blocks} blocks",
        f"  cells: {layout.batch_cells(name)}",
    ]
    if batch.rows != "cell":
        places = "model=…/task=…/lesion=…/schedule=…/*.parquet"
        lines.append(f"  {batch.rows}s: {here / f'{batch.rows}s'}/{places}, {of.chunks:,} files")
    return lines
