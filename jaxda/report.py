"""The report: one HTML page that tells an experiment in words, figures and tables.

It is made from result tables and figure files alone, needs no network and no script, and the
same tables give the same bytes.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import yaml

from . import __version__, catalog, plan, provenance
from . import report_findings as found
from . import report_tables as sheets
from .config import Config
from .data.files import read_table, write_text
from .errors import InputError, Problem
from .layout import Layout
from .report_analyses import collect as collect_analyses
from .report_batch import collect as collect_batches
from .report_clinic import collect as collect_conditions
from .report_findings import Row
from .report_gallery import collect
from .report_pictures import address, environment
from .wording import level, listed, number, plural


_TEMPLATE = "report_template.html.j2"
_SUMMARIES = ("comparison", "confusion", "recovery")


def write(config: Config, layout: Layout) -> None:
    """Write `layout.report` from the tables and figures that `config` asks for.

    Raises:
        InputError: with every file that is missing or damaged.
    """
    write_text(layout.report, page(config, layout))


def page(config: Config, layout: Layout) -> str:
    """The report as HTML. See `write`."""
    tables = _tables(config, layout)
    figures = [_figure(layout, name) for name in config.figures]
    return (
        environment()
        .get_template(_TEMPLATE)
        .render(
            config=config,
            version=__version__,
            made=_made(config),
            brief=found.brief(config, tables),
            asked=_asked(config),
            cautions=_contested(config),
            topics=_topics(config, tables),
            figures=figures,
            analyses=collect_analyses(config, layout),
            batches=collect_batches(config, layout),
            landmarks=collect(layout, plan.gallery(config)),
            conditions=collect_conditions(layout, plan.conditions(config)),
            experiment=sheets.experiment(config, tables),
            results=sheets.results(config, tables),
            components=_components(config),
            fitting=_fitting(config),
        )
    )


# What there is to read


def _tables(config: Config, layout: Layout) -> dict[str, list[Row]]:
    """Rows of all result tables by kind."""
    fitted, sources = plan.fitted(config), plan.sources
    paths = {kind: [layout.summary(s, kind) for s in fitted] for kind in _SUMMARIES}
    paths["fits"] = [
        layout.fits(s, source, candidate)
        for s in fitted
        for source in sources(config, s)
        for candidate in plan.candidates(config, s)
    ]
    paths["dose"] = [layout.dose(s, g) for s in plan.dosed(config) for g in sources(config, s)]
    pictures = [layout.figure(f, suffix) for f in config.figures for suffix in ("svg", "json")]
    _refuse_missing([*(p for some in paths.values() for p in some), *pictures])
    return {
        kind: [row for path in some for row in read_table(path).to_pylist()]
        for kind, some in paths.items()
    }


def _refuse_missing(paths: Iterable[Path]) -> None:
    missing = [p for p in paths if not p.is_file()]
    if missing:
        raise InputError(
            Problem(str(p), "no such file", "run the step that makes it") for p in missing
        )


class Figure(NamedTuple):
    """A figure with its words; `src` holds the whole picture."""

    name: str
    title: str
    caption: str
    alt: str
    findings: tuple[str, ...]
    src: str


def _figure(layout: Layout, name: str) -> Figure:
    told = layout.figure(name, "json")
    try:
        words = json.loads(told.read_text(encoding="utf-8"))
        title, caption, alt = (str(words[k]) for k in ("title", "caption", "alt"))
        findings = tuple(str(text) for text in words["findings"])
    except (ValueError, KeyError, TypeError) as error:
        fault = f"not the words of a figure ({type(error).__name__}: {error})"
        raise InputError([Problem(str(told), fault, "draw it again")]) from None
    return Figure(name, title, caption, alt, findings, address(layout.figure(name, "svg")))


# Words of the page


def _asked(config: Config) -> list[tuple[str, str]]:
    """Scenarios and data sets, each in a few sentences."""
    title = lambda kind, name: catalog.describe(kind, name).title.rstrip(".")
    out = []
    for name, s in config.scenarios.items():
        text = f"Simulation. {title('tasks', s.task.name)}. "
        if s.lesion == "intact":
            fit = "Fitted"
            text += "No lesion. "
        else:
            fit = "Fitted, as if there were no lesion"
            text += (
                f"{title('lesions', s.lesion)}, at {'dose' if len(s.doses) == 1 else 'doses'} "
                f"{listed(map(level, s.doses))} ({found.dose_unit(s.lesion)}). "
            )
            for under, dose in s.background.items():
                text += (
                    f"All sessions: {title('lesions', under)}, at dose {level(dose)} "
                    f"({found.dose_unit(under)}). "
                )
        text += (
            f"{plural(s.subjects, 'subject')} × {plural(s.sessions, 'session')} × "
            f"{plural(s.trials, 'trial')}, generated by {listed(s.sources)}. "
        )
        text += f"{fit}: {listed(s.candidates)}." if s.candidates else "Nothing is fitted."
        if s.recover_dose:
            text += " The dose is then sought, the other parameters being known."
        out.append((name, text))
    for name, d in config.datasets.items():
        text = f"Recorded data, {PurePath(d.path).name}; one set of parameters per {d.unit}. "
        text += f"Fitted: {listed(d.candidates)}." if d.candidates else "Nothing is fitted."
        out.append((name, text))
    return out


def _topics(config: Config, tables: dict[str, list[Row]]) -> list[tuple[str, str, list[str]]]:
    """What the tables say: heading, what to bear in mind, sentences."""
    lesioned = any(s.lesion != "intact" for s in config.scenarios.values())
    topics = [
        (
            "Which model describes the recorded data",
            "A lower BIC says which candidate predicts best for its number of parameters, not "
            "that the brain computes it.",
            found.comparisons(config, tables["comparison"]),
        ),
        (
            "Which models can be told apart",
            "The candidate with the lowest BIC is compared with the model that made the data."
            + (" Candidates know nothing of the lesion." if lesioned else ""),
            found.models(config, tables["confusion"]),
        ),
        (
            "Which parameters can be recovered",
            f"From r = {found.RECOVERED:g} between estimate and truth on, over simulated subjects.",
            found.parameters(config, tables["recovery"]),
        ),
        (
            "What a lesion looks like to a fit that does not know it",
            "Every subject meets every dose with the same random numbers, so changes are paired.",
            found.shifts(config, tables["fits"]),
        ),
        (
            "Which doses can be recovered",
            "The best case: the model is the right one and all other parameters are known. The "
            "sessions of one subject are not independent.",
            found.doses(config, tables["dose"]),
        ),
        (
            "Fits to be careful with",
            "",
            found.cautions(config, tables["fits"], tables["dose"]),
        ),
    ]
    return [t for t in topics if t[2]]


def _used(config: Config) -> dict[catalog.Kind, list[str]]:
    """Components of the experiment by kind."""
    tasks = [s.task.name for s in config.scenarios.values()]
    drawn = {
        v
        for name in plan.scenarios(config)
        for v in (*plan.sources(config, name), *plan.candidates(config, name))
    }
    variants = [v for name, v in config.models.items() if name in drawn]
    return {
        "tasks": list(dict.fromkeys(tasks)),
        "models": list(dict.fromkeys(v.model for v in variants)),
        "habits": list(dict.fromkeys(h for v in variants for h in v.habits)),
        "lesions": list(dict.fromkeys(n for s in config.scenarios.values() for n in s.lesions)),
        "solvers": [config.fit.solver] if plan.fitted(config) or plan.dosed(config) else [],
    }


def _contested(config: Config) -> list[tuple[str, str]]:
    """Components with a caution, and what it says."""
    cards = [catalog.describe(kind, n) for kind, some in _used(config).items() for n in some]
    return [(c.name, c.facts["caution"]) for c in cards if c.facts.get("caution")]


class Part(NamedTuple):
    """A component as the methods tell it."""

    id: str
    name: str
    title: str
    doc: tuple[str, ...]
    facts: list[tuple[str, str]]
    parameters: sheets.Sheet | None


def _components(config: Config) -> list[tuple[str, list[Part]]]:
    return [
        (kind.capitalize(), [_part(catalog.describe(kind, n)) for n in some])
        for kind, some in _used(config).items()
        if some
    ]


def _part(card: catalog.Card) -> Part:
    facts = [
        (label, card.facts[key])
        for label, key in (("Source", "source"), ("Caution", "caution"))
        if card.facts.get(key)
    ]
    if "targets" in card.facts:
        facts.append(
            ("Acts on", sheets.joined(card.facts["targets"], "the broadcast of any model"))
        )
    facts += [
        ("Not separable", f"{', '.join(names)} ({reason})")
        for names, reason in card.facts.get("confounded", ())
    ]
    if card.settings:
        facts.append(("Settings by default", sheets.pairs(card.settings)))
    return Part(
        f"{card.kind}-{card.name}",
        card.name,
        card.title,
        tuple(card.doc.split("\n\n")),
        facts,
        sheets.parameters(card),
    )


def _fitting(config: Config) -> list[str]:
    """How candidates are fitted, in sentences."""
    if not (plan.fitted(config) or plan.dosed(config)):
        return []
    fit = config.fit
    return [
        "Each unit (a subject under one dose, or what a data set names) is fitted on its own"
        + (
            " by maximum a posteriori: priors are densities of the natural parameter values, "
            "without a Jacobian term, so an estimate does not depend on the coordinates the "
            "optimiser moves in. AIC and BIC use the likelihood at that estimate."
            if fit.prior
            else " by maximum likelihood, without a prior."
        ),
        f"Solver {fit.solver}: {plural(fit.restarts, 'restart')} from points spread around "
        f"the priors, at most {plural(fit.steps, 'step')} each, converged at a tolerance "
        f"of {number(fit.tolerance)}; numbers have {config.precision} bits. The best restart "
        "counts.",
        "Standard errors come from the Hessian at the estimate by the delta method; 95\u00a0% "
        "intervals are Wald intervals of the real coordinates, mapped to the natural scale. An "
        "interval of an estimate at an end of its domain means nothing.",
        "BIC counts every recorded action once, with its latency where the model predicts one.",
    ]


def _made(config: Config) -> dict[str, Any]:
    """What made this, in words, and the whole configuration."""
    facts = provenance.facts(config)
    paired = lambda some: ", ".join(f"{k} {v}" for k, v in some.items())
    told = {
        "Versions": paired(facts["versions"]),
        "Source of jaxda": f"{facts['source']}; {facts['git']}",
        "Lock": facts["lock"],
        "Seeds": paired(facts["seeds"]),
        "Machine": f"{facts['platform']['system']} {facts['platform']['machine']}",
    }
    shared = facts["configuration"]
    # A report is passed on, and where somebody keeps the data is nobody else's business.
    for dataset in shared["datasets"].values():
        if os.path.isabs(dataset["path"]):
            dataset["path"] = os.path.basename(dataset["path"])
    whole = yaml.safe_dump(shared, sort_keys=False, allow_unicode=True)
    return {"facts": told, "configuration": whole}
