"""Whose turn it is in a folder, and what a run that was killed has left there.

A run (Snakemake) and a job (a command that it starts) each share a lock of the kernel for as long
as the process lives, however it ends. So a run can tell a lock file of Snakemake that nobody
holds any more from one of a run at work, and waits for jobs that outlived the run they belong to,
before it clears away what these have left.
"""

import contextlib
import fcntl
import os
import shutil
import sys
import time
from pathlib import Path


_FOLDER = Path(".snakemake")
_RUNS, _JOBS = "jaxda.runs.lock", "jaxda.jobs.lock"
# Open for as long as the process lives.
_held: dict[Path, int] = {}


def begin_job(folder: Path = _FOLDER) -> None:
    """Say that a job is at work in this folder, if a run has ever been."""
    if folder.is_dir():
        _share(folder / _JOBS)


def begin_run(results: Path, folder: Path = _FOLDER) -> None:
    """Say that a run is at work in this folder; if it is the only one, clear up after the last.

    Waits for jobs of a run that was killed: they would put their files over those of this run.
    """
    runs = folder / _RUNS
    if runs in _held:
        return
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if _alone(runs):
        locks = folder / "locks"
        stale = locks.is_dir() and any(locks.iterdir())
        if not stale or _wait(folder / _JOBS):
            shutil.rmtree(locks, ignore_errors=True)
            if _alone(folder / _JOBS):
                _clear(results)
                _no_later_than_now(results)
    _share(runs)


def _open(path: Path) -> int | None:
    # Not inherited by jobs, which hold a lock of their own.
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:
        return None


def _share(path: Path) -> None:
    file = None if path in _held else _open(path)
    if file is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_SH)
        _held[path] = file
    except OSError:
        # A file system without locks: runs are then told apart by Snakemake alone.
        os.close(file)


def _alone(path: Path) -> bool:
    """Whether no process holds the lock at this moment."""
    file = _open(path)
    if file is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(file)
    return True


def _wait(path: Path) -> bool:
    """Wait until no process holds the lock."""
    if _alone(path):
        return True
    file = _open(path)
    if file is None:
        return False
    pids = " ".join(map(str, _holders(path)))
    told = f" (to end them: kill {pids})" if pids else ""
    print(f"jaxda: waiting for jobs of a run that was killed{told}", file=sys.stderr, flush=True)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError:
        return False
    finally:
        os.close(file)
    return True


def _holders(path: Path) -> list[int]:
    """Processes that hold a lock, where the system tells them."""
    try:
        inode = f":{path.stat().st_ino}"
        lines = Path("/proc/locks").read_text().splitlines()
        return [int(words[4]) for words in map(str.split, lines) if words[5].endswith(inode)]
    except (OSError, ValueError, IndexError):
        return []


def _no_later_than_now(results: Path) -> None:
    """Date results from the future, made before the clock was set back, to this moment.

    Snakemake fails a job whose output is older than its input.
    """
    now = time.time()
    for folder, _, names in os.walk(results):
        for path in (os.path.join(folder, name) for name in names):
            with contextlib.suppress(OSError):
                if os.stat(path).st_mtime > now:
                    os.utime(path, (now, now))


def _clear(results: Path) -> None:
    """Delete half-written files, none of which has a name of its own yet."""
    for folder, _, names in os.walk(results):
        for name in names:
            if name.startswith(".") and name.endswith(".part"):
                with contextlib.suppress(OSError):
                    os.unlink(os.path.join(folder, name))
