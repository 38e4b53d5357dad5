"""Progress of long steps on standard error: a bar on a terminal, a line now and then in a log."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator


_PATIENCE = 2.0
_LINE_EVERY = 15.0


@contextlib.contextmanager
def progress(title: str, unit: str = "") -> Iterator[Callable[[int, int], None]]:
    """A callback `(done, total)` that shows itself once a step has taken two seconds.

    With a `unit` of what is counted, it tells how many are done in a second.
    """
    if not sys.stderr.isatty():
        yield _lines(title, unit)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        rate = _Rate()

        def update(done: int, total: int) -> None:
            told = f" ({rate(done):.3g} {unit}/s)" if unit and rate(done) else ""
            bar.update(task, completed=done, total=total, description=title + told)

        yield update


class _Rate:
    """How many are done in a second, not counting those that were done at first."""

    def __init__(self) -> None:
        self.begun, self.first = time.monotonic(), -1

    def __call__(self, done: int) -> float:
        if self.first < 0:
            self.begun, self.first = time.monotonic(), done
        passed = time.monotonic() - self.begun
        return (done - self.first) / passed if passed > 0 else 0.0


def _lines(title: str, unit: str) -> Callable[[int, int], None]:
    begun = time.monotonic()
    shown, rate = begun + _PATIENCE - _LINE_EVERY, _Rate()

    def show(done: int, total: int) -> None:
        nonlocal shown
        now, speed = time.monotonic(), rate(done)
        if now - shown >= _LINE_EVERY:
            shown = now
            told = f"{title}: {done}/{total} after {now - begun:.0f} s"
            if speed:
                each = f"{speed:.3g} {unit}/s, " if unit else ""
                told += f", {each}{(total - done) / speed:.0f} s left"
            print(told, file=sys.stderr, flush=True)

    return show
