"""The command line, and the only door through which the workflow enters."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from . import __version__, catalog
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


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
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


def _results_option(f: Callable) -> Callable:
    return click.option(
        "--results", "-r", default="results", show_default=True, metavar="FOLDER", type=Path
    )(f)


def _load(configs: tuple[str, ...]) -> Any:
    from . import config

    if len(configs) == 1 and configs[0].startswith("{"):
        return config.Config.model_validate_json(configs[0])
    return config.load(*(configs or (_DEFAULT,)))


def _ready(configs: tuple[str, ...]) -> Any:
    """The checked experiment, with JAX set up for it."""
    from . import platform

    checked = _load(configs)
    platform.configure(checked.precision)
    return checked


def _one_of(what: str, name: str, known: Any) -> str:
    if name not in known:
        near = catalog.did_you_mean(name, known)
        raise InputError([Problem(what, f"no {what.strip('-')} called {name!r}", near)])
    return name


@app.command(epilog="Example: jaxda validate config/config.yaml")
@click.argument("files", nargs=-1, metavar="[CONFIG]...")
def validate(files: tuple[str, ...]) -> None:
    """Check an experiment and the tables it names; every problem is told at once."""
    from .data import reader

    checked = _load(files)
    problems: list[Problem] = []
    rows: dict[str, int] = {}
    for name, dataset in checked.datasets.items():
        try:
            rows[name] = reader.read(dataset, name).num_rows
        except InputError as error:
            problems += error.problems
    from . import stages

    try:
        stages.build_all(checked)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    for name, scenario in checked.scenarios.items():
        click.echo(
            f"scenario {name}: {scenario.task.name}, {scenario.lesion} at "
            f"{len(scenario.doses)} dose(s), {scenario.subjects} subjects × {scenario.sessions} "
            f"session(s) × {scenario.trials} trials; sources {', '.join(scenario.sources)}; "
            f"candidates {', '.join(scenario.candidates) or 'none'}"
        )
    for name, dataset in checked.datasets.items():
        click.echo(
            f"dataset {name}: {dataset.path}, {rows[name]} trials; "
            f"candidates {', '.join(dataset.candidates)}"
        )
    click.echo("ok")


@app.command(epilog="Example: jaxda simulate -c config/config.yaml -s snc_loss -m opal -r results")
@_config_option
@_results_option
@click.option("--scenario", "-s", required=True, help="Scenario to play.")
@click.option("--source", "-m", required=True, help="Variant that generates the sessions.")
def simulate(configs: tuple[str, ...], results: Path, scenario: str, source: str) -> None:
    """Make the sessions of a scenario: one Parquet row per event, and the truth behind them."""
    checked = _ready(configs)
    _one_of("--scenario", scenario, checked.scenarios)
    _one_of("--source", source, checked.scenarios[scenario].sources)
    from . import stages
    from .data.files import write_table

    with progress(f"simulate {scenario}/{source}") as tell:
        sessions, truth = stages.simulate(checked, scenario, source, tell)
    write_table(Layout(results).truth(scenario, source), truth)
    write_table(Layout(results).sessions(scenario, source), sessions)


@app.command(epilog="Example: jaxda read -c my.yaml -d placebo")
@_config_option
@_results_option
@click.option("--dataset", "-d", required=True, help="Dataset of the experiment.")
def read(configs: tuple[str, ...], results: Path, dataset: str) -> None:
    """Check a table of your own and bring it into the form of simulated sessions."""
    checked = _load(configs)
    _one_of("--dataset", dataset, checked.datasets)
    from .data import reader
    from .data.files import write_table

    table = reader.read(checked.datasets[dataset], dataset)
    write_table(Layout(results).sessions(dataset, DATA), table)


@app.command(epilog="Example: jaxda fit -s healthy -m opal -k q")
@_config_option
@_results_option
@click.option("--scenario", "-s", required=True, help="Scenario or dataset.")
@click.option("--source", "-m", default=DATA, help="Variant that generated it; omit for a dataset.")
@click.option("--candidate", "-k", required=True, help="Variant to fit.")
def fit(
    configs: tuple[str, ...], results: Path, scenario: str, source: str, candidate: str
) -> None:
    """Fit a candidate to every subject: estimates, errors, intervals, and flags."""
    checked = _ready(configs)
    _one_of("--scenario", scenario, [*checked.scenarios, *checked.datasets])
    _one_of("--candidate", candidate, checked.models)
    from . import stages
    from .data.files import read_table, write_table

    layout = Layout(results)
    sessions = read_table(layout.sessions(scenario, source))
    truth = None if source == DATA else read_table(layout.truth(scenario, source))
    with progress(f"fit {candidate} to {scenario}/{source}") as tell:
        table = stages.fit(checked, scenario, candidate, sessions, truth, tell)
    write_table(layout.fits(scenario, source, candidate), table)


@app.command("dose", epilog="Example: jaxda dose -s snc_loss -m opal")
@_config_option
@_results_option
@click.option("--scenario", "-s", required=True)
@click.option("--source", "-m", required=True)
def fit_dose(configs: tuple[str, ...], results: Path, scenario: str, source: str) -> None:
    """Fit only the dose of the scenario's lesion, the other parameters being known."""
    checked = _ready(configs)
    _one_of("--scenario", scenario, checked.scenarios)
    _one_of("--source", source, checked.scenarios[scenario].sources)
    from . import stages
    from .data.files import read_table, write_table

    layout = Layout(results)
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
    _one_of("--scenario", scenario, [*checked.scenarios, *checked.datasets])
    import pyarrow as pa

    from . import plan
    from .data.files import read_table, write_table
    from .fit.comparison import comparison, confusion
    from .fit.recovery import recovery

    layout = Layout(results)
    fits = [
        read_table(layout.fits(scenario, source, candidate)).replace_schema_metadata()
        for source in plan.sources(checked, scenario)
        for candidate in plan.candidates(checked, scenario)
    ]
    table = pa.concat_tables(fits)
    for kind, made in (
        ("recovery", recovery(table)),
        ("confusion", confusion(table)),
        ("comparison", comparison(table)),
    ):
        write_table(layout.summary(scenario, kind), made)


@app.command(epilog="Example: jaxda figure learning_curves -c config/config.yaml")
@_config_option
@_results_option
@click.argument("name")
def figure(configs: tuple[str, ...], results: Path, name: str) -> None:
    """Draw a figure of the experiment as SVG and PNG, with its findings as JSON."""
    checked = _load(configs)
    _one_of("figure", name, checked.figures)
    from .figures._draw import draw

    draw(checked, name, Layout(results))


@app.command(epilog="Example: jaxda measure travelling_error")
@_results_option
@click.argument("name")
def measure(results: Path, name: str) -> None:
    """Measure a landmark on the models of the catalogue, and draw it."""
    _one_of("landmark", name, catalog.names("landmarks"))
    from . import platform

    platform.configure()
    from .figures._draw import draw_landmark

    measured = catalog.load("landmarks", name)().measure()
    draw_landmark(name, measured, Layout(results))


@app.command(epilog="Examples: jaxda landmarks    jaxda landmarks travelling_error")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def landmarks(names: tuple[str, ...]) -> None:
    """Measure landmarks, all or those named, as a table; status 1 if one fails."""
    for name in names:
        _one_of("landmark", name, catalog.names("landmarks"))
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

    write(Layout(results), plan.gallery(checked))


@app.command(epilog="Example: jaxda report")
@_config_option
@_results_option
def report(configs: tuple[str, ...], results: Path) -> None:
    """Write the report: one HTML file that opens offline."""
    checked = _load(configs)
    from .report import write

    write(checked, Layout(results))


@app.command("list", epilog="Examples: jaxda list models    jaxda list lesions snc_loss")
@click.argument("kind", required=False, metavar="[KIND]")
@click.argument("name", required=False, metavar="[NAME]")
def list_(kind: str | None, name: str | None) -> None:
    """What models, tasks, lesions, landmarks and so on exist; with a name, all about one."""
    from . import listing

    width = listing.terminal_width()
    if kind is None:
        click.echo(listing.overview(width))
        return
    _one_of("kind", kind, catalog.KINDS)
    if name is None:
        click.echo(listing.table(kind, width))  # type: ignore[arg-type]
        return
    _one_of(kind[:-1], name, catalog.names(kind))  # type: ignore[arg-type]
    click.echo(listing.card(catalog.describe(kind, name), width))


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
        print(_unexpected(error), file=sys.stderr)
        sys.exit(70)


if __name__ == "__main__":
    main()
