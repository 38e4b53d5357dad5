"""Write the pages, and the parts of pages, that say what the code says.

`python docs/build.py` writes them, and a test fails while one is out of date. It measures the
landmarks that their page lacks; `--measure` measures all, which takes a minute or two. The
catalogue and the landmarks are pages of their own; the keys of a configuration and the numbers of
components stand between `<!-- begin ... -->` and `<!-- end -->` in pages that are otherwise
written by hand.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from jaxda import catalog, config, listing
from jaxda.catalog import Card, Kind, Parameter
from jaxda.clinic.table import ARROWS, Condition, Expected
from jaxda.clinic.table import load as load_conditions
from jaxda.errors import shown


ROOT = Path(__file__).resolve().parents[1]
_MADE = "<!-- Made by docs/build.py; edit the code, or the script. -->"

# The records of a configuration in the order of the page, each with the heading of its table.
RECORDS: dict[type[BaseModel], str] = {
    config.Config: "The file",
    config.Fit: "fit",
    config.Variant: "models",
    config.Scenario: "scenarios",
    config.TaskPart: "task of a scenario",
    config.AnalysisPart: "analyses",
    config.Batch: "batch",
    config.Levels: "levels of a batch",
    config.Schedule: "schedules of a batch",
    config.Dataset: "datasets",
    config.Columns: "columns of a dataset",
}

# What the code cannot say of a key: its unit ("–" for none), and an example as YAML.
NOTES: dict[str, dict[str, tuple[str, str]]] = {
    "Config": {
        "title": ("–", 'title: "My experiment"'),
        "seed": ("–", "seed: 20260508"),
        "precision": ("bits", "precision: 64"),
        "fit": ("–", "fit: {solver: fisher, restarts: 6}"),
        "models": ("–", "models: {q: {model: q_learning}}"),
        "scenarios": (
            "–",
            "scenarios: {healthy: {task: bandit, sources: [q], subjects: 20, trials: 200}}",
        ),
        "datasets": ("–", "see [datasets](#datasets)"),
        "figures": ("–", "figures: {learning_curves: [healthy]}"),
        "analyses": ("–", "analyses: {selection: [healthy], latents: {of: [pairs]}}"),
        "batch": (
            "–",
            "batch: {sweep: {models: [q], tasks: {easy: bandit}, trials: 200, replicates: 500}}",
        ),
        "gallery": ("–", "gallery: [travelling_error]"),
        "clinic": ("–", "clinic: [snc_loss_half]"),
        "conditions": ("–", "conditions: my_conditions.yaml"),
    },
    "Fit": {
        "solver": ("–", "solver: fisher"),
        "prior": ("–", "prior: false"),
        "restarts": ("starts per unit", "restarts: 6"),
        "steps": ("sweeps per start", "steps: 150"),
        "tolerance": ("nats (see the solver)", "tolerance: 1.0e-5"),
        "intervals": ("–", "intervals: profile"),
        "blocks": ("jobs per fit", "blocks: 8"),
    },
    "Variant": {
        "model": ("–", "model: q_learning"),
        "habits": ("–", "habits: [perseveration]"),
        "settings": ("as the model says", "settings: {critic: item}"),
        "values": ("natural scale of each parameter", "values: {lam: 0.9, gamma: 0.98}"),
        "free": ("–", "free: [alpha_pos=alpha_neg, beta]"),
        "bounds": ("natural scale", "bounds: {beta: [0, 10]}"),
        "population": (
            "[natural scale, real coordinate]",
            "population: {alpha_pos=alpha_neg: [0.2, 0.6], beta: [4.0, 0.3]}",
        ),
    },
    "Scenario": {
        "task": ("–", "task: {name: free_operant, settings: {ratio: 8}}"),
        "lesion": ("–", "lesion: snc_loss"),
        "doses": (
            "of the lesion: a share from 0 to 1, or a log of tonic dopamine",
            "doses: [0, 0.3, 0.6, 0.9]",
        ),
        "background": ("of each lesion", "background: {snc_loss: 0.8}"),
        "sources": ("–", "sources: [q_dual, opal]"),
        "candidates": ("–", "candidates: [q, q_dual, opal]"),
        "subjects": ("subjects per source and dose", "subjects: 40"),
        "sessions": ("sessions per subject and dose", "sessions: 3"),
        "trials": ("trials per session", "trials: 450"),
        "recover_dose": ("–", "recover_dose: true"),
    },
    "TaskPart": {
        "name": ("–", "name: pst"),
        "settings": ("as the task says", "settings: {blocks: 4}"),
    },
    "Dataset": {
        "path": ("–", "path: pst_learn.csv"),
        "task": ("–", "task: choice"),
        "columns": ("–", "columns: {subject: id, trial: t, choice: key, reward: won}"),
        "choice_base": ("–", "choice_base: 1"),
        "actions": ("actions per trial", "actions: 2"),
        "latency_unit": ("–", "latency_unit: ms"),
        "reward_scale": ("recorded units of reward", "reward_scale: 100"),
        "cues": ("–", "cues: {AB: [0, 1], CD: [2, 3], EF: [4, 5]}"),
        "missing": ("–", 'missing: ["", "NA", "-99"]'),
        "no_feedback": ("–", "no_feedback: true"),
        "unit": ("–", "unit: session"),
        "covariates": ("–", "covariates: {group: diagnosis, age: years}"),
        "candidates": ("–", "candidates: [q, q_dual, opal]"),
    },
    "AnalysisPart": {
        "of": ("–", "of: [healthy, snc_loss]"),
        "settings": ("as the analysis says", "settings: {criterion: laplace}"),
    },
    "Batch": {
        "models": ("–", "models: [q, opal]"),
        "tasks": ("–", "tasks: {easy: bandit, pairs: {name: pst, settings: {blocks: 4}}}"),
        "trials": ("trials per session", "trials: 200"),
        "lesions": (
            "of each lesion",
            "lesions: {snc_loss: [0, 0.3, 0.6], tonic: {low: -1, high: 0}}",
        ),
        "background": ("of each lesion", "background: {snc_loss: 0.8}"),
        "schedules": ("–", "schedules: {without: {drug: levodopa, doses: [0]}}"),
        "parameters": (
            "natural scale of each parameter",
            "parameters: {alpha_pos=alpha_neg: [0.1, 0.3], beta: {low: 1, high: 10}}",
        ),
        "draws": ("draws per cell", "draws: 100"),
        "pool_draws": ("–", "pool_draws: true"),
        "replicates": ("sessions per draw and cell", "replicates: 500"),
        "paired": ("–", "paired: true"),
        "win": ("as rewards", "win: 0.5"),
        "histograms": ("as the measure", "histograms: {better: [0, 1, 20]}"),
        "rows": ("–", "rows: session"),
        "chunk": ("sessions", "chunk: 20000"),
        "jobs": ("jobs per batch", "jobs: 8"),
    },
    "Levels": {
        "values": ("of the dose or parameter", "values: [0.1, 0.3]"),
        "low": ("of the dose or parameter", "low: 0.05"),
        "high": ("of the dose or parameter", "high: 0.6"),
        "spacing": ("–", "spacing: log"),
    },
    "Schedule": {
        "drug": ("–", "drug: levodopa"),
        "doses": ("of the lesion", "doses: [0, 0.5]"),
        "taken": ("[min, mg]", "taken: [[0, 100], [240, 100]]"),
        "at": ("min", "at: [30, 60, 120, 240]"),
        "response": ("–", "response: fluctuating"),
    },
    "Columns": {
        "subject": ("–", "subject: id"),
        "trial": ("integers, in the order of the session", "trial: t"),
        "choice": ("integers from `choice_base`", "choice: key"),
        "reward": ("recorded units, divided by `reward_scale`", "reward: won"),
        "session": ("–", "session: visit"),
        "cue": ("–", "cue: pair"),
        "latency": ("`latency_unit`", "latency: rt"),
        "dose": ("the lab's own", "dose: mg_per_kg"),
        "condition": ("–", "condition: drug"),
    },
}


def pages() -> dict[Path, str]:
    """Every page that holds something made from the code, with its text as it should be."""
    keys = {text: _keys(record) for record, text in RECORDS.items()}
    reference = _filled(ROOT / "config/README.md", keys)
    # Links out of the folder of the site lead nowhere.
    site = reference.replace("../docs/", "").replace(
        "# The configuration", _MADE + "\n\n# The configuration", 1
    )
    return {
        ROOT / "docs/catalogue.md": catalogue(),
        ROOT / "docs/landmarks.md": landmarks(_rows()),
        ROOT / "docs/conditions.md": conditions(),
        ROOT / "config/README.md": reference,
        ROOT / "docs/configuration.md": site,
        ROOT / "README.md": _filled(ROOT / "README.md", {"numbers": _numbers()}),
    }


def _rows() -> dict[str, list[list[str]]]:
    """The checks that the page of landmarks has, of landmarks that there are."""
    page = ROOT / "docs/landmarks.md"
    rows = written(page.read_text(encoding="utf-8")) if page.exists() else {}
    return {name: rows[name] for name in catalog.names("landmarks") if name in rows}


def _filled(path: Path, parts: dict[str, str]) -> str:
    """The page at `path` with its parts replaced.

    Raises:
        ValueError: if a part has no place, or no end.
    """
    text = path.read_text(encoding="utf-8")
    for name, part in parts.items():
        begin, end = f"<!-- begin {name} -->\n", "<!-- end -->"
        place = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.S)
        text, n = place.subn(lambda _, new=begin + part + end: new, text)
        if n != 1:
            raise ValueError(f"{path}: {n} places for {name!r}; there is to be one.")
    return text


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    line = lambda cells: f"| {' | '.join(map(_cell, cells))} |\n"
    return line(header) + line(("---",) * len(header)) + "".join(map(line, rows))


# The keys of a configuration


def _keys(record: type[BaseModel]) -> str:
    """The table of a record's keys.

    Raises:
        KeyError: if a key has no unit and no example in NOTES, or NOTES know another one.
    """
    notes = NOTES[record.__name__]
    if notes.keys() != record.model_fields.keys():
        differ = ", ".join(sorted(notes.keys() ^ record.model_fields.keys()))
        raise KeyError(
            f"docs/build.py: NOTES[{record.__name__!r}] and its keys differ in {differ}."
        )
    rows = []
    for name, field in record.model_fields.items():
        unit, example = notes[name]
        example = example if example.startswith("see ") else f"`{example}`"
        rows.append(
            (f"`{name}`", field.description or "", _type(field), _default(field), unit, example)
        )
    return (
        "\n"
        + _table(("key", "what stands there", "type", "default", "unit", "example"), rows)
        + "\n"
    )


def _type(field: FieldInfo) -> str:
    return _bounded(_kind(field.annotation), field.metadata)


def _kind(annotation: Any) -> str:
    plain = {int: "integer", float: "number", str: "text", bool: "true or false", Any: "value"}
    if annotation in plain:
        return plain[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{RECORDS[annotation]}](#{_anchor(RECORDS[annotation])})"
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _bounded(_kind(parts[0]), parts[1:])
    if origin is Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin in (Union, UnionType):
        return " or ".join(_kind(part) for part in parts if part is not NoneType)
    if origin is dict:
        return f"mapping of names to {_plural(parts[1])}"
    assert origin is tuple, annotation
    if parts[-1] is Ellipsis:
        return f"list of {_plural(parts[0])}"
    return f"[{', '.join(map(_kind, parts))}]"


def _plural(annotation: Any) -> str:
    kind = _kind(annotation)
    for one, many in (("integer", "integers"), ("number", "numbers"), ("text", "texts")):
        if kind.split(" ")[0] == one:
            return many + kind[len(one) :]
    return {"value": "values"}.get(kind, kind)


def _bounded(kind: str, metadata: Any) -> str:
    limits = []
    for item in metadata:
        for limit in getattr(item, "metadata", None) or [item]:
            for name, sign in (("ge", "≥"), ("gt", ">")):
                if (value := getattr(limit, name, None)) is not None:
                    limits.append(f"{sign} {value:g}")
    return " ".join([kind, *limits])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined:
        return "none"
    return "its defaults" if isinstance(value, BaseModel) else f"`{shown(value)}`"


def _anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")


# The catalogue

_INTRO = {
    "models": "Learners. Each learns from the dopamine that it receives and from nothing else.",
    "habits": "Tendencies without dopamine that any model of choice may have beside its values.",
    "tasks": "What subjects meet. A model can do a task if the task's kind is among its own.",
    "lesions": "Conditions and drugs. A dose of 0 changes nothing; what a dose is, each says.",
    "observations": "Which records have a probability, and so are fitted.",
    "solvers": "What proposes the steps of a fit.",
    "figures": "What is drawn from the tables of an experiment.",
    "landmarks": "What a theory must show, measured on the models above and drawn in the gallery.",
    "analyses": "What is asked of fits and sessions beyond the estimates.",
    "assays": "Protocols that tell a condition from its control, on the same individuals.",
}


def _numbers() -> str:
    rows = []
    for kind in catalog.KINDS:
        found = catalog.names(kind)
        rows.append((kind, str(len(found)), ", ".join(f"`{n}`" for n in found)))
    return "\n" + _table(("kind", "number", "names"), rows) + "\n"


def catalogue() -> str:
    """The page of everything that a configuration can name."""
    parts = [
        _MADE + "\n",
        "# The catalogue\n",
        "What a configuration can name, as the source files say it. The same in a terminal: "
        "`jaxda list`, `jaxda list models`, `jaxda list models opal`.\n",
        "A parameter has a *domain* (open interval) of natural values, a *default*, a *prior* on "
        "the natural scale that fits and starting points use, and perhaps a *role*, by which "
        "lesions find it whatever it is called. Rates, times and rewards have the units that "
        "the text of a component says; a reward is in units of 1 unless it says otherwise.\n",
        _numbers().strip() + "\n",
        _roles(),
        _confounded(),
    ]
    for kind in catalog.KINDS:
        parts += [f"## {kind.capitalize()}\n", _INTRO[kind] + "\n"]
        parts += [_card(catalog.describe(kind, name)) for name in catalog.names(kind)]
    return "\n".join(parts)


def _every(*kinds: Kind) -> list[Card]:
    return [catalog.describe(kind, name) for kind in kinds for name in catalog.names(kind)]


def _roles() -> str:
    players: dict[str, list[str]] = {}
    for card in _every("models", "habits"):
        for p in card.params.values():
            if p.role:
                players.setdefault(p.role, []).append(f"{card.name}.{p.name}")
    rows = []
    for role, played in sorted(players.items()):
        lesions = [c.name for c in _every("lesions") if role in c.facts["targets"]]
        rows.append(
            (
                f"`{role}`",
                ", ".join(f"`{p}`" for p in played),
                ", ".join(f"`{n}`" for n in lesions) or "–",
            )
        )
    return (
        "## Roles\n\nA lesion that must find one of its roles is refused where a model plays "
        "none. `snc_loss` acts on the broadcast of any model and, where they exist, on "
        "`go_rate`, `tonic_balance` and `tonic_rate`; `intact` acts on nothing.\n\n"
        + _table(("role", "parameters", "lesions that need it"), rows)
    )


def _confounded() -> str:
    rows = [
        (f"`{card.name}`", ", ".join(f"`{n}`" for n in names), reason)
        for card in _every("models", "habits", "lesions")
        for names, reason in card.facts.get("confounded", ())
    ]
    return (
        "## What cannot be separated\n\nA configuration that frees all of one of these sets is "
        "refused with the reason. Beyond this list a fit looks at the data themselves: where a "
        "direction in the free parameters changes the probability of no record, the fit is "
        "refused too.\n\n"
        + _table(("component", "together", "why"), rows)
        + "\n\nWhat data could separate and experiments seldom do:\n\n"
        + _table(
            ("component", "hard to tell apart"),
            [
                (f"`{card.name}`", card.facts["identifiability"])
                for card in _every("models", "habits", "lesions")
                if "identifiability" in card.facts
            ],
        )
    )


def _said(said: str | tuple[str, ...]) -> str:
    if isinstance(said, str):
        return said
    return ", ".join(name if " " in name else f"`{name}`" for name in said) or "none"


def _card(card: Card) -> str:
    parts = [f"### {card.name}\n", f"{card.title}\n"]
    if card.doc:
        parts.append(f"```text\n{card.doc}\n```\n")
    items = [f"- {label.capitalize()}: {_said(said)}" for label, said in listing.told(card)]
    if items:
        parts.append("\n".join(items) + "\n")
    if card.params:
        parts.append(_parameters(list(card.params.values())))
    return "\n".join(parts)


def _parameters(params: list[Parameter]) -> str:
    rows = [
        (
            f"`{p.name}`",
            listing.interval(p.domain),
            f"{p.default:g}",
            p.prior,
            f"`{p.role}`" if p.role else "–",
            p.doc,
        )
        for p in params
    ]
    return _table(("parameter", "domain", "default", "prior", "role", "meaning"), rows)


# The conditions

_CONDITIONS = """# Conditions

The central table: what a disease, a loss or a drug changes, and what must come of it. `make clinic`
holds every row against its control, on 2,000 individuals that are the same in both and meet the
same random numbers, writes sign, size and interval beside what is expected to
`results/clinic.html` and `results/clinic.csv`, and fails where a sign is wrong. In a terminal:
`jaxda conditions`, or `jaxda conditions NAME`.

Everything here is a simulation of a model and no medical advice. Nothing is said of a person.

Evidence: A confirmed in a source and in numbers, B in its sign, C a claim of a model, D contested.
Sizes are a ratio to the control, a difference from it, the value itself, or a ratio of spreads.
*Species mixed* means that constants of rodents stand for humans.

A table of your own is a YAML file of the same form as `jaxda/clinic/conditions.yaml`, shown below;
name it under `conditions` in the configuration, or after `jaxda conditions --table`. A row runs an
assay (`jaxda list assays`) under two settings; an assay is one file in `jaxda/assays`.
"""


def conditions() -> str:
    """The page of the central table."""
    table = load_conditions()
    rows = [
        (
            str(row.number),
            f"[{row.title}](#{name})",
            "/".join(row.evidence),
            ", ".join(_effects(row)),
        )
        for name, row in table.items()
    ]
    parts = [_MADE + "\n", _CONDITIONS, _table(("#", "condition", "evidence", "effects"), rows)]
    for name, row in table.items():
        parts += [f"### {name}\n", f"{row.number}. {row.title}. Changed: {row.change}.\n"]
        parts.append(
            _table(
                ("assay", "against", "control", "condition", "outcome", "expected", "scale"),
                [
                    (
                        f"`{c.assay}`",
                        c.versus,
                        _set(c.control),
                        _set(c.control | c.condition),
                        catalog.describe("assays", c.assay).facts["outcomes"][outcome],
                        _expected(e),
                        e.scale,
                    )
                    for c in row.compare
                    for outcome, e in c.expect.items()
                ],
            )
        )
        mixed = ["- Species mixed."] if row.mixed else []
        against = [f"- Against: {row.against}"] if row.against else []
        note = [f"- {row.note}"] if row.note else []
        parts.append("\n".join([*mixed, f"- Source: {row.source}", *against, *note]) + "\n")
    return "\n".join(parts)


def _effects(row: Condition) -> str:
    signs = (f"{o} {ARROWS[e.sign]}" for c in row.compare for o, e in c.expect.items())
    return ", ".join(signs)


def _set(settings: dict[str, Any]) -> str:
    return ", ".join(f"{k} {shown(v)}" for k, v in settings.items()) or "–"


def _expected(e: Expected) -> str:
    return ARROWS[e.sign] if e.low is None else f"{ARROWS[e.sign]} {e.low:g} to {e.high:g}"


# The landmarks

_NOT_YET = "Not measured yet.\n"
# Below this tolerance numbers differ by rounding alone.
_ROUNDING = 1e-6


def landmarks(rows: dict[str, list[list[str]]]) -> str:
    """The page of landmarks, with the rows of checks of those that were measured."""
    cards = _every("landmarks")
    count = sum(len(r) for r in rows.values())
    held = sum(row[-1] == "pass" for r in rows.values() for row in r)
    parts = [
        _MADE + "\n",
        "# Landmarks\n",
        "Known results, measured on the models of the catalogue: what a theory or a publication "
        "says, and what the models here give. Expected values come from closed forms "
        "(`jaxda/theory`), or from published or independently computed numbers; where an expected "
        "value is a bound, the tolerance is the slack that it has. Of what was got, as many digits "
        "are shown as the tolerance gives a meaning to. The same as a table in a terminal: "
        "`jaxda landmarks`, or `jaxda landmarks NAME` for one; as pictures: `jaxda gallery`.\n",
        f"{len(cards)} landmarks with {count} checks, of which {held} pass.\n",
        _table(
            ("landmark", "models", "checks"),
            [
                (
                    f"[{card.facts['title']}](#{_anchor(card.name)})",
                    ", ".join(f"`{m}`" for m in card.facts["models"]),
                    str(len(rows.get(card.name, ()))),
                )
                for card in cards
            ],
        ),
    ]
    for card in cards:
        facts = card.facts
        parts += [f"## {card.name}\n", f"**{facts['title']}.** {facts['claim']}\n"]
        items = [f"- Source: {facts['source']}"]
        if facts.get("caution"):
            items.append(f"- Caution: {facts['caution']}")
        parts.append("\n".join(items) + "\n")
        header = ("what", "expected", "got", "tolerance", "")
        checks = [tuple(row) for row in rows.get(card.name, ())]
        parts.append(_table(header, checks) if checks else _NOT_YET)
    return "\n".join(parts)


def written(page: str) -> dict[str, list[list[str]]]:
    """The rows of checks that a page of landmarks holds, by landmark."""
    rows: dict[str, list[list[str]]] = {}
    for section in page.split("\n## ")[1:]:
        name, _, text = section.partition("\n")
        lines = [line for line in text.splitlines() if line.startswith("| ")][2:]
        # A bar inside a cell has a backslash before it.
        cells = [re.split(r"(?<!\\) \| ", line[2:].removesuffix(" |")) for line in lines]
        if cells:
            rows[name] = [[cell.replace("\\|", "|") for cell in row] for row in cells]
    return rows


def checked(checks: Sequence[Any]) -> list[list[str]]:
    """The rows of a landmark's checks, the same on every machine."""
    rows = []
    for check in checks:
        what, *row = listing.check_row((*check, check.passed))
        many = re.fullmatch(r"(.*) \(farthest of (\d+)\)", what)
        if many and check.passed and check.tolerance <= _ROUNDING:
            # Which of many equal pairs is the farthest apart is a matter of rounding.
            what, row = many[1], [f"{many[2]} values", "agree", *row[2:]]
        rows.append([what, *row])
    return rows


def measured(names: Iterable[str]) -> dict[str, list[list[str]]]:
    """The rows of these landmarks, measured now."""
    from jaxda import platform
    from jaxda.progress import progress

    names, rows = list(names), {}
    if names:
        platform.configure()
    with progress("landmarks") as tell:
        for i, name in enumerate(names):
            rows[name] = checked(catalog.load("landmarks", name)().measure().checks)
            tell(i + 1, len(names))
    return rows


def main(*arguments: str) -> None:
    """Write every page whose text is not as it should be.

    Landmarks that the page of landmarks lacks are measured first; with `--measure` all of them.
    """
    page = ROOT / "docs/landmarks.md"
    rows = {} if "--measure" in arguments else _rows()
    rows |= measured(n for n in catalog.names("landmarks") if n not in rows)
    made = pages() | {page: landmarks(rows)}
    for path, text in made.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main(*sys.argv[1:])
