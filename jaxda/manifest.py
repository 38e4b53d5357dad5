"""What made every result, and whether it still is what was made.

Each command puts a record beside what it writes (`Layout.record`): the SHA-256 of the file, the
rule, digests of its part of the experiment, of the source and of what was read, and versions. A
record says `unfinished` from the start of a job until its file is whole, so a job that was killed
leaves nothing that looks like an edit. The manifest holds all records as they are at the end of a
run; where a record is missing, `verify` goes by it.
"""

import functools
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from . import catalog, plan
from .clinic import INDIVIDUALS
from .clinic.table import Condition, dump
from .config import Config
from .data import files
from .data._plain import checksum
from .errors import InputError, Problem
from .layout import DATA, Layout


class Job(NamedTuple):
    """What a file depends on: its part of the experiment, its source, and what is read."""

    rule: str
    spec: str
    code: str
    reads: tuple[Path, ...] = ()


Jobs = Mapping[Path, Callable[[], Job]]
Record = dict[str, Any]

_UNFINISHED: Record = {"unfinished": True}
# Beside results lie logs, times and these records; what a job left, and blocks until they are
# joined, pass.
_PASSING = re.compile(r"(.*/)?\.[^/]*\.part|.*/fits/[^/]+/\d+-of-\d+\.parquet")
_BESIDE = re.compile(
    r"(logs|benchmarks|records|batch/[^/]+/(chunks|sessions|events|parts))/.*|manifest\.json|(.*/)?\.[^/]*(?<!\.part)"
)


def jobs(config: Config, layout: Layout) -> Jobs:
    """How every file can come about that the experiment asks for."""
    out: dict[Path, Callable[[], Job]] = {}

    def add(paths: Iterable[Path], make: Callable[..., Job], *args: Any) -> None:
        out.update(dict.fromkeys(paths, functools.partial(make, config, layout, *args)))

    for name in config.datasets:
        add([layout.sessions(name, DATA)], _read, name)
    for name in config.scenarios:
        for source in plan.sources(config, name):
            made = [layout.sessions(name, source), layout.truth(name, source)]
            add(made, _simulate, name, source)
    for name in plan.fitted(config):
        for source in plan.sources(config, name):
            for model in plan.candidates(config, name):
                add([layout.fits(name, source, model)], _fit, name, source, model)
        summaries = (layout.summary(name, k) for k in ("comparison", "confusion", "recovery"))
        add(summaries, _compare, name)
    for name in plan.dosed(config):
        for source in plan.sources(config, name):
            add([layout.dose(name, source)], _dose, name, source)
    for run in plan.analysed(config):
        add(plan.analysis_outputs(layout, run), _analysis, run)
    for name in plan.gallery(config):
        add(_pictures(layout, name), _landmark, name)
    for name in plan.conditions(config):
        add([layout.condition(name)], _condition_of, name)
    for name in config.figures:
        add([layout.figure(name, s) for s in ("svg", "png", "json")], _figure, name)
    told = tuple(path for path in out if path.suffix in (".parquet", ".json", ".svg"))
    add([layout.report], _page, tuple(p for p in told if p.stem not in ("sessions", "truth")))
    seen = tuple(p for p in told if p.parent == layout.landmark("any", "json").parent)
    add([layout.gallery], _page, seen)
    held = tuple(layout.condition(name) for name in plan.conditions(config))
    add([layout.clinic, layout.conditions], _page, held)
    add([layout.verdict], _page, (*held, layout.clinic))
    for name in config.batch:
        add([layout.batch_cells(name), layout.batch_facts(name)], _batch, name)
    add([layout.provenance], _provenance)
    return out


def landmark_jobs(layout: Layout, name: str) -> Jobs:
    """How the files of a landmark come about, of whatever experiment."""
    return dict.fromkeys(_pictures(layout, name), functools.partial(_landmark, None, layout, name))


def condition_jobs(layout: Layout, name: str, row: Condition, individuals: int) -> Jobs:
    """How the file of a condition comes about, of whatever experiment."""
    return {layout.condition(name): functools.partial(_condition, name, row, individuals)}


def _pictures(layout: Layout, name: str) -> list[Path]:
    suffixes = ("svg", "png", "json") if plan.pictured([name]) else ("json",)
    return [layout.landmark(name, s) for s in suffixes]


def _read(config: Config, layout: Layout, name: str) -> Job:
    path = Path(config.datasets[name].path)
    return Job("read", plan.spec_read(config, name), plan.code_read(), (path,))


def _simulate(config: Config, layout: Layout, name: str, source: str) -> Job:
    spec = plan.spec_simulate(config, name, source)
    return Job("simulate", spec, plan.code_simulate(config, name, source))


def _sessions(layout: Layout, name: str, source: str) -> tuple[Path, ...]:
    sessions = layout.sessions(name, source)
    return (sessions,) if source == DATA else (sessions, layout.truth(name, source))


def _fit(config: Config, layout: Layout, name: str, source: str, model: str) -> Job:
    spec = plan.spec_fit(config, name, source, model)
    return Job("fit", spec, plan.code_fit(config, model), _sessions(layout, name, source))


def _dose(config: Config, layout: Layout, name: str, source: str) -> Job:
    spec, code = plan.spec_dose(config, name, source), plan.code_dose(config, name, source)
    return Job("dose", spec, code, _sessions(layout, name, source))


def _compare(config: Config, layout: Layout, name: str) -> Job:
    fits = [
        layout.fits(name, source, model)
        for source in plan.sources(config, name)
        for model in plan.candidates(config, name)
    ]
    return Job("compare", plan.spec_compare(config, name), plan.code_compare(), tuple(fits))


def _analysis(config: Config, layout: Layout, run: plan.Analysed) -> Job:
    spec, code = plan.spec_analysis(config, run), plan.code_analysis(config, run)
    read = plan.analysis_inputs(config, layout, run)
    return Job(f"analysis_{run.name}", spec, code, tuple(read))


def _landmark(config: Config | None, layout: Layout, name: str) -> Job:
    return Job("landmark", "", plan.code_landmark(name))


def _condition_of(config: Config, layout: Layout, name: str) -> Job:
    return _condition(name, plan.conditions(config)[name], INDIVIDUALS)


def _condition(name: str, row: Condition, individuals: int) -> Job:
    spec = f"{dump(name, row)}, {individuals} individuals"
    return Job("condition", spec, plan.code_condition(row))


def _figure(config: Config, layout: Layout, name: str) -> Job:
    spec, code = plan.spec_figure(config, name), plan.code_figure(config, name)
    return Job("figure", spec, code, tuple(plan.figure_inputs(config, layout, name)))


def _batch(config: Config, layout: Layout, name: str) -> Job:
    return Job("batch", plan.spec_batch(config, name), plan.code_batch(config, name))


def _page(config: Config, layout: Layout, read: tuple[Path, ...]) -> Job:
    return Job("page", plan.spec_report(config), plan.code_report(), read)


def _provenance(config: Config, layout: Layout) -> Job:
    return Job("provenance", plan.spec_report(config), plan.code_provenance())


# Writing


def keep(layout: Layout, known: Jobs, outputs: Iterable[Path]) -> None:
    """Record what this process writes from here on, of which `outputs` are to come.

    Raises:
        InputError: if what their jobs read is not what was made; it is then out of the way.
    """
    outputs, read = tuple(outputs), dict[Path, str]()
    # Every look at a job reads its source, and several files are made by one.
    job_of = functools.cache(lambda make: make())
    jobs = {job_of(known[path]) for path in outputs if path in known}
    _refuse_edited(layout, {path for job in jobs for path in job.reads}, read)

    def told(path: Path, digest: str | None) -> None:
        if path not in known:
            return
        made = _UNFINISHED
        if digest:
            job = job_of(known[path])
            _date(path, job.reads)
            made = _record(job, digest, read)
        files.write_json(layout.record(path), made)

    for path in outputs:
        # Snakemake deletes what a job is to make; by hand, an older file stays what it is.
        if not path.is_file():
            told(path, None)
    files.tell(told)


def _date(path: Path, reads: Iterable[Path]) -> None:
    """Date a file no earlier than what it was made from, though the clock was set back.

    Snakemake fails a job whose output is older than its input.
    """
    newest = max((read.stat().st_mtime_ns for read in reads if read.is_file()), default=0)
    if path.stat().st_mtime_ns < newest:
        os.utime(path, ns=(newest, newest))


def _refuse_edited(layout: Layout, paths: Iterable[Path], sums: dict[Path, str]) -> None:
    """Refuse results that are not what was written, and move them where nothing reads them."""
    found = []
    for path in sorted(paths):
        if not (os.path.isfile(path) and path.is_relative_to(layout.root)):
            continue
        record = layout.record(path)
        made = read_json(record).get("sha256") if record.is_file() else None
        if made and _sum(path, sums) != made:
            aside = layout.edited(path)
            aside.parent.mkdir(parents=True, exist_ok=True)
            path.replace(aside)
            told = f"damaged or edited since it was made, and now {aside}"
            found.append(Problem(str(path), told, "run again to make it anew"))
    if found:
        raise InputError(found)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _record(job: Job, digest: str, known: dict[Path, str]) -> Record:
    code, _, environment = job.code.partition(" ")
    return {
        "sha256": digest,
        "rule": job.rule,
        "spec": _digest(job.spec),
        "code": code,
        "environment": environment,
        "reads": _digest("".join(_sum(path, known) for path in job.reads)),
    }


def _sum(path: Path, known: dict[Path, str]) -> str:
    if path not in known:
        known[path] = checksum(path) if path.is_file() else "none"
    return known[path]


def write(config: Config, layout: Layout) -> None:
    """Write the manifest: every result, by its path, with its record.

    What the experiment asks for and another program made has its checksum alone.

    Raises:
        InputError: if a result is not what was made; it is then out of the way.
    """
    out = dict(_records(layout))
    _refuse_edited(layout, (layout.root / name for name in out), {})
    for path in jobs(config, layout):
        name = path.relative_to(layout.root).as_posix()
        if name not in out and path.is_file():
            out[name] = {"sha256": checksum(path)}
    made = {
        name: record
        for name, record in out.items()
        if "sha256" in record and (layout.root / name).is_file()
    }
    files.write_json(layout.manifest, {"results": made})
    _date(layout.manifest, (layout.root / name for name in made))


def _records(layout: Layout) -> Iterator[tuple[str, Record]]:
    root = layout.record(layout.root / "any").parent
    for path in sorted(root.rglob("*.json")):
        yield path.relative_to(root).as_posix().removesuffix(".json"), read_json(path)


def read_json(path: Path) -> Record:
    """What `files.write_json` wrote.

    Raises:
        InputError: if it is damaged.
    """
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        told = f"cannot be read ({error})"
        raise InputError([Problem(str(path), told, "delete it and run again")]) from None
    if not isinstance(read, dict):
        raise InputError([Problem(str(path), "no record", "delete it and run again")])
    return read


# Reading


class Verdict(NamedTuple):
    """What is to be said of a file: `intact`, or one of the words of `WRONG` or `PENDING`."""

    path: str
    word: str
    why: str = ""


WRONG = ("edited", "missing", "stale", "unknown")
# Of a run that was broken off, or is still on its way.
PENDING = ("unfinished",)


def verify(config: Config, layout: Layout) -> list[Verdict]:
    """Hold every file under a results folder against its record, and that against `config`.

    Raises:
        InputError: if nothing there was made by jaxda, or a record is damaged.
    """
    records = dict(_records(layout))
    listed = read_json(layout.manifest) if layout.manifest.is_file() else {}
    manifest = listed.get("results", {})
    if not records and not manifest:
        right = "a results folder of a run, such as results"
        raise InputError([Problem(str(layout.root), "no record of any result", right)])
    wanted = {p.relative_to(layout.root).as_posix(): job for p, job in jobs(config, layout).items()}
    wanted |= _aside(layout, {*records, *manifest} - wanted.keys())
    sums: dict[Path, str] = {}
    there = {p.relative_to(layout.root).as_posix() for p in layout.root.rglob("*") if p.is_file()}
    names = {n for n in there if not _BESIDE.fullmatch(n)} | records.keys() | manifest.keys()
    out = []
    for name in sorted(n for n in names if n in there or n in wanted):
        record = records.get(name, manifest.get(name))
        word, why = _judge(layout.root / name, name in there, record, wanted.get(name), sums)
        out.append(Verdict(name, word, why))
    return out


def _aside(layout: Layout, names: Iterable[str]) -> dict[str, Callable[[], Job]]:
    """Landmarks beside those of the experiment: they depend on no configuration."""
    out: dict[str, Callable[[], Job]] = {}
    for name in names:
        folder, _, file = name.rpartition("/")
        landmark = file.rpartition(".")[0]
        if folder == "gallery" and landmark in catalog.names("landmarks"):
            out[name] = functools.partial(_landmark, None, layout, landmark)
    return out


def _judge(
    path: Path,
    there: bool,
    record: Record | None,
    make: Callable[[], Job] | None,
    sums: dict[Path, str],
) -> tuple[str, str]:
    if record is None:
        if _PASSING.fullmatch(path.as_posix()):
            return "unfinished", "left by a job; the next run clears it away"
        return "unknown", "made by no job of this experiment"
    if "sha256" not in record:
        return "unfinished", "its job was broken off; the next run makes it"
    if not there:
        return "missing", "the next run makes it"
    if _sum(path, sums) != record["sha256"]:
        return "edited", "not what was written; delete it and run again, or keep it elsewhere"
    if "rule" not in record:
        return "intact", "made elsewhere"
    if make is None:
        return "stale", "the experiment does not ask for it any more"
    now = _record(make(), record["sha256"], sums)
    told = {
        "spec": "another configuration",
        "code": "other source",
        "environment": f"other packages: {_changed(record['environment'], now['environment'])}",
        "reads": "what it was made from has changed",
    }
    if not all(read.is_file() for read in make().reads):
        del told["reads"]
    why = [text for key, text in told.items() if record.get(key) != now[key]]
    return ("stale", "; ".join(why)) if why else ("intact", record["rule"])


def _changed(then: str, now: str) -> str:
    old, new = re.split("[,;] ", then), re.split("[,;] ", now)
    told = lambda some, others: ", ".join(p for p in some if p not in others) or "none"
    return f"{told(old, new)} → {told(new, old)}"
