"""The steps of an experiment, each from tables to tables.

`simulate` makes sessions and the truth behind them; `fit` estimates a candidate on sessions
of any origin; `fit_dose` estimates only the dose of a lesion. Nothing here reads or writes
files or knows a workflow.
"""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa

from . import agents, catalog
from ._marked import Loc
from .analyses._base import Inputs, Result, WrongSetting
from .config import Config, Scenario
from .data.blocks import rows_of
from .data.files import metadata, with_metadata
from .data.sessions import Label, Sessions, from_table, to_table, units
from .devices import in_tiles
from .errors import InputError
from .errors import Problem as Fault
from .fit.estimate import PROBES, Estimates, estimate
from .fit.objective import Problem
from .fit.penalties import CataloguePrior, Flat
from .keys import named_keys
from .params import free
from .plan import Analysed, candidates, unit_of
from .rollout import Agent, start
from .rollout import simulate as play
from .tasks._base import Task
from .types import Env, Event, Readout


Progress = Callable[[int, int], None]


def _quiet(done: int, total: int) -> None:
    pass


# The setting, if it is one alone, what was found, and what would be right.
_Fault = tuple[tuple[str, ...], str, str]
# What a component raises for settings that mean nothing to it.
_REFUSED = (ValueError, TypeError, ArithmeticError)


def build_task(scenario: Scenario) -> Any:
    """The task of a scenario.

    Raises:
        InputError: if its settings mean nothing.
    """
    name, settings = scenario.task.name, scenario.task.settings
    return _built(f"task {name}", lambda: catalog.load("tasks", name)(**settings))


def build_agent(config: Config, variant: str, scenario: Scenario | None = None) -> Agent:
    """The agent of a variant, intact or with the lesions of a scenario, the dosed one at dose 0.

    Raises:
        InputError: if its settings mean nothing.
    """
    hurt = () if scenario is None else (scenario.lesion, scenario.background)
    return _built(f"models.{variant}", lambda: agents.build(config.models[variant], *hurt))


def _built(what: str, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except _REFUSED as error:
        raise InputError([Fault(what, *_halves(error, "another setting"))]) from None


def build_all(
    config: Config,
    say: Callable[[Loc, str, str], object],
    tables: Mapping[str, pa.Table] | None = None,
) -> None:
    """Build everything that the experiment names, and `say` where and why something cannot be.

    `tables` are its data sets as far as they were read. A model that a scenario names and the
    experiment lacks is passed over.
    """
    able: dict[str, Agent] = {}
    for name, variant in config.models.items():
        faults = _faults("models", variant.model, variant.settings)
        for inside, found, right in faults:
            say(("models", name, "settings", *inside), found, right)
        if not faults:
            able[name] = build_agent(config, name)

    def meet(loc: Loc, variants: Sequence[str], what: str, env: Env) -> None:
        for i, variant in enumerate(variants):
            refusal = _unable(able[variant], env) if variant in able else None
            if refusal:
                found, right = _halves(refusal, "another task, or another model")
                model = config.models[variant].model
                say((*loc, i), f"{variant!r} ({model}) cannot do {what}: {found}", right)

    for name, scenario in config.scenarios.items():
        loc, task = ("scenarios", name), scenario.task
        faults = _faults("tasks", task.name, task.settings)
        for inside, found, right in faults:
            say((*loc, "task", "settings", *inside), found, right)
        if not faults:
            env = build_task(scenario).env
            meet((*loc, "sources"), scenario.sources, task.name, env)
            meet((*loc, "candidates"), scenario.candidates, task.name, env)
    for name, batch in config.batch.items():
        for own, task in batch.tasks.items():
            loc, faults = ("batch", name), _faults("tasks", task.name, task.settings)
            for inside, found, right in faults:
                say((*loc, "tasks", own, "settings", *inside), found, right)
            if not faults:
                env = catalog.load("tasks", task.name)(**task.settings).env
                meet((*loc, "models"), batch.models, task.name, env)
    for name, table in (tables or {}).items():
        env = Env(**metadata(table)["env"])
        meet(("datasets", name, "candidates"), config.datasets[name].candidates, "this task", env)


def _unable(agent: Agent, env: Env) -> ValueError | None:
    """Why an agent cannot do a task, if it cannot."""
    try:
        # Traced, since nothing needs to be computed.
        eqx.filter_eval_shape(start, agent, env)
    except ValueError as error:
        return error
    return None


def _faults(kind: catalog.Kind, name: str, settings: Mapping[str, Any]) -> list[_Fault]:
    """What is wrong with settings of a component.

    A component tells its first fault only, so each setting that it names is taken back to its
    default to see what else there is.
    """
    make, left = catalog.load(kind, name), dict(settings)
    told: list[_Fault] = []
    while (error := _refusal(make, left)) is not None:
        words = re.findall(r"\w+", str(error))
        named = next((word for word in words if word in left), None)
        # What does not go with the default of a wrong setting may go with the right one.
        if not {*words} & (settings.keys() - left.keys()):
            inside = () if named is None else (named,)
            see = f"settings that go together (jaxda list {kind} {name})"
            told.append((inside, *_halves(error, see)))
        if named is None:
            break
        del left[named]
    return told


def _refusal(make: Callable[..., Any], settings: Mapping[str, Any]) -> Exception | None:
    try:
        make(**settings)
    except _REFUSED as error:
        return error
    return None


def _halves(error: Exception, otherwise: str) -> tuple[str, str]:
    """What was found and what would be right, of a message such as `p is 2; it lies above 3.`"""
    text = str(error).rstrip(".")
    if not isinstance(error, ValueError):
        return f"values that cannot be used ({text})", otherwise
    found, _, right = text.partition("; ")
    return found, re.sub("^it (is|lies) ", "", right) or otherwise


def _subjects(scenario: Scenario) -> list[str]:
    digits = len(str(scenario.subjects))
    return [f"s{i + 1:0{digits}d}" for i in range(scenario.subjects)]


def simulate(
    config: Config, name: str, source: str, progress: Progress = _quiet
) -> tuple[pa.Table, pa.Table]:
    """Sessions of scenario `name` generated by variant `source`, and the truth behind them.

    Every subject meets every dose with the same parameters and the same random numbers, so a
    difference between doses is the effect of the dose. The truth holds one row per subject
    and parameter, on the natural scale, before the lesion.
    """
    scenario, variant = config.scenarios[name], config.models[source]
    agent, task = build_agent(config, source, scenario), build_task(scenario)
    subjects = _subjects(scenario)
    who = [(name, source, s) for s in subjects]
    values = agents.draw_population(variant, agent, config.seed, who)
    sessions = [str(i + 1) for i in range(scenario.sessions)]
    keys = named_keys(config.seed, [(*w, f"session {i}") for w in who for i in sessions])

    n_doses = len(scenario.doses)
    lanes = {p: jnp.tile(jnp.repeat(v, len(sessions)), n_doses) for p, v in values.items()}
    dose = agents.path_of_dose(agent, scenario.lesion)
    lanes[dose] = jnp.repeat(jnp.asarray(scenario.doses, dtype=float), len(keys))
    keys = jnp.tile(keys, n_doses)
    labels = [Label(float(d), s, i) for d in scenario.doses for s in subjects for i in sessions]
    n_events = task.events_for(scenario.trials)
    parts = []
    for tile in in_tiles(_Play(agent, task, n_events), (keys, lanes), len(labels)):
        parts.append(tile.result)
        progress(tile.first + tile.lanes, len(labels))
    (events, extra), behind = jax.tree.map(lambda *x: np.concatenate(x, axis=-1), *parts)
    lesions = {"lesion": scenario.lesion, "background": dict(scenario.background)}
    facts = {"scenario": name, "source": source, **lesions, "units": {}}
    table = to_table(Sessions(task.env, events, labels), extra, facts, scenario.trials, behind)

    truth = agents.all_values(agent, values, len(subjects))
    rows = {
        "subject": subjects * len(truth),
        "parameter": [short(p) for p in truth for _ in subjects],
        "path": [p for p in truth for _ in subjects],
        "value": np.concatenate(list(truth.values())),
    }
    return table, with_metadata(pa.table(rows), {"scenario": name, "source": source})


def short(path: str) -> str:
    """The name of a parameter without the parts it sits in."""
    return path.rsplit(".", 1)[-1]


class _Play(eqx.Module):
    """All of some sessions; where agent and task are of the same kind, the program is as well."""

    agent: Agent
    task: Task
    n_events: int = eqx.field(static=True)

    def __call__(self, keys: Any, lanes: Any) -> Any:
        some = (self.agent, self.task, keys, self.n_events, lanes)
        return play(*some, record=_recorded, truth=True)


def _recorded(event: Event, readout: Readout) -> tuple[Event, dict[str, Any]]:
    logits = readout.policy.logits
    extra = {"rpe": readout.rpe, "dopamine": readout.dopamine, **readout.latents}
    if logits.shape[0] > 1:
        extra["p"] = jax.nn.softmax(logits, axis=0)
    return event, extra


def _truths(truth: pa.Table | None, subjects: list[str]) -> dict[str, np.ndarray]:
    """Natural values by path, one per entry of `subjects`."""
    if truth is None:
        return {}
    table: dict[str, dict[str, float]] = {}
    for subject, path, value in zip(
        *(truth.column(n).to_pylist() for n in ("subject", "path", "value")), strict=True
    ):
        table.setdefault(path, {})[subject] = value
    return {path: np.asarray([by[s] for s in subjects]) for path, by in table.items()}


def fitter(config: Config, what: str) -> Callable[..., Estimates]:
    """`fit(problem, names)` with the solver and the settings of an experiment."""
    settings = config.fit
    return functools.partial(
        estimate,
        solver=catalog.load("solvers", settings.solver)(),
        seed=config.seed,
        restarts=settings.restarts,
        steps=settings.steps,
        tolerance=settings.tolerance,
        what=what,
    )


def _who(names: Sequence[tuple]) -> list[tuple[str, ...]]:
    return [tuple(str(part) for part in n) for n in names]


def _estimate(
    config: Config, problem: Problem, names: Any, what: str, progress: Progress, probe: Any = None
) -> Estimates:
    intervals = config.fit.intervals
    run = fitter(config, what)
    return run(problem, _who(names), intervals=intervals, probe=probe, progress=progress)


def fit(
    config: Config,
    name: str,
    candidate: str,
    sessions: pa.Table,
    truth: pa.Table | None = None,
    progress: Progress = _quiet,
    block: tuple[int, int] = (1, 1),
) -> pa.Table:
    """Estimates of variant `candidate` on `sessions`, as if nobody had a lesion.

    Each dose is fitted on its own. The truth is joined where the generating model is the
    fitted one. One row per unit and parameter. Of `block` (number, of how many) the estimates
    are those of its units alone, which do not depend on the others; an empty block gives an
    empty table.

    Raises:
        Unidentified: if the free set is rank-deficient on these sessions.
    """
    # Not those of the block, so that all blocks are refused or none.
    probe, longest = None, 0
    if block != (1, 1):
        rows = rows_of(sessions, unit_of(config, name))
        mine, longest = rows.block(*block), rows.longest
        if not len(mine):
            return pa.table({})
        shown, whose = problem_of(
            config, name, candidate, sessions.filter(rows.unit < PROBES), longest
        )
        probe = shown, _who([(name, *n) for n in whose])
        sessions = sessions.filter(np.isin(rows.unit, mine))
    problem, names = problem_of(config, name, candidate, sessions, longest)
    variant, frees = config.models[candidate], problem.frees
    who = [(name, *n) for n in names]
    found = _estimate(config, problem, who, f"{name}/{candidate}", progress, probe)
    source = metadata(sessions).get("source", "")
    same = source in config.models and config.models[source].model == variant.model
    known = _truths(truth if same else None, [n[1] for n in names])
    truths = [known.get(f.paths[0]) for f in frees]
    return _rows(names, [f.name for f in frees], truths, found, name, source, candidate)


def problem_of(
    config: Config, name: str, candidate: str, sessions: pa.Table, longest: int = 0
) -> tuple[Problem, list[tuple[float, str, str]]]:
    """What is minimised when `candidate` is fitted to `sessions`, and the names of its units.

    Sessions are padded to `longest` events where they are shorter.

    Raises:
        InputError: if the model cannot do the task.
    """
    variant = config.models[candidate]
    agent = build_agent(config, candidate)
    unit = unit_of(config, name)
    data = from_table(sessions, longest)
    if refusal := _unable(agent, data.env):
        found, right = _halves(refusal, "another model")
        raise InputError([Fault(f"{name}: {candidate}", f"cannot be fitted: {found}", right)])
    names, owner = units(data.labels, unit)
    frees = agents.frees(variant, agent)
    penalty = CataloguePrior() if config.fit.prior else Flat()
    problem = Problem(
        agent, data.events, jnp.asarray(owner), {}, data.env, frees, len(names), penalty
    )
    return problem, names


def analyse(
    config: Config,
    run: Analysed,
    sessions: pa.Table,
    truth: pa.Table | None,
    fits: Callable[[str], pa.Table | None],
    progress: Progress = _quiet,
) -> Result:
    """One run of an analysis; `fits` gives the estimates of a candidate, if they are read.

    Raises:
        InputError: if its settings mean nothing for what is analysed.
    """
    settings = config.analyses[run.name].settings
    make = catalog.load("analyses", run.name)
    analysis = _built(f"analyses.{run.name}", lambda: make(**settings))
    models = (run.model,) if run.model else candidates(config, run.scenario)
    read = {m: found for m in models if (found := fits(m)) is not None}
    given = Inputs(config, run.scenario, run.source, models, sessions, truth, read, progress)
    try:
        found = analysis.run(given)
    except WrongSetting as error:
        raise InputError([Fault(f"analyses.{run.name}", *_halves(error, "another"))]) from None
    whose = {"scenario": run.scenario, "source": run.source}
    if run.model:
        whose["model"] = run.model
    return found._replace(tables={n: _of(t, whose) for n, t in found.tables.items()})


def _of(table: pa.Table, whose: Mapping[str, str]) -> pa.Table:
    """A table that says of whom it is, in its first columns."""
    rest = table.drop_columns([n for n in whose if n in table.column_names])
    for i, (name, value) in enumerate(whose.items()):
        rest = rest.add_column(i, name, pa.array([value] * table.num_rows, pa.string()))
    return rest


def fit_dose(
    config: Config,
    name: str,
    source: str,
    sessions: pa.Table,
    truth: pa.Table,
    progress: Progress = _quiet,
) -> pa.Table:
    """Estimates of the dose alone, with each subject's other parameters known.

    What is known are the subject's values before any lesion, and the background of the
    scenario; what is asked is how much of its lesion explains the session.
    """
    scenario = config.scenarios[name]
    agent = build_agent(config, source, scenario)
    data = from_table(sessions)
    names, owner = units(data.labels, "subject")
    known = _truths(truth, [label.subject for label in data.labels])
    values = {path: jnp.asarray(v) for path, v in known.items()}
    (dose,) = free(agent, [agents.path_of_dose(agent, scenario.lesion)])
    # Over a background it has a longer path, but not another name.
    frees = (dose._replace(name="dose"),)
    penalty = CataloguePrior() if config.fit.prior else Flat()
    problem = Problem(
        agent, data.events, jnp.asarray(owner), values, data.env, frees, len(names), penalty
    )
    what = f"{name}/{source} dose"
    found = _estimate(config, problem, [(name, *n) for n in names], what, progress)
    truths = [np.asarray([n[0] for n in names])]
    return _rows(names, ["dose"], truths, found, name, source, source)


def _rows(
    names: list[tuple[float, str, str]],
    parameters: list[str],
    truths: Sequence[np.ndarray | None],
    found: Estimates,
    scenario: str,
    source: str,
    candidate: str,
) -> pa.Table:
    n, k = found.value.shape
    each = lambda x: np.repeat(np.asarray(x), k)
    unknown = np.full(n, np.nan)
    true = np.stack([unknown if t is None else t for t in truths], axis=1).reshape(-1)
    nullable = lambda x: pa.array(x.reshape(-1), mask=~np.isfinite(x.reshape(-1)))
    count = n * k
    columns = {
        "scenario": [scenario] * count,
        "source": [source] * count,
        "model": [candidate] * count,
        "dose": each([d for d, _, _ in names]),
        "subject": each([s for _, s, _ in names]),
        "session": each([s for _, _, s in names]),
        "parameter": parameters * n,
        "truth": nullable(true),
        "estimate": found.value.reshape(-1),
        "se": nullable(found.se),
        "lower": nullable(found.lower),
        "upper": nullable(found.upper),
        "corner": found.corner.reshape(-1),
        "log_likelihood": each(found.log_likelihood),
        "records": each(found.records),
        "free": np.full(count, k),
        "aic": each(2 * k - 2 * found.log_likelihood),
        "bic": each(k * np.log(np.maximum(found.records, 1)) - 2 * found.log_likelihood),
        "converged": each(found.converged),
        "agree": each(found.agree),
        "positive_definite": each(found.positive_definite),
        "gap": nullable(each(found.gap)),
        "rank": each(found.rank),
        "condition_number": each(found.condition),
        "open": np.repeat(np.asarray(found.open, object), k),
        "prior_share": nullable(found.prior_share),
        "log_evidence": nullable(each(found.log_evidence)),
    }
    return with_metadata(
        pa.table(columns), {"scenario": scenario, "source": source, "model": candidate}
    )
