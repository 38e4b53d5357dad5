"""The command line, called in this process, and what it did to files, time and memory."""

import contextlib
import io
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from jaxda import cli

from .corpus import Case


class Answer(NamedTuple):
    """What a command ended with; `seconds` of a processor; `grown` is how far memory rose (MiB)."""

    status: int
    out: str
    err: str
    seconds: float
    grown: float
    strays: tuple[str, ...]


def _peak() -> float:
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _current() -> float:
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def seen(folder: Path) -> dict[str, object]:
    """Everything in a folder but what lies in its results; links are not followed."""
    out: dict[str, object] = {}
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(root, name)
            what = path.lstat()
            out[str(path.relative_to(folder))] = (what.st_mode, what.st_size, what.st_mtime_ns)
        if Path(root) == folder:
            folders[:] = [f for f in folders if f != "results"]
    return out


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def knock(case: Case, folder: Path) -> Answer:
    """Put the case into `folder` and run its command there."""
    folder.mkdir()
    case.make(folder)
    before, home = seen(folder), seen(folder.parent)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    start, memory = time.process_time(), _current()
    status = 0
    with inside(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli.main(list(case.door))
        except SystemExit as stop:
            status = int(stop.code or 0)
    seconds, grown = time.process_time() - start, _peak() - memory
    after = {**seen(folder), **{f"../{n}": v for n, v in seen(folder.parent).items()}}
    given = {**before, **{f"../{n}": v for n, v in home.items()}}
    chosen = case.door[case.door.index("-r") + 1] if "-r" in case.door else "results"
    mine = (chosen, f"../{folder.name}")
    strays = tuple(
        n
        for n in {*after, *given}
        if after.get(n) != given.get(n) and not any(n == m or n.startswith(f"{m}/") for m in mine)
    )
    return Answer(status, out.getvalue(), err.getvalue(), seconds, grown, strays)
