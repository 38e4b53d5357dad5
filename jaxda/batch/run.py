"""A batch from its configuration to its files, chunk by chunk.

A chunk is a file of statistics, written last, and perhaps one of rows. Either says by a digest
what made it, so a run goes on where another ended, however it ended, and what another
configuration or other code has left is made anew. The table of cells is put together from the
files alone, a chunk at a time.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .. import plan, provenance
from ..config import Config
from ..data.files import PARQUET, metadata, whole, with_metadata, write_json
from ..data.sessions import Label, Sessions, to_table
from ..layout import Layout
from . import cells, sweep
from .cells import Cells
from .design import NONE, Block, blocks, column, size, told
from .measures import MEASURES


Progress = Callable[[int, int], None]
_PARTITIONS = ("model", "task", "lesion", "schedule")
_PARQUET = PARQUET | {"write_page_checksum": True}


class _Chunk(NamedTuple):
    """Sessions `first` to `first + n` of a block, and where and by which digest they are kept."""

    block: Block
    first: int
    n: int
    statistics: Path
    rows: Path | None
    digest: str


class _Blocks:
    """Blocks with what plays them; only the last program is kept."""

    def __init__(self, config: Config):
        self.config = config
        self._built: tuple[Any, sweep.Players] | None = None
        self._run: tuple[Any, Callable[..., Any]] | None = None

    def players(self, block: Block) -> sweep.Players:
        of = sweep.structure(block)
        if not (self._built and self._built[0] == of):
            self._built = of, sweep.players(self.config, block)
        return self._built[1]

    def program(self, block: Block) -> Callable[..., Any]:
        playing = self.players(block)
        if not (self._run and self._run[0] is playing):
            make = sweep.recorder if block.batch.rows == "event" else sweep.program
            self._run = playing, make(playing)
        return self._run[1]

    def other(self, block: Block) -> bool:
        """Whether there is a program, and of another structure."""
        return bool(self._built and self._built[0] != sweep.structure(block))


def run(
    config: Config,
    name: str,
    layout: Layout,
    progress: Progress = lambda done, total: None,
    part: tuple[int, int] | None = None,
) -> None:
    """Make what is missing of the batch `name`, and its tables from all of it.

    Of a `part` (number, of how many) only the chunks are made.
    """
    every = _chunks(config, name, layout)
    mine = every[part[0] - 1 :: part[1]] if part else every
    missing = [chunk for chunk in mine if not _whole(chunk)]
    total = sum(chunk.n for chunk in mine)
    done = total - sum(chunk.n for chunk in missing)
    building = _Blocks(config)
    columns = _measures(config, name)
    progress(done, total)
    for chunk in missing:
        _make(config, chunk, building, columns)
        done += chunk.n
        progress(done, total)
    if part:
        write_json(layout.batch_part(name, *part), {"digest": _together(mine), "part": part[0]})
        return
    _tidy(layout.batch(name), every)
    _write_cells(config, name, layout, every, building)
    write_json(layout.batch_facts(name), _facts(config, name, every))


def _chunks(config: Config, name: str, layout: Layout) -> list[_Chunk]:
    batch = config.batch[name]
    out: list[_Chunk] = []
    here = layout.batch(name)
    codes: dict[tuple[str, ...], str] = {}
    for block in blocks(config, name):
        of = sweep.structure(block)
        code = codes.get(of) or codes.setdefault(of, plan.code_block(config, block))
        made = json.dumps([told(config, block), code, jax.default_backend()])
        for i, (first, n) in enumerate(block.chunks()):
            file = f"{block.label}/{i:06d}.parquet"
            rows = None if batch.rows == "cell" else here / f"{batch.rows}s" / file
            digest = hashlib.sha256(f"{made} {first} {n}".encode()).hexdigest()[:32]
            out.append(_Chunk(block, first, n, here / "chunks" / file, rows, digest))
    return out


def _whole(chunk: _Chunk) -> bool:
    """Whether the files of a chunk are there, undamaged, and made by the same."""
    paths = (chunk.statistics, chunk.rows) if chunk.rows else (chunk.statistics,)
    return all(_made_by(path, chunk.digest) for path in paths)


def _made_by(path: Path, digest: str) -> bool:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            if metadata(file.schema_arrow.empty_table()).get("digest") != digest:
                return False
            for group in range(file.num_row_groups):
                file.read_row_group(group)
    except (OSError, pa.ArrowInvalid):
        return False
    return True


def _measures(config: Config, name: str) -> tuple[str, ...]:
    """The measures of any task of the batch."""
    firsts: dict[str, Block] = {}
    for block in blocks(config, name):
        firsts.setdefault(block.task, block)
    found = {m for b in firsts.values() for m in sweep.players(config, b).tally.measures}
    return tuple(m for m in MEASURES if m in found)


def _bins(block: Block, measures: Sequence[str]) -> list[tuple[float, float, int] | None]:
    return [block.batch.histograms.get(m) for m in measures]


def _make(config: Config, chunk: _Chunk, building: _Blocks, columns: tuple[str, ...]) -> None:
    """Play a chunk and write its files."""
    block, facts = chunk.block, {"digest": chunk.digest}
    if building.other(block):
        # A program that is no longer needed holds memory.
        jax.clear_caches()
    playing, program = building.players(block), building.program(block)
    if block.batch.rows == "event":
        measured = _events(config, chunk, playing, program)
    else:
        most = max(n for _, n in block.chunks())
        cut = sweep.shape(most)
        given = sweep.sessions(config, block, playing, cut.numbers(chunk.first, chunk.n))
        sums = sweep.play(program, cut, given.values, sweep.keys(config, block, given))
        measured = sweep.measured(playing, [x.reshape(-1)[: chunk.n] for x in sums])
        if chunk.rows:
            known = {n: x[: chunk.n] for n, x in given.columns.items()}
            _write(chunk.rows, [with_metadata(_rows(block, known, measured, columns), facts)])
    numbers = chunk.first + np.arange(chunk.n)
    bins = _bins(block, playing.tally.measures)
    statistics = cells.cells(list(measured.values()), numbers // block.per_cell, bins)
    table = cells.to_table(statistics, chunk.first // block.per_cell)
    _write(chunk.statistics, [with_metadata(table, facts)])


def _write(path: Path, tables: "list[pa.Table] | Iterator[pa.Table]") -> None:
    """Write tables of one schema into one file, one after the other."""
    with whole(path) as aside, contextlib.ExitStack() as stack:
        writer = None
        for table in tables:
            if writer is None:
                writer = stack.enter_context(pq.ParquetWriter(aside, table.schema, **_PARQUET))
            writer.write_table(table)


def _real(x: np.ndarray) -> pa.Array:
    return pa.array(x, pa.float64(), mask=~np.isfinite(x))


def _described(block: Block, known: Mapping[str, np.ndarray], n: int) -> dict[str, pa.Array]:
    """Columns that say of which dose and which parameters something is."""
    columns = {"dose": "dose", "time": "time", "drug_dose": "drug_dose"}
    columns |= {name: column(name) for name in block.batch.parameters}
    missing = pa.nulls(n, pa.float64())
    return {c: _real(known[name]) if name in known else missing for name, c in columns.items()}


def _rows(
    block: Block,
    known: Mapping[str, np.ndarray],
    measured: Mapping[str, np.ndarray],
    columns: Sequence[str],
) -> pa.Table:
    """A row per session."""
    n = len(known["draw"])
    out = _described(block, known, n)
    out |= {name: pa.array(known[name]) for name in ("draw", "replicate")}
    missing = pa.nulls(n, pa.float64())
    return pa.table(out | {m: _real(measured[m]) if m in measured else missing for m in columns})


def _events(
    config: Config, chunk: _Chunk, playing: sweep.Players, program: Callable[..., Any]
) -> dict[str, np.ndarray]:
    """Write every event of a chunk, a few tiles at a time; the measures of its sessions."""
    block, cut = chunk.block, sweep.shape(chunk.n, tiles=1)
    found: list[dict[str, np.ndarray]] = []

    def tables() -> Iterator[pa.Table]:
        for first in range(0, chunk.n, cut.lanes):
            n = min(cut.lanes, chunk.n - first)
            numbers = cut.numbers(chunk.first + first, n)
            given = sweep.sessions(config, block, playing, numbers)
            out = sweep.play(program, cut, given.values, sweep.keys(config, block, given))
            for device in range(-(-n // cut.width)):
                lanes = min(cut.width, n - device * cut.width)
                (played, sums) = jax.tree.map(lambda x, d=device, m=lanes: x[d][..., :m], out)
                found.append(sweep.measured(playing, sums))
                at = slice(device * cut.width, device * cut.width + lanes)
                known = {name: x[at] for name, x in given.columns.items()}
                table = _long(block, playing, known, played)
                yield with_metadata(table, metadata(table) | {"digest": chunk.digest})

    assert chunk.rows is not None
    _write(chunk.rows, tables())
    return {name: np.concatenate([f[name] for f in found]) for name in found[0]}


def _long(
    block: Block, playing: sweep.Players, known: Mapping[str, np.ndarray], played: Any
) -> pa.Table:
    """A row per event, as of simulated scenarios, with what the cell is."""
    (events, extra), behind = played
    n_events, lanes = events.valid.shape
    labels = [
        Label(float(dose), str(draw), str(replicate))
        for dose, draw, replicate in zip(
            known.get("dose", np.zeros(lanes)), known["draw"], known["replicate"], strict=True
        )
    ]
    columns = {"time": "time", "drug_dose": "drug_dose"}
    columns |= {name: column(name) for name in block.batch.parameters}
    wide = lambda x: np.broadcast_to(x, (n_events, lanes))
    cell = {c: wide(known[name]) for name, c in columns.items() if name in known}
    facts = {"batch": block.name, "units": {}} | dict(zip(_PARTITIONS, _names(block), strict=True))
    sessions = Sessions(playing.task.env, events, labels)
    return to_table(sessions, extra | cell, facts, block.batch.trials, behind)


def _names(block: Block) -> tuple[str, str, str, str]:
    return block.model, block.task, block.lesion or NONE, block.schedule or NONE


def _tidy(folder: Path, every: Sequence[_Chunk]) -> None:
    """Remove what a batch of this name had in its folders and has no longer."""
    kept = {path for chunk in every for path in (chunk.statistics, chunk.rows)}
    for part in ("chunks", "sessions", "events"):
        for path in sorted((folder / part).rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path not in kept and path.suffix in (".parquet", ".part"):
                path.unlink()
        with contextlib.suppress(OSError):
            (folder / part).rmdir()


def _write_cells(
    config: Config, name: str, layout: Layout, every: Sequence[_Chunk], building: _Blocks
) -> None:
    """The table of all cells, of which no more than those of a chunk are held at once."""

    def tables() -> Iterator[pa.Table]:
        rest: Cells | None = None
        for chunk, after in zip(every, [*every[1:], None], strict=True):
            block, playing = chunk.block, building.players(chunk.block)
            measures = playing.tally.measures
            first, found = cells.from_table(_read(chunk), len(measures))
            if rest is not None:
                one = cells.part(found, slice(0, 1))
                found = cells.joined([cells.merged(rest, one), cells.part(found, slice(1, None))])
                rest = None
            # The last cell may go on in the next chunk.
            if after and after.block is block and after.first % block.per_cell:
                rest = cells.part(found, slice(-1, None))
                found = cells.part(found, slice(0, -1))
            n = len(found.n)
            if n:
                yield cells.summary(
                    found, measures, _bins(block, measures), _of(config, block, playing, first, n)
                )

    _write(layout.batch_cells(name), tables())


def _read(chunk: _Chunk) -> pa.Table:
    return pq.read_table(chunk.statistics, partitioning=None)


def _of(
    config: Config, block: Block, playing: sweep.Players, first: int, n: int
) -> dict[str, pa.Array]:
    """Columns that say which cells of a block these are."""
    # Of one shape for all chunks, since every new one is compiled.
    many = max(-(-c // block.per_cell) + 1 for _, c in block.chunks())
    numbers = (first + np.minimum(np.arange(many), n - 1)) * block.per_cell
    known = sweep.sessions(config, block, playing, numbers).columns
    known = {name: x[:n] for name, x in known.items()}
    ranged = {name for name, _ in block.drawn}
    if block.batch.pool_draws:
        known = {name: x for name, x in known.items() if name not in ranged}
    out = {p: pa.array([x] * n) for p, x in zip(_PARTITIONS, _names(block), strict=True)}
    out |= _described(block, known, n)
    single = block.batch.pool_draws or not ranged
    return out | {"draw": pa.nulls(n, pa.int64()) if single else pa.array(known["draw"])}


def _together(chunks: Sequence[_Chunk]) -> str:
    return hashlib.sha256(" ".join(c.digest for c in chunks).encode()).hexdigest()[:32]


def _facts(config: Config, name: str, every: Sequence[_Chunk]) -> dict[str, Any]:
    """What the batch is, and what made it."""
    return {
        "batch": name,
        "seed": config.seed,
        "precision": config.precision,
        **size(config, name)._asdict(),
        "rows": config.batch[name].rows,
        "digest": _together(every),
        "versions": {p: provenance.version(p) for p in provenance.BATCHES},
        "backend": jax.default_backend(),
        "described": json.loads(config.batch[name].model_dump_json()),
    }
