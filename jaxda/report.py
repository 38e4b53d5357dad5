"""The report: one HTML page that tells an experiment in words, figures and tables.

It is made from result tables and figure files alone, needs no network and no script, and the
same tables give the same bytes.
"""

import importlib.metadata
import json
import platform
import urllib.parse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import jinja2

from . import __version__, catalog, plan
from . import report_findings as found
from .config import Config, Variant
from .data.files import read_table, write_text
from .errors import InputError, Problem, shown
from .layout import DATA, Layout
from .report_findings import Row, fixed, number, share


_TEMPLATE = "report_template.html.j2"
_DISTRIBUTIONS = ("jax", "jaxlib", "equinox", "optax", "numpy", "pyarrow", "matplotlib", "snakemake")
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
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"number": number}
    return environment.get_template(_TEMPLATE).render(
        config=config,
        version=__version__,
        versions=_versions(),
        brief=found.brief(config, tables),
        asked=_asked(config),
        cautions=_contested(config),
        topics=_topics(config, tables),
        figures=figures,
        experiment=_experiment(config, tables),
        results=_results(config, tables),
        components=_components(config),
        fitting=_fitting(config),
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
    told, drawn = layout.figure(name, "json"), layout.figure(name, "svg")
    try:
        words = json.loads(told.read_text(encoding="utf-8"))
        title, caption, alt = (str(words[k]) for k in ("title", "caption", "alt"))
        findings = tuple(map(str, words["findings"]))
    except (ValueError, KeyError, TypeError) as error:
        problem = Problem(str(told), f"not the words of a figure ({error})", "draw it again")
        raise InputError([problem]) from None
    return Figure(name, title, caption, alt, findings, _data_uri(drawn))


def _data_uri(svg: Path) -> str:
    """The picture as an address: no id in it can clash with the page, no script can run."""
    try:
        text = svg.read_text(encoding="utf-8")
    except ValueError:
        raise InputError([Problem(str(svg), "not an SVG file", "draw it again")]) from None
    # Nearly all of a drawing may stand as it is, which keeps the page a third smaller than
    # Base64 would; line ends would be dropped from an address.
    kept = " !$()*+,-./:;=?@[]^_`{|}~'"
    return "data:image/svg+xml," + urllib.parse.quote(" ".join(text.split("\n")), safe=kept)


# Tables of the page


class Column(NamedTuple):
    """The head of a column; figures stand to the right."""

    label: str
    numeric: bool = True
    unit: str = ""


class Cell(NamedTuple):
    """A text with its mark (`good`, `bad`, `best`) and its shade from 0 to 1."""

    text: str
    mark: str = ""
    shade: float | None = None


class Sheet(NamedTuple):
    """A table of the page; `bands` are heads over several columns."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: list[list[Cell]]
    bands: tuple[tuple[str, int], ...] = ()
    note: str = ""


def _words(*labels: str) -> tuple[Column, ...]:
    return tuple(Column(label, numeric=False) for label in labels)


def _cells(*texts: str | Cell) -> list[Cell]:
    return [Cell(t) if isinstance(t, str) else t for t in texts]


def _none(parts: Iterable[str], empty: str = "–") -> str:
    return ", ".join(parts) or empty


def _pairs(values: dict[str, Any]) -> str:
    return _none(f"{k} = {_value(v)}" for k, v in values.items())


def _value(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value, 6)
    return value if isinstance(value, str) else shown(value)


def _interval(ends: Sequence[float], brackets: str = "()") -> str:
    infinite = {float("inf"): "∞", -float("inf"): "−∞"}
    low, high = (infinite.get(x) or number(x) for x in ends)
    return f"{brackets[0]}{low}, {high}{brackets[1]}"


def _experiment(config: Config, tables: dict[str, list[Row]]) -> list[Sheet]:
    out = []
    if config.scenarios:
        rows = [
            _cells(
                name,
                s.task.name + (f" ({_pairs(s.task.settings)})" if s.task.settings else ""),
                s.lesion,
                _none(map(number, s.doses)) if s.lesion != "intact" else "–",
                f"{s.subjects:,}",
                f"{s.trials:,}",
                _none(s.sources),
                _none(s.candidates),
                "yes" if s.recover_dose else "no",
            )
            for name, s in config.scenarios.items()
        ]
        columns = (
            *_words("scenario", "task", "lesion", "doses"),
            *(Column("subjects"), Column("trials", unit="per session")),
            *_words("generated by", "fitted", "dose recovered"),
        )
        out.append(Sheet("table-scenarios", "Scenarios: simulated sessions", columns, rows))
    if config.datasets:
        rows = []
        for name, d in config.datasets.items():
            fits = [r for r in tables["fits"] if r["scenario"] == name]
            n = len(found.grouped(fits, "dose", "subject", "session"))
            model = d.candidates[0] if d.candidates else ""
            records = sum(u[0]["records"] for u in found.fitted_units(fits) if u[0]["model"] == model)
            rows.append(
                _cells(
                    name,
                    PurePath(d.path).name,
                    d.task,
                    d.unit,
                    f"{n:,}" if fits else "–",
                    f"{records:,}" if fits else "–",
                    _none(d.candidates),
                )
            )
        columns = (
            *_words("data set", "file", "kind of task", "unit"),
            *(Column("units"), Column("records", unit="fitted")),
            *_words("fitted"),
        )
        out.append(Sheet("table-datasets", "Data sets: recorded sessions", columns, rows))
    rows = [
        _cells(
            name,
            v.model + (f" ({_pairs(v.settings)})" if v.settings else ""),
            _none(v.habits),
            _none(free_names(v)),
            _pairs(v.values),
            _none(f"{k} in {_interval(ends, '[]')}" for k, ends in v.bounds.items()),
            _none(f"{k}: {number(m)} ± {number(sd)}" for k, (m, sd) in v.population.items()),
        )
        for name, v in config.models.items()
    ]
    columns = _words("variant", "model", "habits", "free", "fixed", "bounds", "population")
    note = (
        "a=b are two parameters that share one value. Population: median on the natural scale ± "
        "standard deviation of the real coordinate over generated subjects; a free parameter "
        "not named there has its fixed or default value as the median, ± 0.5."
    )
    out.append(Sheet("table-variants", "Variants: models and what is free", columns, rows, note=note))
    return out


def free_names(variant: Variant) -> tuple[str, ...]:
    """What a variant frees: its own list, or the defaults of its model and habits."""
    if variant.free is not None:
        return variant.free
    cards = [catalog.describe("models", variant.model)]
    cards += [catalog.describe("habits", h) for h in variant.habits]
    return tuple(name for card in cards for name in card.facts["free"])


def _results(config: Config, tables: dict[str, list[Row]]) -> list[Sheet]:
    kinds: tuple[tuple[str, Callable[[Config, str, list[Row]], Sheet | None]], ...] = (
        ("comparison", _comparison_sheet),
        ("recovery", _recovery_sheet),
        ("confusion", _confusion_sheet),
        ("dose", _dose_sheet),
    )
    sheets = [
        sheet(config, scenario, rows)
        for kind, sheet in kinds
        for (scenario,), rows in found.grouped(tables[kind], "scenario").items()
    ]
    quality = _quality_sheet(tables["fits"])
    return [s for s in (*sheets, quality) if s is not None]


def _dose_columns(config: Config, scenario: str) -> tuple[Column, ...]:
    return (Column("dose"),) if _has_doses(config, scenario) else ()


def _has_doses(config: Config, scenario: str) -> bool:
    if scenario in config.datasets:
        return config.datasets[scenario].columns.dose is not None
    return config.scenarios[scenario].lesion != "intact"


def _origin(row: Row) -> str:
    return "recorded" if row["source"] == DATA else row["source"]


def _comparison_sheet(config: Config, scenario: str, rows: list[Row]) -> Sheet | None:
    dosed = _has_doses(config, scenario)
    unit = config.datasets[scenario].unit if scenario in config.datasets else "subject"
    out = []
    for _, cell in found.grouped(rows, "source", "dose").items():
        for r in sorted(cell, key=lambda r: r["bic"]):
            best = "best" if r["delta_bic"] == 0 else ""
            out.append(
                _cells(
                    _origin(r),
                    *([fixed(r["dose"])] if dosed else []),
                    Cell(r["model"], best),
                    f"{r['n']:,}",
                    str(r["free"]),
                    fixed(r["log_likelihood"], 1),
                    fixed(r["aic"], 1),
                    fixed(r["delta_aic"], 1),
                    fixed(r["bic"], 1),
                    Cell(fixed(r["delta_bic"], 1), best),
                    share(r["wins_bic"]),
                    f"{fixed(r['mean_bic'])} ± {fixed(r['se_bic'])}",
                )
            )
    columns = (
        *_words("generated by"),
        *_dose_columns(config, scenario),
        *_words("fitted"),
        *(Column("n", unit=f"{unit}s"), Column("free", unit="parameters")),
        *(Column("log-likelihood", unit="nats"), Column("AIC"), Column("ΔAIC")),
        *(Column("BIC"), Column("ΔBIC"), Column("best by BIC", unit=f"of {unit}s")),
        Column("ΔBIC", unit=f"mean ± SE per {unit}"),
    )
    note = f"Criteria are sums over {unit}s; lower is better; Δ is against the best candidate there."
    caption = f"Comparison of candidates: {scenario}"
    return Sheet(f"table-comparison-{scenario}", caption, columns, out, note=note)


def _recovery_sheet(config: Config, scenario: str, rows: list[Row]) -> Sheet | None:
    dosed = _has_doses(config, scenario)
    out = []
    for r in rows:
        judged = r["source"] == r["model"] and found.undisturbed(config, scenario, r["dose"])
        mark = ("good" if found.is_recovered(r) else "bad") if judged and r["r"] is not None else ""
        low = "bad" if judged and found.coverage_is(r) == "low" else ""
        out.append(
            _cells(
                r["source"],
                *([fixed(r["dose"])] if dosed else []),
                r["model"],
                r["parameter"],
                f"{r['n']:,}",
                Cell(fixed(r["r"]), mark),
                number(r["bias"]),
                number(r["rmse"]),
                Cell(share(r["coverage"]), low),
                share(r["corner"]),
                share(r["converged"]),
            )
        )
    if not out:
        return None
    columns = (
        *_words("generated by"),
        *_dose_columns(config, scenario),
        *_words("fitted", "parameter"),
        *(Column("n", unit="subjects"), Column("r"), Column("bias", unit="natural scale")),
        *(Column("RMSE", unit="natural scale"), Column("coverage", unit="aim 95\u00a0%")),
        *(Column("at an end", unit="of domain"), Column("converged")),
    )
    note = (
        "Truth: the subject's value before any lesion. ✓ and ✗ judge r against "
        f"{found.RECOVERED:g}, and coverage, where the generating variant itself was fitted and "
        "no lesion is at work. At other doses bias shows what the lesion does to a fit that "
        "does not know it; where another variant was fitted, a shared parameter is compared "
        "with the first of those it stands for."
    )
    return Sheet(
        f"table-recovery-{scenario}", f"Recovery of parameters: {scenario}", columns, out, note=note
    )


def _confusion_sheet(config: Config, scenario: str, rows: list[Row]) -> Sheet | None:
    models = list(dict.fromkeys(r["model"] for r in rows))
    if scenario in config.datasets or len(models) < 2:
        return None
    dosed = _has_doses(config, scenario)
    out = []
    for (dose, source), cell in found.grouped(rows, "dose", "source").items():
        by_model = {r["model"]: r for r in cell}
        shares = [
            Cell(
                share(by_model[m][kind]) if m in by_model else "–",
                "best" if m == source else "",
                by_model[m][kind] if m in by_model else None,
            )
            for kind in ("confusion", "inversion")
            for m in models
        ]
        n = f"{cell[0]['n']:,}"
        out.append(_cells(source, *([fixed(dose)] if dosed else []), n, *shares))
    columns = (
        *_words("generated by"),
        *_dose_columns(config, scenario),
        Column("n", unit="subjects"),
        *(Column(m) for m in (*models, *models)),
    )
    plain = len(columns) - 2 * len(models)
    bands = (
        ("", plain),
        ("confusion: P(best | generated by)", len(models)),
        ("inversion: P(generated by | best)", len(models)),
    )
    note = (
        "Best by BIC; the generating model in bold. Inversion takes all sources of the scenario "
        "as equally likely beforehand."
    )
    caption = f"Recovery of models: {scenario}"
    return Sheet(f"table-confusion-{scenario}", caption, columns, out, bands, note)


def _dose_sheet(config: Config, scenario: str, rows: list[Row]) -> Sheet | None:
    out = []
    for (source,), part in found.grouped(rows, "source").items():
        cells = {number(d): v for (d,), v in found.grouped(part, "dose").items()}
        if len(cells) > 1:
            cells["all"] = part
        for dose, cell in cells.items():
            a = found.dose_recovery(cell)
            out.append(
                _cells(
                    source,
                    dose,
                    f"{a['n']:,}",
                    fixed(a["mean"]) if dose != "all" else "–",
                    fixed(a["sd"]) if dose != "all" else "–",
                    fixed(a["r"]),
                    number(a["bias"], 2),
                    number(a["rmse"], 2),
                    share(a["coverage"]),
                    share(a["corner"]),
                    share(a["converged"]),
                )
            )
    columns = (
        *_words("generated by"),
        *(Column("true dose"), Column("n", unit="sessions"), Column("mean", unit="estimate")),
        *(Column("SD", unit="of estimates"), Column("r"), Column("bias"), Column("RMSE")),
        *(Column("coverage", unit="aim 95\u00a0%"), Column("at an end", unit="of domain")),
        Column("converged"),
    )
    unit = found.dose_unit(config.scenarios[scenario].lesion)
    note = f"Dose, its estimate, bias and RMSE in one unit: {unit}. All other parameters are known."
    caption = f"Recovery of the dose: {scenario}"
    return Sheet(f"table-dose-{scenario}", caption, columns, out, note=note)


def _quality_sheet(rows: list[Row]) -> Sheet | None:
    out = []
    for (scenario, _, model), part in found.grouped(rows, "scenario", "source", "model").items():
        every = found.fitted_units(part)
        mean = lambda f: sum(map(f, every)) / len(every)  # noqa: B023
        agree = sorted(u[0]["agree"] for u in every)
        converged = mean(lambda u: bool(u[0]["converged"]))
        out.append(
            _cells(
                scenario,
                _origin(part[0]),
                model,
                f"{len(every):,}",
                Cell(share(converged), "bad" if converged < 1 else ""),
                share(mean(lambda u: bool(u[0]["positive_definite"]))),
                share(mean(lambda u: any(r["corner"] for r in u))),
                str(agree[len(agree) // 2]),
                str(agree[0]),
            )
        )
    columns = (
        *_words("scenario", "generated by", "fitted"),
        *(Column("fits"), Column("converged"), Column("proper optimum")),
        *(Column("at an end", unit="any parameter"), Column("agreeing restarts", unit="median")),
        Column("agreeing restarts", unit="fewest"),
    )
    note = "Agreeing restarts: how many starting points reached the same optimum."
    return Sheet("table-fits", "Quality of fits", columns, out, note=note) if out else None


# Words of the page


def _title(kind: catalog.Kind, name: str) -> str:
    title = catalog.describe(kind, name).title.rstrip(".")
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def _asked(config: Config) -> list[tuple[str, str]]:
    """Scenarios and data sets, each in a sentence."""
    out = []
    for name, s in config.scenarios.items():
        text = f"Simulated: {_title('tasks', s.task.name)}; "
        if s.lesion == "intact":
            text += "no lesion; "
        else:
            text += (
                f"{_title('lesions', s.lesion)}, at {'dose' if len(s.doses) == 1 else 'doses'} "
                f"{found.listed(map(number, s.doses))} ({found.dose_unit(s.lesion)}); "
            )
        text += (
            f"{found.plural(s.subjects, 'subject')} × {found.plural(s.trials, 'trial')}, generated "
            f"by {found.listed(s.sources)}. "
        )
        if s.candidates:
            text += f"Fitted, as if there were no lesion: {found.listed(s.candidates)}."
        else:
            text += "Nothing is fitted."
        if s.recover_dose:
            text += " The dose is then sought, the other parameters being known."
        out.append((name, text if s.lesion != "intact" else text.replace(", as if there were no lesion", "")))
    for name, d in config.datasets.items():
        text = f"Recorded: {PurePath(d.path).name}, one set of parameters per {d.unit}. "
        text += f"Fitted: {found.listed(d.candidates)}." if d.candidates else "Nothing is fitted."
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
        "lesions": list(dict.fromkeys(s.lesion for s in config.scenarios.values())),
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
    parameters: Sheet | None


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
        facts.append(("Acts on", _none(card.facts["targets"], "the broadcast of any model")))
    facts += [
        ("Not separable", f"{', '.join(names)} ({reason})")
        for names, reason in card.facts.get("confounded", ())
    ]
    if card.settings:
        facts.append(("Settings by default", _pairs(card.settings)))
    rows = [
        _cells(p.name, p.doc, _interval(p.domain), number(p.default), p.prior, p.role or "–")
        for p in card.params.values()
    ]
    columns = (
        *_words("parameter", "meaning", "domain"),
        Column("default"),
        *_words("prior", "role"),
    )
    ident = f"{card.kind}-{card.name}"
    caption = f"Parameters of {card.name}"
    sheet = Sheet(f"table-{ident}", caption, columns, rows) if rows else None
    return Part(ident, card.name, card.title, tuple(card.doc.split("\n\n")), facts, sheet)


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
        f"Solver {fit.solver}: {found.plural(fit.restarts, 'restart')} from points drawn from the "
        f"priors, at most {found.plural(fit.steps, 'step')} each, until the largest gradient is "
        f"below {number(fit.tolerance)}; numbers have {config.precision} bits. The best restart "
        "counts.",
        "Standard errors come from the Hessian at the estimate by the delta method; 95\u00a0% intervals "
        "are Wald intervals of the real coordinates, mapped to the natural scale. An interval of "
        "an estimate at an end of its domain means nothing.",
        "BIC counts every choice or latency that enters the likelihood.",
    ]


def _versions() -> list[tuple[str, str]]:
    """What computed this, as installed."""
    out = [("jaxda", __version__), ("Python", platform.python_version())]
    for name in _DISTRIBUTIONS:
        try:
            out.append((name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            continue
    return out
