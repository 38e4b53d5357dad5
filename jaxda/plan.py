"""What the workflow has to make, and what each job depends on.

Read while Snakemake parses: no JAX, no tables. A job is told its part of the experiment as
one JSON text (`spec_*`), so it reruns when that part changes and not when another does; the
source files behind a job enter as a digest, with the versions of the packages that they use and
what the lock says of these (`code_*`).
"""

import functools
import json
import os
import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from . import _marked, catalog, provenance
from .batch.design import Block
from .batch.design import blocks as blocks_of_batch
from .clinic.table import TABLE as CONDITIONS
from .clinic.table import Condition, Table, dump
from .clinic.table import load as read_conditions
from .config import CORE, Config, Fit, code_of, code_of_scenario, draft, fingerprint
from .data._plain import checksum
from .layout import DATA, Layout


# No argument on Linux is longer than 128 KiB, and a job is one with more than the experiment.
_MOST = 120_000
# What turns agents and tasks into tables, whatever they are.
_STAGE = (
    "stages.py",
    "plan.py",
    "analyses/_base.py",
    "platform.py",
    "devices.py",
    "catalog.py",
    "data/sessions.py",
    "data/blocks.py",
    "data/files.py",
)
_FIT = (
    "fit/coordinates.py",
    "fit/objective.py",
    "fit/penalties.py",
    "fit/minimise.py",
    "fit/scoring.py",
    "fit/slots.py",
    "fit/information.py",
    "fit/forward.py",
    "fit/evidence.py",
    "fit/honesty.py",
    "fit/profile.py",
    "fit/estimate.py",
    "fit/identifiability.py",
)


def experiment(values: Mapping[str, Any], files: Iterable[str | Path]) -> Config:
    """The checked experiment that Snakemake has read as `values` from `files`.

    Where the files alone say the same, problems are told by their lines; otherwise (values
    from the command line, or from the workflow that uses this one as a module) by their keys.

    Raises:
        InputError: with everything that is wrong.
    """
    read = read_from(values, files)
    config, report = draft(*read) if read else draft(overrides=values)
    if not report.found:
        check_length(config, report)
    if report.found:
        _marked.fail(report.found)
    return config


def check_length(config: Config, report: _marked.Report) -> None:
    """Report an experiment that is too long to be told to a job."""
    length = lambda part: len(shlex.quote(part.model_dump_json()).encode())
    if length(config) <= _MOST:
        return
    parts: dict[tuple[str, ...], int] = {
        (section, name): length(part)
        for section in ("models", "scenarios", "datasets", "batch")
        for name, part in getattr(config, section).items()
    }
    parts["title",] = len(config.title.encode())
    loc = max(parts, key=lambda loc: parts[loc])
    found = f"the longest part of an experiment of {length(config):,} bytes"
    report(loc, found, f"at most {_MOST:,} bytes in all, as jobs are told them as one argument")


def read_from(values: Mapping[str, Any], files: Iterable[str | Path]) -> list[str]:
    """`files` as seen from here, if nothing but them says what is in `values`; else none."""
    read = [os.path.relpath(f) for f in files]
    try:
        same = read and _plain(*read) == _spelt(values)
    except ValueError:
        return []
    return read if same else []


def _spelt(data: Any) -> Any:
    """`data` as JSON has it.

    Raises:
        ValueError: if JSON does not have it, or it is larger than an experiment may be.
    """
    if not _marked.bounded(data):
        raise ValueError
    try:
        return json.loads(json.dumps(data, default=str))
    except TypeError:
        raise ValueError from None


def _plain(*files: str) -> dict[str, Any] | None:
    merged: dict[str, Any] = {}
    try:
        for file in files:
            read = yaml.safe_load(Path(file).read_text(encoding="utf-8-sig"))
            merged = _merged(merged, _spelt(read))
    except (OSError, ValueError, AttributeError, yaml.YAMLError):
        return None
    return merged


def _merged(old: Any, new: Any) -> Any:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return old | {k: _merged(old[k], v) if k in old else v for k, v in new.items()}


def scenarios(config: Config) -> tuple[str, ...]:
    """Names of all scenarios and datasets."""
    return (*config.scenarios, *config.datasets)


def sources(config: Config, name: str) -> tuple[str, ...]:
    """What generated the sessions of a scenario; `data` for a dataset."""
    return (DATA,) if name in config.datasets else tuple(config.scenarios[name].sources)


def candidates(config: Config, name: str) -> tuple[str, ...]:
    """Variants fitted to a scenario or dataset."""
    part = config.datasets if name in config.datasets else config.scenarios
    return tuple(part[name].candidates)


def fitted(config: Config) -> tuple[str, ...]:
    """Scenarios and datasets that have candidates."""
    return tuple(name for name in scenarios(config) if candidates(config, name))


def unit_of(config: Config, name: str) -> str:
    """Who has parameters of their own in a scenario or dataset: `subject` or `session`."""
    return config.datasets[name].unit if name in config.datasets else "subject"


def blocks(config: Config, name: str) -> int:
    """How many jobs share a fit: no more than there are units, where their number is known."""
    if name in config.datasets:
        return config.fit.blocks
    scenario = config.scenarios[name]
    return min(config.fit.blocks, scenario.subjects * len(scenario.doses))


def block_files(
    config: Config, layout: Layout, scenario: str, source: str, model: str
) -> list[Path]:
    """The estimates of all blocks of a fit; none, if it is not shared."""
    n = blocks(config, scenario)
    return [layout.block(scenario, source, model, i + 1, n) for i in range(n) if n > 1]


def memory(mebibytes: int) -> Callable[[Any, int], int]:
    """What a job may take in MiB: twice as much whenever it is tried again."""
    return lambda wildcards, attempt: mebibytes * 2 ** (attempt - 1)


def _undivided(config: Config) -> Fit:
    """How candidates are fitted, whoever shares the work."""
    return config.fit.model_copy(update={"blocks": 1})


def dosed(config: Config) -> tuple[str, ...]:
    """Scenarios whose dose is to be recovered."""
    return tuple(name for name, s in config.scenarios.items() if s.recover_dose)


class Analysed(NamedTuple):
    """One run of an analysis; `model` is empty where all candidates are analysed together."""

    name: str
    scenario: str
    source: str
    model: str

    @property
    def label(self) -> str:
        """What tells it from other runs of the same analysis."""
        return ".".join(filter(None, self[1:]))


def together(name: str) -> bool:
    """Whether an analysis takes all candidates of a source at once."""
    return bool(catalog.describe("analyses", name).facts.get("together", False))


def analysed(config: Config, name: str | None = None) -> tuple[Analysed, ...]:
    """Every run of an analysis, or of all."""
    return tuple(
        Analysed(each, scenario, source, model)
        for each in ([name] if name else config.analyses)
        for scenario in config.analyses[each].of
        for source in sources(config, scenario)
        for model in ([""] if together(each) else candidates(config, scenario))
    )


def every_run(name: str) -> Analysed:
    """All runs of an analysis, with wildcards of Snakemake in place of names."""
    return Analysed(name, "{scenario}", "{source}", "" if together(name) else "{model}")


def run_of(name: str, wildcards: Any) -> Analysed:
    """The run that the wildcards of a rule speak of."""
    model = "" if together(name) else wildcards.model
    return Analysed(name, wildcards.scenario, wildcards.source, model)


def analysis_outputs(layout: Layout, run: Analysed) -> list[Path]:
    """The tables of one run, and its sentences."""
    tables = catalog.describe("analyses", run.name).facts["tables"]
    return [*(layout.analysis(*run, table) for table in tables), layout.findings(*run)]


def analysis_inputs(config: Config, layout: Layout, run: Analysed) -> list[Path]:
    """The tables that one run reads."""
    reads = catalog.describe("analyses", run.name).facts.get("reads", ("fits",))
    out = [layout.sessions(run.scenario, run.source)]
    if "truth" in reads and run.source != DATA:
        out.append(layout.truth(run.scenario, run.source))
    models = [run.model] if run.model else candidates(config, run.scenario)
    if "fits" in reads:
        out += [layout.fits(run.scenario, run.source, m) for m in models]
    return out


def spec_analysis(config: Config, run: Analysed) -> str:
    """What one run of an analysis depends on."""
    models = (run.model,) if run.model else candidates(config, run.scenario)
    part = config.analyses[run.name].model_copy(update={"of": (run.scenario,)})
    alone: dict[str, Any] = {"candidates": models}
    if run.scenario in config.scenarios:
        alone |= {"sources": (run.source,), "recover_dose": False}
    return _part(
        config.model_copy(update={"analyses": {run.name: part}}),
        run.scenario,
        (*models, run.source),
        keep=("analyses",),
        **alone,
    )


def code_analysis(config: Config, run: Analysed) -> str:
    """Digest of the source behind one run of an analysis."""
    models = (run.model,) if run.model else candidates(config, run.scenario)
    own = {f"analyses/{run.name}.py", "analyses/_*.py", "fit/*.py", "data/*.py", "wording.py"}
    own = own.union(_fit_code(config), *(code_of(config, m) for m in models))
    if run.scenario in config.scenarios:
        scenario = config.scenarios[run.scenario].model_copy(update={"sources": (run.source,)})
        one = config.model_copy(update={"scenarios": {run.scenario: scenario}})
        own |= set(code_of_scenario(one, run.scenario))
    return _shared_code(provenance.ANALYSES, *sorted(own))


def _block_code(config: Config, block: Block) -> tuple[str, ...]:
    lesions = {block.lesion, *block.batch.background, block.given.drug if block.given else ""}
    own = {f"lesions/{name}.py" for name in lesions if name}
    own |= {f"tasks/{block.batch.tasks[block.task].name}.py", "tasks/_*.py", "dopamine/*.py"}
    read = ("batch/*.py", "devices.py", "platform.py", "catalog.py", "data/sessions.py")
    return tuple(sorted(own.union(read, ("data/files.py",), code_of(config, block.model))))


def code_block(config: Config, block: Block) -> str:
    """Digest of the source behind the sessions of one block of a batch."""
    return _shared_code(provenance.BATCHES, *_block_code(config, block))


def code_batch(config: Config, name: str) -> str:
    """Digest of the source behind a batch."""
    different = dict.fromkeys(_block_code(config, b) for b in blocks_of_batch(config, name))
    digests = "-".join(_once(fingerprint, patterns) for patterns in different)
    return f"{digests} {provenance.environment(provenance.BATCHES)}"


def spec_batch(config: Config, name: str) -> str:
    """What a batch depends on."""
    batch = config.batch[name]
    models = {m: config.models[m] for m in batch.models}
    return _only(config, fit=Fit(), models=models, batch={name: batch})


def batch_outputs(config: Config, layout: Layout) -> list[Path]:
    """What the report reads of every batch."""
    each = (layout.batch_facts, layout.batch_cells)
    return [path(name) for name in config.batch for path in each]


def batch_parts(config: Config, layout: Layout, name: str) -> list[Path]:
    """What says that the parts of a batch are there; nothing, if it is one job."""
    n = config.batch[name].jobs
    return [layout.batch_part(name, i + 1, n) for i in range(n) if n > 1]


def gallery(config: Config) -> tuple[str, ...]:
    """Landmarks that are measured."""
    return catalog.names("landmarks") if "all" in config.gallery else tuple(config.gallery)


def pictured(names: Iterable[str]) -> tuple[str, ...]:
    """Those landmarks of `names` that are also drawn."""
    drawn = lambda n: catalog.describe("landmarks", n).facts.get("pictured", True)
    return tuple(n for n in names if drawn(n))


_table = functools.cache(read_conditions)


def conditions(config: Config) -> Table:
    """Conditions that are held against their controls, by name."""
    if not config.clinic:
        return {}
    table = _table(config.conditions or CONDITIONS)
    wanted = table if "all" in config.clinic else config.clinic
    return {name: row for name, row in table.items() if name in wanted}


def _part(
    config: Config,
    name: str,
    variants: Iterable[str],
    keep: tuple[str, ...] = (),
    **changes: object,
) -> str:
    """The experiment cut down to one scenario or dataset and some variants."""
    kind = "datasets" if name in config.datasets else "scenarios"
    part: dict[str, object] = {key: getattr(config, key) for key in keep}
    part[kind] = {name: getattr(config, kind)[name].model_copy(update=changes)}
    part["models"] = {v: config.models[v] for v in variants if v in config.models}
    return _only(config, fit=_undivided(config), **part)


def _only(config: Config, **parts: object) -> str:
    """Seed, precision, models and fits of an experiment, and of the rest these `parts` alone."""
    nothing: dict[str, object] = {"title": "", "gallery": (), "clinic": (), "conditions": None}
    nothing |= {key: {} for key in ("scenarios", "datasets", "figures", "analyses", "batch")}
    return config.model_copy(update=nothing | parts).model_dump_json()


def spec_simulate(config: Config, name: str, source: str) -> str:
    """What the sessions of `source` in scenario `name` depend on."""
    bare = config.model_copy(update={"fit": type(config.fit)()})
    return _part(bare, name, (source,), sources=(source,), candidates=(), recover_dose=False)


def spec_read(config: Config, name: str) -> str:
    """What reading a dataset depends on."""
    bare = config.model_copy(update={"fit": type(config.fit)(), "seed": 0})
    return _part(bare, name, (), candidates=())


def spec_fit(config: Config, name: str, source: str, candidate: str) -> str:
    """What the fit of one candidate depends on."""
    if name in config.datasets:
        return _part(config, name, (candidate,), candidates=(candidate,))
    chosen: dict[str, Any] = {
        "sources": (source,),
        "candidates": (candidate,),
        "recover_dose": False,
    }
    return _part(config, name, (source, candidate), **chosen)


def spec_dose(config: Config, name: str, source: str) -> str:
    """What the fit of the dose depends on."""
    return _part(config, name, (source,), sources=(source,), candidates=())


def spec_compare(config: Config, name: str) -> str:
    """What the comparison within a scenario or dataset depends on."""
    bare = config.model_copy(update={"fit": type(config.fit)(), "seed": 0})
    return _part(bare, name, (*sources(config, name), *candidates(config, name)))


def _fit_code(config: Config) -> tuple[str, ...]:
    return (*_STAGE, *_FIT, "fit/solvers/_*.py", f"fit/solvers/{config.fit.solver}.py")


def _code(packages: tuple[str, ...], *patterns: str) -> str:
    return f"{fingerprint(*patterns)} {provenance.environment(packages)}"


def _shared_code(packages: tuple[str, ...], *patterns: str) -> str:
    """The same, looked up once for all jobs that share it."""
    return f"{_once(fingerprint, patterns)} {provenance.environment(packages)}"


@functools.cache
def _once(digest: Callable[..., str], patterns: tuple[str, ...]) -> str:
    """A digest that many jobs ask for; it stands as it was when the plan was made."""
    return digest(*patterns)


def code_simulate(config: Config, name: str, source: str) -> str:
    """Digest of the source behind simulated sessions."""
    scenario = config.scenarios[name].model_copy(update={"sources": (source,)})
    alone = config.model_copy(update={"scenarios": {name: scenario}})
    return _shared_code(provenance.NUMBERS, *_STAGE, *code_of_scenario(alone, name))


def content_of(config: Config, name: str) -> str:
    """The checksum of a dataset's table, which says more than its date; empty without one."""
    path = config.datasets[name].path
    return checksum(path) if os.path.isfile(path) else ""


def code_read() -> str:
    """Digest of the source that reads a lab's own table."""
    return _code(provenance.TABLES, "data/*.py", "errors.py")


def code_fit(config: Config, candidate: str) -> str:
    """Digest of the source behind a fit."""
    return _shared_code(provenance.FITS, *_fit_code(config), *code_of(config, candidate))


def code_dose(config: Config, name: str, source: str) -> str:
    """Digest of the source behind a fit of the dose."""
    lesions = (f"lesions/{lesion}.py" for lesion in config.scenarios[name].lesions)
    own = (*lesions, "dopamine/*.py", *code_of(config, source))
    return _shared_code(provenance.FITS, *_fit_code(config), *own)


def code_compare() -> str:
    """Digest of the source behind comparison and recovery."""
    own = ("fit/comparison.py", "fit/recovery.py", "data/files.py")
    return _code(provenance.TABLES, *own)


def code_figure(config: Config, figure: str) -> str:
    """Digest of the source behind a figure, and of the cards that its caption quotes."""
    shown = config.figures[figure]
    names = [v for n in shown for v in (*sources(config, n), *candidates(config, n))]
    parts = [config.scenarios[n] for n in shown if n in config.scenarios]
    cards = [f"tasks/{s.task.name}.py" for s in parts]
    cards += [f"lesions/{lesion}.py" for s in parts for lesion in s.lesions]
    cards += [f"models/{config.models[v].model}.py" for v in names if v in config.models]
    read = ("data/choices.py", "data/files.py", "catalog.py")
    own = ("figures/_*.py", f"figures/{figure}.py", *read)
    return _code(provenance.PICTURES, *own, *cards)


def code_landmark(name: str) -> str:
    """Digest of the source behind a measured and drawn landmark."""
    models = (f"models/{m}.py" for m in catalog.describe("landmarks", name).facts["models"])
    folders = (
        "tasks",
        "theory",
        "habits",
        "dopamine",
        "assays",
        "lesions",
        "fit",
        "fit/solvers",
    )
    shared = ("landmarks/_*.py", *(f"{folder}/*.py" for folder in folders))
    drawn = ("figures/_*.py", "data/files.py", "platform.py", "devices.py", "catalog.py")
    own = (f"landmarks/{name}.py", *CORE, *models, *shared, *drawn)
    return _code(provenance.MEASURED, *own)


def spec_condition(config: Config, name: str) -> str:
    """The row that a condition's measurement depends on."""
    return dump(name, conditions(config)[name])


def code_condition(condition: Condition) -> str:
    """Digest of the source behind the measurement of a condition."""
    assays = {c.assay for c in condition.compare}
    models = {m for a in assays for m in catalog.describe("assays", a).facts.get("models", ())}
    own = [f"assays/{a}.py" for a in sorted(assays)] + [f"models/{m}.py" for m in sorted(models)]
    shared = (
        "assays/_*.py",
        "clinic/*.py",
        "lesions/*.py",
        "tasks/*.py",
        "dopamine/*.py",
    )
    read = ("data/files.py", "platform.py", "catalog.py")
    return _code(provenance.FITS, *CORE, *own, *shared, *read)


def figure_inputs(config: Config, layout: Layout, figure: str) -> list[Path]:
    """The tables that a figure reads."""
    out: list[Path] = []
    for kind in catalog.describe("figures", figure).facts["reads"]:
        for name in config.figures[figure]:
            if "." in kind:
                analysis, table = kind.split(".")
                runs = [r for r in analysed(config, analysis) if r.scenario == name]
                out += [layout.analysis(*r, table) for r in runs]
                continue
            if kind in ("comparison", "confusion", "recovery"):
                out.append(layout.summary(name, kind))
                continue
            for source in sources(config, name):
                if kind == "fits":
                    out += [layout.fits(name, source, c) for c in candidates(config, name)]
                elif not (kind in ("truth", "dose") and source == DATA):
                    out.append(getattr(layout, kind)(name, source))
    return out


def spec_figure(config: Config, figure: str) -> str:
    """What a figure depends on: its scenarios and datasets, without the settings of fits."""
    shown = config.figures[figure]
    used = [v for name in shown for v in (*sources(config, name), *candidates(config, name))]
    reads = catalog.describe("figures", figure).facts["reads"]
    analyses = {
        name: part.model_copy(update={"settings": {}})
        for name, part in config.analyses.items()
        if any(kind.split(".")[0] == name for kind in reads)
    }
    return _only(
        config,
        fit=Fit(),
        figures={figure: shown},
        analyses=analyses,
        scenarios={n: s for n, s in config.scenarios.items() if n in shown},
        datasets={n: d for n, d in config.datasets.items() if n in shown},
        models={v: config.models[v] for v in config.models if v in used},
    )


def spec_report(config: Config) -> str:
    """What the report depends on: all of it, but not on who shares the work."""
    return config.model_copy(update={"fit": _undivided(config)}).model_dump_json()


def code_report() -> str:
    """Digest of the source behind the report, and of every card that it may quote."""
    cards = (
        "models/*.py",
        "habits/*.py",
        "tasks/*.py",
        "lesions/*.py",
        "fit/solvers/*.py",
    )
    own = ("report*", "wording.py", "__init__.py", "data/files.py", "catalog.py", "provenance.py")
    rest = (*cards, "landmarks/*.py", "assays/*.py", "clinic/table.py")
    return _code(provenance.ALL, *own, *rest)


def code_manifest() -> str:
    """Digest of the source behind the manifest."""
    return fingerprint("manifest.py", "layout.py", "data/files.py")


def code_provenance() -> str:
    """Digest of all source: the record of it says so."""
    return _code(provenance.ALL, "**/*.py")
