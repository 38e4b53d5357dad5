"""The command line, and the only door through which the workflow enters."""

import collections
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from . import __version__, catalog, turns
from .clinic import INDIVIDUALS
from .errors import InputError, Problem
from .layout import DATA, Layout
from .progress import progress


_DEFAULT = "config/config.yaml"


class _Group(click.Group):
    """Commands that answer a misspelt name with the nearest one."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            near = catalog.did_you_mean(args[0], self.commands)
            raise click.UsageError(f"no command {args[0]!r}; {near}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="jaxda")
def app() -> None:
    """A differentiable laboratory for reward-prediction-error accounts of dopamine.

    \b
    jaxda list models                      what there is
    jaxda validate config/config.yaml      is the experiment sound?
    jaxda simulate -s healthy -m opal      make sessions
    jaxda fit -s healthy -m opal -k q      fit candidate q to them
    jaxda compare -s healthy               which candidate wins
    jaxda figure learning_curves           draw
    jaxda landmarks                        known results, expected and got
    jaxda conditions                       disease and drugs against control
    jaxda run my.yaml                      the whole experiment, to results/report.html

    The whole experiment at once: `make`, or `snakemake` with your own --configfile.
    Research software: no diagnosis, no dosing, nothing about a named person.
    """  # noqa: D301


def _config_option(f: Callable) -> Callable:
    return click.option(
        "--config",
        "-c",
        "configs",
        multiple=True,
        metavar="FILE",
        help=f"Experiment; give several to merge them, the last wins. [default: {_DEFAULT}]",
    )(f)


def _writable(ctx: click.Context, option: click.Parameter, folder: Path) -> Path:
    """A folder that files can be put into, or that can be made."""
    way = (folder.absolute(), *folder.absolute().parents)
    there = next(p for p in way if os.path.lexists(p))
    found = "a file" if not there.is_dir() else "a folder that cannot be written to"
    found = "a link that leads nowhere" if not there.exists() else found
    if "\0" in str(folder) or not (there.is_dir() and os.access(there, os.W_OK)):
        raise InputError([Problem("--results", f"{there}, {found}", "a folder for results")])
    if any(len(os.fsencode(part)) > 255 for part in folder.parts):
        found = f"{folder}, a name that no folder can have"
        raise InputError([Problem("--results", found, "names of at most 255 bytes")])
    _contained(folder)
    turns.begin_job()
    return folder


def _contained(folder: Path) -> None:
    """Refuse links among results that lead out of them: what is written there is no result."""
    root = os.path.realpath(folder)
    leads = lambda path: os.path.commonpath([root, os.path.realpath(path)]) != root
    _refuse(
        Problem(path, f"a link to {os.readlink(path)}, out of the results", "a folder of its own")
        for at, folders, _ in os.walk(folder)
        for name in folders
        if os.path.islink(path := os.path.join(at, name)) and leads(path)
    )


def _keep(results: Path, checked: Any, *outputs: Path) -> Layout:
    """Record what made every file that is written from here on; `outputs` are to come."""
    from . import manifest

    layout = Layout(results)
    manifest.keep(layout, manifest.jobs(checked, layout), outputs)
    return layout


def _results_option(f: Callable) -> Callable:
    return click.option(
        "--results",
        "-r",
        default="results",
        show_default=True,
        metavar="FOLDER",
        type=Path,
        callback=_writable,
        help="Where results are kept.",
    )(f)


def _scenario_option(f: Callable) -> Callable:
    return click.option("--scenario", "-s", required=True, help="Scenario of the experiment.")(f)


def _source_option(f: Callable) -> Callable:
    return click.option(
        "--source", "-m", required=True, help="Variant that generates the sessions."
    )(f)


def _draft(configs: tuple[str, ...]) -> Any:
    """What is sound in an experiment, and a report of what is not."""
    from . import config

    if len(configs) == 1 and configs[0].startswith("{"):
        return config.draft_json(configs[0])
    return config.draft(*(configs or (_DEFAULT,)))


def _refuse(problems: Iterable[Problem]) -> None:
    if told := tuple(problems):
        raise InputError(told)


def _sound(configs: tuple[str, ...]) -> Any:
    """The checked experiment, and the report that has found nothing wrong with it."""
    from . import _marked

    checked, report = _draft(configs)
    _refuse(_marked.told(report.found))
    return checked, report


def _load(configs: tuple[str, ...]) -> Any:
    return _sound(configs)[0]


def _ready(configs: tuple[str, ...]) -> Any:
    """The checked experiment, with JAX set up for it, of which everything can be built."""
    from . import _marked, platform

    checked, report = _sound(configs)
    platform.configure(checked.precision)
    from . import stages

    stages.build_all(checked, report)
    _refuse(_marked.told(report.found))
    return checked


def _unknown(*asked: tuple[str, str, Any]) -> list[Problem]:
    """What of (what, name, known) has a name that is not among the known ones."""
    return [
        Problem(what, f"no {what.strip('-')} called {name!r}", catalog.did_you_mean(name, known))
        for what, name, known in asked
        if name not in known
    ]


def _known(*asked: tuple[str, str, Any]) -> None:
    """Refuse names that are not among the known ones, all at once."""
    _refuse(_unknown(*asked))


def _sources(checked: Any, scenario: str) -> Any:
    """What may have generated a scenario: any variant, where there is no such scenario."""
    known = checked.scenarios
    return known[scenario].sources if scenario in known else checked.models


@app.command(epilog="Example: jaxda validate config/config.yaml")
@click.argument("files", nargs=-1, metavar="[CONFIG]...")
@_config_option
def validate(files: tuple[str, ...], configs: tuple[str, ...]) -> None:
    """Check an experiment and the tables it names; every problem is told at once."""
    from . import _marked, plan
    from .batch import design
    from .data import reader

    checked, report = _draft((*files, *configs))
    problems: list[Problem] = []
    tables: dict[str, Any] = {}
    for name, dataset in checked.datasets.items():
        try:
            tables[name] = reader.read(dataset, name)
        except InputError as error:
            problems += error.problems
    from . import stages

    stages.build_all(checked, report, tables)
    if not report.found:
        plan.check_length(checked, report)
    _refuse(_marked.told(report.found) + problems)
    for name, scenario in checked.scenarios.items():
        under = "".join(f" over {n} {d:g}" for n, d in scenario.background.items())
        click.echo(
            f"scenario {name}: {scenario.task.name}, {scenario.lesion} at "
            f"{len(scenario.doses)} dose(s){under}, {scenario.subjects} subjects × "
            f"{scenario.sessions} session(s) × {scenario.trials} trials; "
            f"sources {', '.join(scenario.sources)}; "
            f"candidates {', '.join(scenario.candidates) or 'none'}"
        )
    for name, dataset in checked.datasets.items():
        click.echo(
            f"dataset {name}: {dataset.path}, {tables[name].num_rows} trials; "
            f"candidates {', '.join(dataset.candidates) or 'none'}"
        )
        _tell_left_out(name, tables[name])
    for name in checked.batch:
        click.echo(design.planned(checked, name, Layout(Path("results")))[0])
    click.echo("ok")


def _tell_left_out(name: str, table: Any) -> None:
    """Say what is not used, and of whom nothing can be learned."""
    from .data.files import metadata

    facts = metadata(table)
    for what, n in facts["left_out"].items():
        if n:
            trials = "1 missed trial has" if n == 1 else f"{n} missed trials have"
            click.echo(f"dataset {name}: {trials} a {what}, which is left out")
    for problem in facts["lacking"] + facts["idle"]:
        click.echo(f"dataset {name}: {problem}")
    if facts["idle"]:
        found = f"{len(facts['idle'])} of {facts['kept']} units teach nothing"
        click.echo(f"dataset {name}: {found}, and all {facts['kept']} are kept")


@app.command(epilog="Example: jaxda simulate -c config/config.yaml -s snc_loss -m opal -r results")
@_config_option
@_results_option
@_scenario_option
@_source_option
def simulate(configs: tuple[str, ...], results: Path, scenario: str, source: str) -> None:
    """Make the sessions of a scenario: one Parquet row per event, and the truth behind them."""
    checked = _ready(configs)
    _known(
        ("--scenario", scenario, checked.scenarios),
        ("--source", source, _sources(checked, scenario)),
    )
    from . import stages
    from .data.files import write_table

    layout = Layout(results)
    made = layout.truth(scenario, source), layout.sessions(scenario, source)
    _keep(results, checked, *made)
    with progress(f"simulate {scenario}/{source}") as tell:
        sessions, truth = stages.simulate(checked, scenario, source, tell)
    write_table(made[0], truth)
    write_table(made[1], sessions)


@app.command(epilog="Example: jaxda read -c my.yaml -d placebo")
@_config_option
@_results_option
@click.option("--dataset", "-d", required=True, help="Dataset of the experiment.")
def read(configs: tuple[str, ...], results: Path, dataset: str) -> None:
    """Check a table of your own and bring it into the form of simulated sessions."""
    checked = _load(configs)
    _known(("--dataset", dataset, checked.datasets))
    from .data import reader
    from .data.files import write_table

    made = Layout(results).sessions(dataset, DATA)
    _keep(results, checked, made)
    table = reader.read(checked.datasets[dataset], dataset)
    write_table(made, table)
    _tell_left_out(dataset, table)


class _Block(click.ParamType):
    name = "block"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        number, _, of = str(value).partition("/")
        if number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
            return int(number), int(of)
        found, right = repr(value), "a number and how many there are, such as 2/8"
        raise InputError([Problem(param.opts[0], found, right)])


@app.command(epilog="Example: jaxda fit -s healthy -m opal -k q")
@_config_option
@_results_option
@click.option("--scenario", "-s", required=True, help="Scenario or dataset.")
@click.option("--source", "-m", help="Variant that generated it; omit for a dataset.")
@click.option("--candidate", "-k", required=True, help="Variant to fit.")
@click.option(
    "--block", "-b", type=_Block(), metavar="I/N", help="Only the I-th of N blocks of units."
)
@click.argument("parts", nargs=-1, metavar="[PART]...", type=Path)
def fit(
    configs: tuple[str, ...],
    results: Path,
    scenario: str,
    source: str | None,
    candidate: str,
    block: tuple[int, int] | None,
    parts: tuple[Path, ...],
) -> None:
    """Fit a candidate to every subject: estimates, errors, intervals, and flags.

    PARTs are the files of all blocks, in their order; they are joined, and nothing is fitted.
    """
    checked = _load(configs) if parts else _ready(configs)
    problems = _unknown(
        ("--scenario", scenario, [*checked.scenarios, *checked.datasets]),
        ("--candidate", candidate, checked.models),
    )
    if scenario in checked.datasets and source not in (None, DATA):
        problems.append(Problem("--source", f"{source!r}, and {scenario!r} is a dataset", "no -m"))
    elif scenario in checked.scenarios and source is None:
        right = f"-m with what generated {scenario!r}: {' or '.join(_sources(checked, scenario))}"
        problems.append(Problem("--source", "missing", right))
    elif source not in (None, DATA) or scenario in checked.scenarios:
        problems += _unknown(("--source", str(source), _sources(checked, scenario)))
    _refuse(problems)
    if block and parts:
        _refuse([Problem("--block", f"beside {len(parts)} file(s)", "either of them")])
    source = source or DATA
    from . import plan
    from .data import blocks
    from .data.files import read_table, write_table

    layout = Layout(results)
    made = layout.fits(scenario, source, candidate)
    if block:
        made = layout.block(scenario, source, candidate, *block)
    _keep(results, checked, made)
    sessions = read_table(layout.sessions(scenario, source))
    if parts:
        names = blocks.rows_of(sessions, plan.unit_of(checked, scenario)).names
        write_table(made, blocks.joined([read_table(part) for part in parts], names))
        return
    from . import stages

    truth = None if source == DATA else read_table(layout.truth(scenario, source))
    what = f"fit {candidate} to {scenario}/{source}"
    if block:
        what += f", block {block[0]} of {block[1]}"
    with progress(what) as tell:
        table = stages.fit(checked, scenario, candidate, sessions, truth, tell, block or (1, 1))
    write_table(made, table)


@app.command("dose", epilog="Example: jaxda dose -s snc_loss -m opal")
@_config_option
@_results_option
@_scenario_option
@_source_option
def fit_dose(configs: tuple[str, ...], results: Path, scenario: str, source: str) -> None:
    """Fit only the dose of the scenario's lesion, the other parameters being known."""
    checked = _ready(configs)
    _known(
        ("--scenario", scenario, checked.scenarios),
        ("--source", source, _sources(checked, scenario)),
    )
    if checked.scenarios[scenario].lesion == "intact":
        found = f"{scenario!r}, which has no lesion"
        _refuse([Problem("--scenario", found, "a scenario with a lesion")])
    from . import stages
    from .data.files import read_table, write_table

    layout = Layout(results)
    _keep(results, checked, layout.dose(scenario, source))
    sessions = read_table(layout.sessions(scenario, source))
    truth = read_table(layout.truth(scenario, source))
    with progress(f"dose of {scenario}/{source}") as tell:
        table = stages.fit_dose(checked, scenario, source, sessions, truth, tell)
    write_table(layout.dose(scenario, source), table)


@app.command(epilog="Example: jaxda compare -s healthy")
@_config_option
@_results_option
@click.option("--scenario", "-s", required=True, help="Scenario or dataset.")
def compare(configs: tuple[str, ...], results: Path, scenario: str) -> None:
    """Compare candidates (AIC, BIC), and tell how well models and parameters are recovered."""
    checked = _load(configs)
    from . import plan

    _known(("--scenario", scenario, plan.scenarios(checked)))
    if not plan.candidates(checked, scenario):
        found = f"{scenario!r}, of which there are no candidates to compare"
        right = f"a scenario with candidates: {', '.join(plan.fitted(checked)) or 'none yet'}"
        _refuse([Problem("--scenario", found, right)])
    import pyarrow as pa

    from .data.files import read_table, write_table
    from .fit.comparison import comparison, confusion
    from .fit.recovery import recovery

    layout = Layout(results)
    kinds = ("recovery", "confusion", "comparison")
    _keep(results, checked, *(layout.summary(scenario, kind) for kind in kinds))
    fits = [
        read_table(layout.fits(scenario, source, candidate)).replace_schema_metadata()
        for source in plan.sources(checked, scenario)
        for candidate in plan.candidates(checked, scenario)
    ]
    table = pa.concat_tables(fits)
    summaries = recovery(table), confusion(table), comparison(table)
    for kind, made in zip(kinds, summaries, strict=True):
        write_table(layout.summary(scenario, kind), made)


@app.command(epilog="Example: jaxda analyse posterior_predictive -s healthy -m opal -k opal")
@_config_option
@_results_option
@click.option("--scenario", "-s", required=True, help="Scenario or dataset.")
@click.option("--source", "-m", help="Variant that generated it; omit for a dataset.")
@click.option("--candidate", "-k", help="Variant that was fitted; omit where all are at once.")
@click.argument("name")
def analyse(
    configs: tuple[str, ...],
    results: Path,
    name: str,
    scenario: str,
    source: str | None,
    candidate: str | None,
) -> None:
    """Do one analysis of a scenario or data set: tables, and what they say in sentences.

    NAME is one of those under `analyses` in the experiment.
    """
    checked = _ready(configs)
    from . import plan

    _known(("analysis", name, checked.analyses))
    source, candidate = source or DATA, candidate or ""
    run = plan.Analysed(name, scenario, source, candidate)
    runs = plan.analysed(checked, name)
    if run not in runs:
        told = [f"-s {r.scenario} -m {r.source}{r.model and f' -k {r.model}'}" for r in runs]
        asked = f"-s {scenario} -m {source}{candidate and f' -k {candidate}'}"
        _refuse([Problem("options", asked, " or ".join(told))])
    from . import stages
    from .data.files import read_table, write_json, write_table

    layout = Layout(results)
    _keep(results, checked, *plan.analysis_outputs(layout, run))
    paths = plan.analysis_inputs(checked, layout, run)
    read = {path: read_table(path) for path in paths}
    with progress(f"{name} {scenario}/{source}{candidate and f'/{candidate}'}") as tell:
        found = stages.analyse(
            checked,
            run,
            read[layout.sessions(scenario, source)],
            read.get(layout.truth(scenario, source)),
            lambda model: read.get(layout.fits(scenario, source, model)),
            tell,
        )
    for table, rows in found.tables.items():
        write_table(layout.analysis(*run, table), rows)
    write_json(layout.findings(*run), {"findings": found.findings})


@app.command(epilog="Examples: jaxda batch    jaxda batch sweep -c my.yaml -r results")
@_config_option
@_results_option
@click.option("--part", "-p", type=_Block(), metavar="I/N", help="Only the I-th of N parts.")
@click.argument("name", required=False)
def batch(
    configs: tuple[str, ...], results: Path, part: tuple[int, int] | None, name: str | None
) -> None:
    """Play a batch of sessions chunk by chunk; go on where an earlier run has ended.

    NAME is one of those under `batch` in the experiment; without it, their sizes are told.
    """
    from .batch import design

    if name is None:
        checked = _load(configs)
        for each in checked.batch:
            click.echo("\n".join(design.planned(checked, each, Layout(results))))
        if not checked.batch:
            click.echo("no batch in this experiment")
        return
    checked = _ready(configs)
    _known(("batch", name, checked.batch))
    layout = Layout(results)
    _keep(results, checked, *([] if part else [layout.batch_cells(name), layout.batch_facts(name)]))
    from .batch.run import run

    what = f"batch {name}" + (f", part {part[0]} of {part[1]}" if part else "")
    with progress(what, "sessions") as tell:
        run(checked, name, layout, tell, part)


@app.command(epilog="Example: jaxda figure learning_curves -c config/config.yaml")
@_config_option
@_results_option
@click.argument("name")
def figure(configs: tuple[str, ...], results: Path, name: str) -> None:
    """Draw a figure of the experiment as SVG and PNG, with its findings as JSON.

    NAME is one of those under `figures` in the experiment.
    """
    checked = _load(configs)
    _known(("figure", name, checked.figures))
    from .figures._draw import draw

    made = (Layout(results).figure(name, suffix) for suffix in ("svg", "png", "json"))
    draw(checked, name, _keep(results, checked, *made))


@app.command(epilog="Example: jaxda measure travelling_error")
@_results_option
@click.argument("name")
def measure(results: Path, name: str) -> None:
    """Measure a landmark on the models of the catalogue, and draw it.

    NAME is one of those that `jaxda list landmarks` tells.
    """
    _known(("landmark", name, catalog.names("landmarks")))
    from . import manifest, platform

    jobs = manifest.landmark_jobs(Layout(results), name)
    manifest.keep(Layout(results), jobs, jobs)
    platform.configure()
    from .figures._draw import draw_landmark

    measured = catalog.load("landmarks", name)().measure()
    draw_landmark(name, measured, Layout(results))


@app.command(epilog="Examples: jaxda landmarks    jaxda landmarks travelling_error")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def landmarks(names: tuple[str, ...]) -> None:
    """Measure landmarks, all or those named, as a table; status 1 if one fails.

    NAMEs are those that `jaxda list landmarks` tells.
    """
    _known(*(("landmark", name, catalog.names("landmarks")) for name in dict.fromkeys(names)))
    from . import listing, platform

    platform.configure()
    found: dict[str, list[tuple[Any, ...]]] = {}
    chosen = tuple(dict.fromkeys(names)) or catalog.names("landmarks")
    with progress("landmarks") as tell:
        for i, name in enumerate(chosen):
            checks = catalog.load("landmarks", name)().measure().checks
            found[name] = [(*check, check.passed) for check in checks]
            tell(i + 1, len(chosen))
    click.echo("\n".join(listing.landmark_table(found, listing.terminal_width())))
    failed = [n for n, checks in found.items() if not all(check[-1] for check in checks)]
    click.echo(f"\n{len(found) - len(failed)} of {len(found)} landmarks hold")
    if failed:
        sys.exit(1)


@app.command(epilog="Example: jaxda gallery")
@_config_option
@_results_option
def gallery(configs: tuple[str, ...], results: Path) -> None:
    """Write the gallery: one HTML page of the landmarks that were measured."""
    checked = _load(configs)
    from . import plan
    from .report_gallery import write

    layout = _keep(results, checked, Layout(results).gallery)
    write(layout, plan.gallery(checked))


def _table_option(f: Callable) -> Callable:
    return click.option(
        "--table",
        "-t",
        metavar="FILE",
        help="Conditions of your own as YAML. [default: the central table of jaxda]",
    )(f)


def _individuals_option(f: Callable) -> Callable:
    return click.option(
        "--individuals",
        "-n",
        type=click.IntRange(min=2),
        default=INDIVIDUALS,
        show_default=True,
        help="Individuals, each as control and under the condition.",
    )(f)


def _measured_condition(name: str, row: Any, individuals: int) -> dict[str, Any]:
    from .clinic.effects import measure, told

    return told(name, row, measure(name, row, individuals))


@app.command(epilog="Example: jaxda condition snc_loss_half")
@_results_option
@_table_option
@_individuals_option
@click.argument("name")
def condition(results: Path, table: str | None, individuals: int, name: str) -> None:
    """Hold one condition against its control, and keep what was found as JSON.

    NAME is a row of the table of conditions; `jaxda conditions` measures them all.
    """
    from .clinic.table import TABLE, load

    rows = load(table or TABLE)
    _known(("condition", name, rows))
    from . import manifest, platform
    from .data.files import write_json

    layout = Layout(results)
    jobs = manifest.condition_jobs(layout, name, rows[name], individuals)
    manifest.keep(layout, jobs, jobs)
    platform.configure()
    write_json(layout.condition(name), _measured_condition(name, rows[name], individuals))


@app.command(epilog="Examples: jaxda conditions    jaxda conditions -n 500 snc_loss_half")
@_table_option
@_individuals_option
@click.argument("names", nargs=-1, metavar="[NAME]...")
def conditions(table: str | None, individuals: int, names: tuple[str, ...]) -> None:
    """Hold conditions, all or those named, against their controls; status 1 for a wrong sign."""
    from .clinic.table import TABLE, load

    rows = load(table or TABLE)
    _known(*(("condition", name, rows) for name in dict.fromkeys(names)))
    chosen = {name: rows[name] for name in dict.fromkeys(names)} or rows
    from . import listing, platform
    from .report_clinic import read

    platform.configure()
    found = []
    with progress("conditions") as tell:
        for i, (name, row) in enumerate(chosen.items()):
            found.append(read(_measured_condition(name, row, individuals)))
            tell(i + 1, len(chosen))
    click.echo("\n".join(listing.condition_table(found, listing.terminal_width())))
    _judge(found)


def _judged(rows: list[Any]) -> str:
    """What is contested, and how many rows have their signs."""
    from .report_clinic import counter

    right = sum(not row.wrong for row in rows)
    told = f"{right} of {len(rows)} conditions have no wrong sign"
    return "\n".join(["", *counter(rows), "", told])


def _judge(rows: list[Any]) -> None:
    """Tell `_judged`; status 1 if a sign is wrong."""
    click.echo(_judged(rows))
    wrong = [row.name for row in rows if row.wrong]
    if wrong:
        click.echo(f"wrong sign: {', '.join(wrong)}", err=True)
        sys.exit(1)


@app.command(epilog="Example: jaxda clinic")
@_config_option
@_results_option
def clinic(configs: tuple[str, ...], results: Path) -> None:
    """Write the page and the table of conditions that were measured."""
    checked = _load(configs)
    from . import plan
    from .report_clinic import write

    made = Layout(results).clinic, Layout(results).conditions
    write(_keep(results, checked, *made), plan.conditions(checked))


@app.command(epilog="Example: jaxda verdict")
@_config_option
@_results_option
def verdict(configs: tuple[str, ...], results: Path) -> None:
    """Tell the conditions that were measured; status 1 if one has a wrong sign."""
    checked = _load(configs)
    from . import listing, plan
    from .data.files import write_text
    from .report_clinic import collect

    layout = _keep(results, checked, Layout(results).verdict)
    rows = collect(layout, plan.conditions(checked)).rows
    table = "\n".join(listing.condition_table(rows, listing.terminal_width()))
    click.echo(table)
    _judge(rows)
    write_text(layout.verdict, f"{table}\n{_judged(rows)}\n")


@app.command(epilog="Example: jaxda report")
@_config_option
@_results_option
def report(configs: tuple[str, ...], results: Path) -> None:
    """Write the report: one HTML file that opens offline."""
    checked = _load(configs)
    from .report import write

    write(checked, _keep(results, checked, Layout(results).report))


@app.command("provenance", epilog="Example: jaxda provenance -c config/config.yaml")
@_config_option
@_results_option
@click.argument("files", nargs=-1, metavar="[FILE]...")
def provenance_(configs: tuple[str, ...], results: Path, files: tuple[str, ...]) -> None:
    """Write down what an experiment is made with: configuration, versions, source, machine.

    FILEs are those that the configuration was read from.
    """
    checked = _load(configs)
    from . import provenance
    from .data.files import write_json

    layout = _keep(results, checked, Layout(results).provenance)
    write_json(layout.provenance, provenance.facts(checked, files or _files(configs)))


def _files(configs: tuple[str, ...]) -> tuple[str, ...]:
    """The files among what `--config` was given."""
    return tuple(c for c in configs or (_DEFAULT,) if not c.startswith("{"))


@app.command("manifest", epilog="Example: jaxda manifest -c config/config.yaml")
@_config_option
@_results_option
def manifest_(configs: tuple[str, ...], results: Path) -> None:
    """Write the checksum of every result and what made it; the last step of a run."""
    checked = _load(configs)
    from . import manifest

    manifest.write(checked, Layout(results))


@app.command(epilog="Examples: jaxda verify    jaxda verify results --all")
@_config_option
@click.argument("folder", type=Path, default=Path("results"), metavar="[FOLDER]")
@click.option("--all", "every", is_flag=True, help="Name the intact files, too.")
def verify(configs: tuple[str, ...], folder: Path, every: bool) -> None:
    """Tell which results were edited, are missing, stale or unknown; status 1 if any.

    A result is stale if the configuration, the source of jaxda, the installed packages or their
    lock, or what it was made from are not as they were. The configuration is read from the files
    of the run, unless you name others.
    """
    _refuse(_no_folder(folder))
    from . import manifest

    with contextlib.chdir(folder.absolute().parent):
        checked = _now(configs, Layout(Path(folder.absolute().name)))
        found = manifest.verify(checked, Layout(Path(folder.absolute().name)))
    for path, word, why in found:
        if every or word != "intact":
            click.echo(f"{word:<10}  {folder / path}" + (f": {why}" if word != "intact" else ""))
    counts = collections.Counter(verdict.word for verdict in found)
    click.echo(f"{len(found)} files: {', '.join(f'{n} {word}' for word, n in counts.items())}")
    if any(v.word in manifest.WRONG for v in found):
        sys.exit(1)


def _no_folder(folder: Path) -> list[Problem]:
    if folder.is_dir():
        return []
    above = folder.absolute().parent
    near = sorted(p.name for p in above.iterdir() if p.is_dir()) if above.is_dir() else []
    found = "a file" if folder.exists() else "no such folder"
    return [Problem(str(folder), found, catalog.did_you_mean(folder.name, near))]


def _now(configs: tuple[str, ...], layout: Layout) -> Any:
    """The experiment as its files now tell it; as it was run, where no file tells it."""
    from . import manifest

    if not configs and layout.provenance.is_file():
        made = manifest.read_json(layout.provenance)
        configs = tuple(made.get("files", ()))
        if not (configs and all(map(os.path.isfile, configs))):
            configs = (json.dumps(made.get("configuration", {})),)
    return _load(configs)


class _Run(click.Command):
    """A command that hands on what follows `--`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        ctx.obj = tuple(args[at + 1 :])
        return super().parse_args(ctx, args[:at])


@app.command(
    cls=_Run, epilog="Examples: jaxda run my.yaml    jaxda run my.yaml --cores 2 -- --dry-run"
)
@click.argument("configs", nargs=-1, metavar="[CONFIG]...")
@click.option("--cores", metavar="N", default="all", show_default=True, help="Cores to use.")
@click.option(
    "--profile", metavar="NAME", default="default", show_default=True, help="Where jobs run."
)
@click.pass_context
def run(ctx: click.Context, configs: tuple[str, ...], cores: str, profile: str) -> None:
    """Run a whole experiment in this folder, to results/report.html.

    CONFIGs are as for -c of the other commands. What follows after -- goes to Snakemake, whose
    exit status is that of this command. A profile is a folder, or the name of one that comes
    with jaxda, such as slurm.
    """
    from . import packaged

    packaged.run(configs, ctx.obj, cores=cores, profile=profile)


@app.command("list", epilog="Examples: jaxda list models    jaxda list lesions snc_loss")
@click.argument("kind", required=False, metavar="[KIND]")
@click.argument("name", required=False, metavar="[NAME]")
def list_(kind: str | None, name: str | None) -> None:
    """What models, tasks, lesions, landmarks and so on exist; with a NAME, all about one.

    KIND is such as `models`; without it, all kinds are told.
    """
    from . import listing

    width = listing.terminal_width()
    if kind is None:
        click.echo(listing.overview(width))
        return
    _known(("kind", kind, catalog.KINDS))
    if name is None:
        click.echo(listing.table(kind, width))  # type: ignore[arg-type]
        return
    _known((catalog.one(kind), name, catalog.names(kind)))  # type: ignore[arg-type]
    click.echo(listing.card(catalog.describe(kind, name), width))


_SCARCE = (
    "jaxda: out of memory; nothing half-written is left. Allow more (mem_mb of the rule, or of "
    "the machine), or ask for fewer subjects or trials at once."
)
# How libraries, the linker and the system say so.
_SAID = ("resource_exhausted", "out of memory", "failed to map", "allocate memory", "new thread")


def _out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(s in str(error).lower() for s in _SAID)


def _unexpected(error: BaseException) -> str:
    return (
        f"jaxda: internal error: {type(error).__name__}: {error}\n"
        "This is a fault of jaxda, not of your input. Set JAXDA_TRACEBACK=1 for its origin."
    )


def main(args: list[str] | None = None) -> None:
    """Run the command line; errors of input end with status 2 and one message."""
    from .errors import Refused

    try:
        app(args, standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        print("jaxda: interrupted; nothing half-written is left", file=sys.stderr)
        sys.exit(130)
    except (InputError, Refused) as error:
        print(str(error), file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        if os.environ.get("JAXDA_TRACEBACK"):
            raise
        scarce = _out_of_memory(error)
        print(_SCARCE if scarce else _unexpected(error), file=sys.stderr)
        sys.exit(71 if scarce else 70)


if __name__ == "__main__":
    main()
