"""An experiment as YAML describes it: frozen, checked records. Imports no JAX.

Everything that can be known to be wrong before a job starts is found here, all of it at once,
each with file, line and column.
"""

import functools
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticUndefined

from . import _checks, _marked, catalog
from .errors import InputError, Problem, shown


T = TypeVar("T")
# The place of what stands in no file.
_WITHOUT_FILE = _marked.Place("configuration")
_ROOT = Path(__file__).parent


class _Frozen(dict[str, Any]):
    """A mapping that does not change, so that what holds it can be hashed."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return _Frozen, (dict(self),)

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("a configuration does not change.")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


def _tied(name: str) -> str:
    return "=".join(part.strip() for part in name.split("="))


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _levels(value: Any) -> Any:
    return {"values": tuple(value)} if isinstance(value, list | tuple) else value


def _analysed(value: Any) -> Any:
    return {"of": tuple(value)} if isinstance(value, list | tuple) else value


Map = Annotated[dict[str, T], AfterValidator(_Frozen)]
Tied = Annotated[str, AfterValidator(_tied)]
TiedMap = Annotated[dict[Tied, T], AfterValidator(_Frozen)]
Count = Annotated[int, Field(ge=1)]
Real = Annotated[float, Field(allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]


class _Record(BaseModel):
    # The description of a field completes the sentence "what would be right is ...".
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _tidy(cls, data: Any) -> Any:
        return _tidied(cls, data) if isinstance(data, Mapping) else data


def _tidied(record: type[BaseModel], data: Mapping[str, Any]) -> dict[str, Any]:
    """Lists become tuples, and what is left empty takes its default."""
    fields = record.model_fields
    empty = {k for k, v in data.items() if v is None and k in fields}
    optional = {k for k in empty if not fields[k].is_required()}
    return {str(k): _marked.tuples(v) for k, v in data.items() if k not in optional}


class Fit(_Record):
    """How candidates are fitted."""

    solver: Text = Field(default="fisher", description="the name of a solver")
    prior: bool = Field(
        default=True, description="true (maximum a posteriori) or false (likelihood)"
    )
    restarts: Annotated[Count, Field(le=10_000)] = Field(
        default=8, description="how many starting points, an integer from 1 to 10000"
    )
    steps: Annotated[Count, Field(le=1_000_000)] = Field(
        default=200, description="most iterations of a start, an integer from 1 to 1000000"
    )
    tolerance: Annotated[Real, Field(gt=0)] = Field(
        default=1e-5, description="when a fit has converged (see the solver), a number above 0"
    )
    intervals: Literal["laplace", "profile"] = Field(
        default="laplace",
        description="'laplace' (from the curvature) or 'profile' (from the profile likelihood)",
    )
    blocks: Count = Field(
        default=1, description="into how many jobs the units of a fit are dealt, an integer from 1"
    )


class Variant(_Record):
    """A model with its habits, and what of it is free.

    `values` are natural values of parameters that differ from their default. `free` None frees
    what the model and its habits free by default. `bounds` narrow the domain of free
    parameters. `population` spreads free parameters over generated subjects: the median, on
    the natural scale, and the standard deviation of the real coordinate.
    """

    model: Text = Field(description="the name of a model")
    habits: tuple[Text, ...] = Field(default=(), description="a list of habits, [] for none")
    settings: Map[Any] = Field(
        default={}, description="a mapping of settings of the model to values"
    )
    values: Map[Real] = Field(default={}, description="a mapping of parameters to numbers")
    free: tuple[Tied, ...] | None = Field(
        default=None, description="a list of parameters, with a=b for two that share a value"
    )
    bounds: TiedMap[tuple[Real, Real]] = Field(
        default={}, description="a mapping of free parameters to [lowest, highest]"
    )
    population: TiedMap[tuple[Real, Annotated[Real, Field(ge=0)]]] = Field(
        default={}, description="a mapping of free parameters to [median, spread], spread from 0"
    )


class TaskPart(_Record):
    """A task by name, with settings that differ from their default."""

    name: Text = Field(description="the name of a task")
    settings: Map[Any] = Field(
        default={}, description="a mapping of settings of the task to values"
    )


class Scenario(_Record):
    """Sessions to generate (task x lesion x doses x sources), and what is fitted to them.

    `trials` is the number of trials of a session; a task decides how many events a trial has.
    The `doses` are those of `lesion`; what lies under them in every session, such as the loss
    of cells under a drug, is the `background`.
    """

    task: Annotated[TaskPart, BeforeValidator(_named)] = Field(
        description="the name of a task, or {name: ..., settings: {...}}"
    )
    lesion: Text = Field(default="intact", description="the name of a lesion")
    doses: Annotated[tuple[Real, ...], Field(min_length=1)] = Field(
        default=(0.0,), description="a list of at least one finite dose"
    )
    background: Map[Real] = Field(
        default={}, description="a mapping of other lesions to the dose that all sessions have"
    )
    sources: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(
        description="a list of at least one of the models of this file, which generate the data"
    )
    candidates: tuple[Text, ...] = Field(
        default=(), description="a list of models of this file, which are fitted"
    )
    subjects: Count = Field(description="how many subjects, an integer from 1")
    sessions: Count = Field(1, description="how many sessions of a subject, an integer from 1")
    trials: Count = Field(description="how many trials in a session, an integer from 1")
    recover_dose: bool = Field(
        default=False, description="true (the dose is estimated from the data) or false"
    )

    @property
    def lesions(self) -> tuple[str, ...]:
        """Names of all lesions: the one that is dosed, then the background."""
        return (self.lesion, *self.background)


class Columns(_Record):
    """What the columns of a table are called."""

    subject: Text = Field(description="the name of the column of subjects, in quotes if a number")
    trial: Text = Field(description="the name of the column of trials")
    choice: Text = Field(description="the name of the column of choices")
    reward: Text = Field(description="the name of the column of rewards")
    session: Text | None = Field(default=None, description="the name of the column of sessions")
    cue: Text | None = Field(default=None, description="the name of the column of cues")
    latency: Text | None = Field(default=None, description="the name of the column of latencies")
    dose: Text | None = Field(default=None, description="the name of the column of doses")
    condition: Text | None = Field(default=None, description="the name of the column of conditions")


class Dataset(_Record):
    """A table of recorded choices and how to read it.

    `choice_base` is the number of the first action. `reward_scale` is the recorded reward that
    counts as 1: rewards are divided by it. `cues` says which item each action takes at a cue;
    by default the cues, sorted, have items of their own. Parameters belong to a `unit`:
    sessions of a subject share them, or each session has its own. `no_feedback` allows choices
    after which no reward was recorded. `covariates` are columns with one value for each unit,
    such as its group or age.
    """

    path: Text = Field(description="the name of a .csv, .csv.gz, .tsv or .parquet file")
    task: Text = Field(default="choice", description="a kind of task, such as choice")
    columns: Columns = Field(
        description="a mapping {subject: ..., trial: ..., choice: ..., reward: ...} to column names"
    )
    choice_base: Literal[0, 1] = Field(description="0 or 1: what the first action is called")
    actions: Annotated[int, Field(ge=2, le=1000)] = Field(
        default=2, description="an integer from 2 to 1000"
    )
    latency_unit: Literal["s", "ms"] | None = Field(default=None, description="'s' or 'ms'")
    reward_scale: Annotated[Real, Field(gt=0)] = Field(
        default=1.0, description="the reward that counts as 1, a number above 0"
    )
    cues: Map[tuple[Annotated[int, Field(ge=0, lt=10_000)], ...]] | None = Field(
        default=None,
        description="a mapping of cues to the items of their actions, integers from 0 to 9999",
    )
    missing: tuple[str, ...] = Field(
        default=("", "NA", "NaN", "nan"),
        description="a list of texts that mean missing, each in quotes",
    )
    no_feedback: bool = Field(
        default=False, description="true (a choice may have no reward) or false"
    )
    unit: Literal["subject", "session"] = Field(
        default="subject", description="'subject' or 'session'"
    )
    covariates: Map[Text] = Field(
        default={}, description="a mapping of covariates to the names of their columns"
    )
    candidates: tuple[Text, ...] = Field(
        default=(), description="a list of models of this file, which are fitted"
    )


class AnalysisPart(_Record):
    """What is analysed: scenarios and data sets, with settings that differ from their default."""

    of: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(
        description="a list of the scenarios and data sets that are analysed"
    )
    settings: Map[Any] = Field(
        default={}, description="a mapping of settings of the analysis to values"
    )


class Levels(_Record):
    """Values that each have cells of their own, or a range of which every draw has a value."""

    values: tuple[Real, ...] = Field(default=(), description="a list of numbers")
    low: Real | None = Field(default=None, description="the low end of a range, a number")
    high: Real | None = Field(default=None, description="the high end of a range, a number")
    spacing: Literal["linear", "log"] = Field(
        default="linear", description="'linear' or 'log': of what draws are spread evenly over"
    )


class Schedule(_Record):
    """A drug over the lesions: its doses, or what was taken and when it is looked at.

    What is `taken` (min, mg) gives the dose by the kinetics of the drug, in people whose effect
    site follows plasma as `response` says.
    """

    drug: Text = Field(description="the name of a lesion, such as levodopa")
    doses: tuple[Real, ...] = Field(default=(), description="a list of doses")
    taken: tuple[tuple[Real, Annotated[Real, Field(ge=0)]], ...] = Field(
        default=(), description="a list of [minute, mg], mg from 0"
    )
    at: tuple[Real, ...] = Field(
        default=(), description="a list of times of sessions in min, as in taken"
    )
    response: Literal[
        "stable", "moderate", "fluctuating", "stable_medians", "fluctuating_medians"
    ] = Field(
        default="stable",
        description="'stable', 'moderate', 'fluctuating', 'stable_medians' or "
        "'fluctuating_medians': how people respond to levodopa",
    )


class Batch(_Record):
    """Many sessions, of which only statistics are kept: every combination of what is listed.

    A cell is one combination of a model, a task, a lesion with its dose, a schedule and values of
    `parameters`; with ranges, also one draw of them, unless `pool_draws`. `paired` cells of a
    task share the random numbers of their replicates. `chunk` bounds the memory and changes no
    result.
    """

    models: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(
        description="a list of at least one of the models of this file"
    )
    tasks: Annotated[Map[Annotated[TaskPart, BeforeValidator(_named)]], Field(min_length=1)] = (
        Field(description="a mapping of names of your own to tasks, at least one")
    )
    trials: Count = Field(description="how many trials in a session, an integer from 1")
    lesions: Map[Annotated[Levels, BeforeValidator(_levels)]] = Field(
        default={},
        description="a mapping of lesions to lists of doses, or to {low: ..., high: ...}",
    )
    background: Map[Real] = Field(
        default={}, description="a mapping of other lesions to the dose that all sessions have"
    )
    schedules: Map[Schedule] = Field(
        default={}, description="a mapping of names of your own to {drug: ..., ...}"
    )
    parameters: TiedMap[Annotated[Levels, BeforeValidator(_levels)]] = Field(
        default={},
        description="a mapping of parameters to lists of values, or to {low: ..., high: ...}",
    )
    draws: Count = Field(default=1, description="how many draws from ranges, an integer from 1")
    pool_draws: bool = Field(
        default=False, description="true (a cell holds all draws) or false (each is a cell)"
    )
    replicates: Count = Field(
        default=1, description="how many sessions of each draw in a cell, an integer from 1"
    )
    paired: bool = Field(
        default=False, description="true (cells share their random numbers) or false"
    )
    win: Real = Field(default=0.0, description="a number; a reward above it is a win")
    histograms: Map[tuple[Real, Real, Annotated[int, Field(ge=1, le=1000)]]] = Field(
        default={}, description="a mapping of measures to [lowest, highest, bins], bins to 1000"
    )
    rows: Literal["cell", "session", "event"] = Field(
        default="cell", description="'cell', 'session' or 'event': of what rows are kept"
    )
    chunk: Annotated[int, Field(ge=64)] = Field(
        default=65_536, description="how many sessions are simulated at once, an integer from 64"
    )
    jobs: Count = Field(default=1, description="how many jobs share the batch, an integer from 1")


class Config(_Record):
    """A whole experiment."""

    title: str = Field(description="a title, in quotes")
    seed: Annotated[int, Field(ge=0)] = Field(description="an integer from 0")
    precision: Literal[32, 64] = Field(default=64, description="64 or 32 bits")
    fit: Fit = Field(
        default_factory=Fit, description="a mapping such as {solver: fisher, restarts: 8}"
    )
    models: Map[Variant] = Field(description="a mapping of names to {model: ..., free: ...}")
    scenarios: Map[Scenario] = Field(
        default={}, description="a mapping of names to {task: ..., ...}"
    )
    datasets: Map[Dataset] = Field(default={}, description="a mapping of names to {path: ..., ...}")
    figures: Map[Annotated[tuple[Text, ...], Field(min_length=1)]] = Field(
        default={},
        description="a mapping of figures to lists of the scenarios and data sets they draw",
    )
    analyses: Map[Annotated[AnalysisPart, BeforeValidator(_analysed)]] = Field(
        default={},
        description="a mapping of analyses to a list of scenarios and data sets, or to "
        "{of: [...], settings: {...}}",
    )
    batch: Map[Batch] = Field(
        default={}, description="a mapping of names to {models: [...], tasks: ..., trials: ...}"
    )
    gallery: tuple[Text, ...] = Field(
        default=(), description="a list of landmarks, or [all]; they are measured and drawn"
    )
    clinic: tuple[Text, ...] = Field(
        default=(), description="a list of conditions, or [all]; each is held against its control"
    )
    conditions: Text | None = Field(
        default=None, description="the name of a YAML file with conditions of your own"
    )

    def variant(self, name: str) -> Variant:
        """The model variant called `name`."""
        return _item(self.models, name, "model")

    def scenario(self, name: str) -> Scenario:
        """The scenario called `name`."""
        return _item(self.scenarios, name, "scenario")

    def dataset(self, name: str) -> Dataset:
        """The data set called `name`."""
        return _item(self.datasets, name, "data set")


def _item(records: dict[str, T], name: str, what: str) -> T:
    if name not in records:
        raise KeyError(f"no {what} called {name!r}; {catalog.did_you_mean(name, records)}")
    return records[name]


def load(*paths: str | os.PathLike[str], overrides: Mapping[str, Any] | None = None) -> Config:
    """The experiment described by YAML files; mappings are joined, else the later file wins.

    `overrides` is nested like the files, wins over all of them and may stand alone. A relative
    path of a data set or schedule is looked for beside the file that names it, then in the
    current folder. A schedule in a table is read here and written out in the experiment.

    Raises:
        InputError: with everything that is wrong.
    """
    config, report = draft(*paths, overrides=overrides)
    if report.found:
        _marked.fail(report.found)
    return config


def draft(
    *paths: str | os.PathLike[str], overrides: Mapping[str, Any] | None = None
) -> tuple[Config, _marked.Report]:
    """An experiment as `load` reads it, with what is wrong with it in place of a refusal.

    Where anything is wrong, the experiment holds only the models, scenarios and data sets that
    are sound. The report takes more problems with them.

    Raises:
        InputError: if a file is not YAML, or `overrides` have no end.
    """
    found: _marked.Found = {}
    trees = [_marked.read(Path(path), found) for path in paths]
    read = [tree for tree in trees if tree]
    if len(read) < len(paths):
        _marked.fail(found)
    if overrides or not paths:
        if not _marked.bounded(overrides):
            raise InputError([Problem(str(_WITHOUT_FILE), *_marked.ENDLESS)])
        read.append(_marked.mark(overrides or {}, _WITHOUT_FILE))
    return _examined(functools.reduce(_marked.merge, (_located(t) for t in read)), found)


def draft_json(text: str) -> tuple[Config, _marked.Report]:
    """The same for an experiment that is one JSON text.

    Raises:
        InputError: if it is not.
    """
    right = "the name of a YAML file, or an experiment as JSON"
    return _examined(_marked.read_json(text, _WITHOUT_FILE, right), {})


def _examined(tree: _marked.Marked, found: _marked.Found) -> tuple[Config, _marked.Report]:
    report, data = _marked.Report(tree, found), _tidied(Config, _plain(tree, found))
    before = len(found)
    _checks.check(_sections(data), report)
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        _explain(error, report, {*[*found.values()][before:]})
    return (_sound(data, report) if found else config), report


def _sound(data: Mapping[str, Any], report: _marked.Report) -> Config:
    """What nothing is wrong with, as an experiment."""
    parts: dict[str, dict[str, Any]] = {"models": {}, "scenarios": {}, "datasets": {}, "batch": {}}
    wrong = {loc[:n] for loc in report.found.values() for n in range(3)}
    for section, sound in parts.items():
        items = data.get(section)
        for name, item in items.items() if isinstance(items, dict) else ():
            if (section, name) not in wrong:
                sound[name] = item
    return Config.model_validate({"title": "", "seed": 0, **parts})


def _located(tree: _marked.Marked) -> _marked.Marked:
    """Paths of tables that lie beside their file, seen from the current folder."""
    tree = _each(tree, "datasets", ("path",), _beside)
    tree = _each(tree, "scenarios", ("task", "settings", "table"), _beside)
    tree = _each(tree, "analyses", (), _spelt_out)
    for levels in ("lesions", "parameters"):
        tree = _each(tree, "batch", (levels,), _spelt_levels)
    if own := tree.value.get("conditions"):
        tree = tree._replace(value=tree.value | {"conditions": _beside(own)})
    return tree


def _spelt_out(analysis: _marked.Marked) -> _marked.Marked:
    """What is analysed as a mapping, where it is a list alone."""
    if isinstance(analysis.value, list):
        return analysis._replace(value={"of": analysis})
    return analysis


def _spelt_levels(levels: _marked.Marked) -> _marked.Marked:
    """Levels as mappings, where they are lists alone."""
    if not isinstance(levels.value, dict):
        return levels
    spelt = lambda v: v._replace(value={"values": v}) if isinstance(v.value, list) else v
    return levels._replace(value={name: spelt(v) for name, v in levels.value.items()})


def _beside(path: _marked.Marked) -> _marked.Marked:
    if isinstance(path.value, str):
        beside = Path(path.at.file).parent / path.value
        if os.path.isfile(beside):
            return path._replace(value=os.path.normpath(beside))
    return path


def _each(
    tree: _marked.Marked,
    section: str,
    keys: tuple[str, ...],
    change: Callable[[_marked.Marked], _marked.Marked],
) -> _marked.Marked:
    """What stands under `keys` in every entry of a section, changed."""

    def at(node: _marked.Marked, keys: tuple[str, ...]) -> _marked.Marked:
        if not keys:
            return change(node)
        inner = node.value
        if not (isinstance(inner, dict) and keys[0] in inner):
            return node
        return node._replace(value=inner | {keys[0]: at(inner[keys[0]], keys[1:])})

    part = tree.value.get(section)
    if not (part and isinstance(part.value, dict)):
        return tree
    new = part._replace(value={name: at(entry, keys) for name, entry in part.value.items()})
    return tree._replace(value=tree.value | {section: new})


def _plain(tree: _marked.Marked, found: _marked.Found) -> dict[str, Any]:
    """The data of a file, with schedules that stand in tables written out."""
    data = _marked.plain(tree)
    scenarios = data.get("scenarios")
    for name, scenario in scenarios.items() if isinstance(scenarios, dict) else ():
        task = scenario.get("task") if isinstance(scenario, dict) else None
        if isinstance(task, dict) and isinstance(task.get("settings"), dict):
            task["settings"] = _written_out(task, ("scenarios", name, "task"), tree, found)
    return data


def _written_out(
    task: Mapping[str, Any], loc: tuple[str, ...], tree: _marked.Marked, found: _marked.Found
) -> dict[str, Any]:
    """Settings of a task with what its table holds in place of the name of the table."""
    settings, name = task["settings"], str(task.get("name"))
    known = name in catalog.names("tasks")
    filled = catalog.describe("tasks", name).facts.get("table") if known else None
    if not filled or "table" not in settings:
        return settings
    rest, path = {k: v for k, v in settings.items() if k != "table"}, settings["table"]
    loc, report = (*loc, "settings", "table"), _marked.Report(tree, found)
    if both := sorted({filled, "actions"} & {*rest}):
        right = f"either of them: a table holds {' and '.join(both)}"
        report(loc, f"a table beside {' and '.join(both)}", right, key=True)
    if not isinstance(path, str):
        right = "the name of a .csv, .csv.gz, .tsv or .parquet file"
        report(loc, shown(path), right)
        return {k: v for k, v in rest.items() if k != filled}
    # Tables are read with pyarrow, which is slow to import.
    from .data import schedules

    read, problems = schedules.settings(path, name)
    for i, problem in enumerate(problems):
        told = problem._replace(where=f"{problem.where}: {_marked.dotted(loc)}")
        found[_marked.Place(path, 0, i), told] = loc
    return {k: v for k, v in rest.items() if k not in both} | read


def _explain(error: ValidationError, report: _marked.Report, told: set[_marked.Loc]) -> None:
    """Report what has the wrong shape, except where more than that has been `told`."""
    for fault in error.errors(include_url=False, include_context=False):
        loc = fault["loc"]
        if loc in told:
            continue
        record, right = _expected(loc)
        if fault["type"] == "extra_forbidden":
            near = catalog.did_you_mean(str(loc[-1]), record.model_fields if record else ())
            report(loc, f"no key called {str(loc[-1])!r}", near, key=True)
        else:
            found = "missing" if fault["type"] == "missing" else shown(fault["input"])
            report(loc, found, right)


def _expected(loc: tuple[str | int, ...]) -> tuple[type[_Record] | None, str]:
    """The record that holds `loc`, and what its innermost described field should be."""
    holder: type[_Record] | None = None
    inner: type[_Record] | None = Config
    right, named = "", False
    for step in loc:
        if named or inner is None:
            named, holder = False, inner or holder
            continue
        holder = inner
        if step not in inner.model_fields:
            break
        field = inner.model_fields[str(step)]
        right = field.description or ""
        inner, named = _record_in(field.annotation)
    return holder, right


def _record_in(annotation: Any) -> tuple[type[_Record] | None, bool]:
    """The record that an annotation speaks of, and whether it has a name there."""
    if isinstance(annotation, type) and issubclass(annotation, _Record):
        return annotation, False
    for part in get_args(annotation):
        record, named = _record_in(part)
        if record:
            return record, named or get_origin(annotation) is dict
    return None, False


@functools.cache
def _adapter(record: type[_Record], name: str) -> Any:
    return TypeAdapter(record.model_fields[name].rebuild_annotation())


def _fields(record: type[_Record], data: Any) -> dict[str, Any]:
    """The fields of a record that are right on their own, and None for the others.

    What is wrong in a mapping hides nothing else in it: it stands there as `Wrong`.
    """
    out: dict[str, Any] = {}
    data = _tidied(record, data) if isinstance(data, Mapping) else {}
    for name, field in record.model_fields.items():
        if name not in data:
            default = field.get_default(call_default_factory=True)
            out[name] = None if default is PydanticUndefined else default
            continue
        inner, named = _record_in(field.annotation)
        value = _named(data[name]) if inner is TaskPart else data[name]
        if inner and not named:
            out[name] = _fields(inner, value) if isinstance(value, Mapping) else None
        else:
            out[name] = _entries(record, name, value)
    return out


def _entries(record: type[_Record], name: str, value: Any) -> Any:
    """A field, in which entries of a mapping are judged one by one."""
    whole = _field(record, name, value)
    if whole is not None or not isinstance(value, Mapping):
        return whole
    kind = record.model_fields[name].annotation
    if dict not in [get_origin(part) for part in (kind, *get_args(kind))]:
        return None
    out: dict[str, Any] = {}
    for key, item in value.items():
        entry = _field(record, name, {key: item})
        out |= {_tied(str(key)): _checks.Wrong(item)} if entry is None else entry
    return out


def _field(record: type[_Record], name: str, value: Any) -> Any:
    try:
        return _adapter(record, name).validate_python(value, strict=True)
    except ValidationError:
        return None


def _sections(data: Mapping[str, Any]) -> _checks.Sections:
    def each(section: str, record: type[_Record]) -> dict[str, dict[str, Any]]:
        items = data.get(section)
        items = items if isinstance(items, dict) else {}
        return {name: _fields(record, item) for name, item in items.items()}

    analyses = data.get("analyses")
    analyses = analyses if isinstance(analyses, dict) else {}

    return _checks.Sections(
        _fields(Fit, data.get("fit")),
        each("models", Variant),
        each("scenarios", Scenario),
        each("datasets", Dataset),
        _entries(Config, "figures", data.get("figures", {})) or {},
        {name: _fields(AnalysisPart, _analysed(item)) for name, item in analyses.items()},
        each("batch", Batch),
        _marked.tuples(_field(Config, "gallery", _marked.tuples(data.get("gallery") or ()))) or (),
        _marked.tuples(_field(Config, "clinic", _marked.tuples(data.get("clinic") or ()))) or (),
        _field(Config, "conditions", data.get("conditions")),
    )


def dump(record: BaseModel) -> str:
    """A record as JSON; equal records give equal text."""
    data = record.model_dump(mode="json")
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def sources_of(config: Config, scenario: str) -> dict[str, Variant]:
    """The variants that generate the data of a scenario, by name."""
    return {name: config.variant(name) for name in config.scenario(scenario).sources}


CORE = (
    "agents.py",
    "bijectors.py",
    "keys.py",
    "lanes.py",
    "params.py",
    "platform.py",
    "priors.py",
    "rollout.py",
    "types.py",
    "habits/_*.py",
    "lesions/_*.py",
    "lesions/intact.py",
    "models/_*.py",
    "tasks/_base.py",
    "observations/*.py",
)


def code_of(config: Config, variant: str) -> list[str]:
    """Patterns of the sources that decide what a variant computes, for `fingerprint`."""
    parts = config.variant(variant)
    habits = (f"habits/{habit}.py" for habit in parts.habits)
    return sorted({*CORE, f"models/{parts.model}.py", *habits})


def code_of_scenario(config: Config, scenario: str) -> list[str]:
    """Patterns of the sources that decide what data a scenario generates."""
    record = config.scenario(scenario)
    own = {f"tasks/{record.task.name}.py", *(f"lesions/{name}.py" for name in record.lesions)}
    shared = {"tasks/_*.py", "dopamine/*.py"}
    return sorted(own.union(shared, *(code_of(config, name) for name in record.sources)))


def fingerprint(*patterns: str) -> str:
    """Twelve hexadecimal digits that change with any source file matched in the package.

    Raises:
        ValueError: if a pattern matches nothing.
    """
    digest = hashlib.sha256()
    for name, content in _sources(patterns):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:12]


def _sources(patterns: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    files: set[Path] = set()
    for pattern in patterns:
        found = [f for f in _ROOT.glob(pattern) if f.is_file()]
        if not found:
            raise ValueError(f"no source of the package matches {pattern!r}.")
        files.update(found)
    for file in sorted(files):
        yield file.relative_to(_ROOT).as_posix(), file.read_bytes()
