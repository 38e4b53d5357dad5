"""Writing files so that a name always stands for a whole file."""

import contextlib
import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import InputError, Problem
from ._plain import checksum


# The same table always gives the same bytes.
PARQUET = {"compression": "zstd", "version": "2.6"}
# What a device refuses, and nobody's program can help.
_REFUSED = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
_told: Callable[[Path, str | None], None] | None = None


def tell(told: Callable[[Path, str | None], None] | None) -> None:
    """Have `told` know of every file: None before it takes its name, its SHA-256 afterwards."""
    global _told
    _told = told


@contextlib.contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its name when the block ends well.

    Raises:
        InputError: if no file can be put there, or the disk is full.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        found, right = f"cannot be written ({error.strerror})", "a folder for new files"
        raise InputError([Problem(str(path), found, right)]) from None
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        with open(aside, "rb") as f:
            os.fsync(f.fileno())
        os.chmod(aside, 0o644)
        if _told is None:
            os.replace(aside, path)
        else:
            digest = checksum(aside)
            _told(path, None)
            os.replace(aside, path)
            _told(path, digest)
    except OSError as error:
        if error.errno not in _REFUSED:
            raise
        found = f"cannot be written ({os.strerror(error.errno)})"
        raise InputError([Problem(str(path), found, "room for it; then run again")]) from None
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8."""
    with whole(path) as aside:
        aside.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` with sorted keys."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")


def write_table(path: str | Path, table: pa.Table) -> None:
    """Write a Parquet file; the same table always gives the same bytes."""
    with whole(path) as aside:
        pq.write_table(table, aside, **PARQUET)


def read_table(path: str | Path) -> pa.Table:
    """Read a Parquet file.

    Raises:
        InputError: if it is missing or damaged.
    """
    with _readable(path):
        return pq.read_table(path)


def read_head(path: str | Path, rows: int) -> tuple[pa.Table, int]:
    """The first `rows` of a Parquet file, and how many it has.

    Raises:
        InputError: if it is missing or damaged.
    """
    with _readable(path), pq.ParquetFile(path) as file:
        head = next(file.iter_batches(rows), None)
        table = pa.Table.from_batches([head] if head else [], file.schema_arrow)
        return table, file.metadata.num_rows


@contextlib.contextmanager
def _readable(path: str | Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise InputError(
            [Problem(str(path), "no such file", "run the step that makes it")]
        ) from None
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            [
                Problem(
                    str(path), f"not a readable Parquet file ({error})", "delete it and run again"
                )
            ]
        ) from None


def metadata(table: pa.Table) -> dict[str, Any]:
    """What `with_metadata` put into the schema of `table`."""
    return json.loads((table.schema.metadata or {}).get(b"jaxda", b"{}"))


def with_metadata(table: pa.Table, facts: dict[str, Any]) -> pa.Table:
    """`table` with `facts` in its schema."""
    return table.replace_schema_metadata({"jaxda": json.dumps(facts, sort_keys=True)})
