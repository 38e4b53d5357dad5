"""How many trials, blocks and subjects it takes: recovery, differences and decisions by simulation.

Every subject plays the longest session once. Shorter designs are the same sessions cut short:
they stand side by side as lanes of one program, so all of them are fitted at once. Groups of any
size are then drawn from the fitted subjects. Beside each simulated error stands what the Fisher
information at the truth predicts (Cramer & Rao), which needs no fit.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pyarrow as pa
from jaxtyping import Array, Float, Int

from ..keys import named_key, named_keys
from ..params import Free, sample, unpack
from ..rollout import Agent, simulate
from ..tasks._base import Task
from ..types import Event
from .coordinates import coordinates, slopes
from .estimate import Estimates
from .evidence import laplace_evidence
from .information import information
from .objective import Problem
from .penalties import AbstractPenalty, Flat
from .recovery import recovery


# Resampled groups behind one power, and resampled cohorts behind its interval.
_GROUPS, _COHORTS = 200, 100
_INTERVAL = (2.5, 97.5)
_CRITERIA = ("bic", "evidence")


class Cut(NamedTuple):
    """A design: how many blocks each subject plays, and how many trials each of them has.

    A block starts from a fresh state.
    """

    blocks: int
    trials: int


class Population(NamedTuple):
    """Subjects to simulate: `values` are natural values by path, one per subject."""

    name: str
    agent: Agent
    values: Mapping[str, Float[Array, " subjects"]]


class Candidate(NamedTuple):
    """A model to fit, and the population whose parameters it has (its truth), if any."""

    name: str
    agent: Agent
    frees: tuple[Free, ...]


# A problem and the names of its units to estimates: `estimate` with a solver and its settings.
Fit = Callable[[Problem, Sequence[tuple[str, ...]]], Estimates]


def prior_values(
    frees: Sequence[Free], names: Sequence[tuple[str, ...]], seed: int
) -> dict[str, Float[Array, " subjects"]]:
    """Natural values by path drawn from the priors, one per name."""
    draws = jax.vmap(lambda k: sample(frees, k))(named_keys(seed, [(*n, "prior") for n in names]))
    return unpack(frees, draws)


def fitted_values(
    fits: pa.Table,
    frees: Sequence[Free],
    names: Sequence[tuple[str, ...]],
    seed: int,
    *,
    blurred: bool = False,
) -> dict[str, Float[Array, " subjects"]]:
    """Natural values by path as they were estimated in `fits`, one fitted unit per name.

    Units are drawn with replacement, each with all of its parameters, so that correlations
    between subjects are kept. If `blurred`, each is drawn from a normal distribution around its
    estimate with its standard error, in coordinates. Units at a corner of a domain or without a
    proper optimum are left out.

    Raises:
        ValueError: if no unit is left, or `fits` lacks a parameter.
    """
    x, sd = _coordinates(fits, frees)
    keys = named_keys(seed, [(*n, "fitted") for n in names])
    of = jax.vmap(lambda k: jr.randint(jr.fold_in(k, 0), (), 0, len(x)))(keys)
    noise = jax.vmap(lambda k: jr.normal(jr.fold_in(k, 1), (len(frees),)))(keys)
    drawn = jnp.asarray(x)[of] + float(blurred) * jnp.asarray(sd)[of] * noise
    return unpack(frees, {f.name: drawn[:, i] for i, f in enumerate(frees)})


def _coordinates(fits: pa.Table, frees: Sequence[Free]) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and standard errors `[units, free]` in coordinates, of units fit to be drawn."""
    names = ("model", "dose", "subject", "session", "parameter")
    by_unit: dict[tuple, dict[str, tuple[float, float]]] = {}
    columns = [fits.column(n).to_pylist() for n in (*names, "estimate", "se", "corner")]
    for *unit, parameter, value, se, corner in zip(*columns, strict=True):
        bad = corner or se is None
        by_unit.setdefault(tuple(unit), {})[parameter] = (np.nan if bad else value, se)
    wanted = [f.name for f in frees]
    rows = [[u[n] for n in wanted] for u in by_unit.values() if all(n in u for n in wanted)]
    kept = np.asarray([r for r in rows if np.isfinite([v for v, _ in r]).all()], float)
    if not len(kept):
        raise ValueError(
            f"fits has no proper estimate of {', '.join(wanted)}; it has at least one."
        )
    x = coordinates(frees, kept[..., 0])
    return np.asarray(x), kept[..., 1] / np.asarray(slopes(frees, x))


def prefixes(events: Event, block: Int[np.ndarray, " sessions"], cuts: Sequence[Cut]) -> Event:
    """`events [events, sessions]` once per cut, `[events, cuts * sessions]`.

    `block[s]` counts the blocks of a subject from 0. What lies beyond a cut is not valid.
    """
    trial = jnp.cumsum(events.onset.astype(int), axis=0)
    number = jnp.asarray(block)
    kept = [(trial <= c.trials) & (number < c.blocks) for c in cuts]
    tiled = jax.tree.map(lambda e: jnp.concatenate([e] * len(cuts), axis=-1), events)
    return dataclasses.replace(tiled, valid=tiled.valid & jnp.concatenate(kept, axis=-1))


def refits(
    population: Population,
    task: Task,
    candidates: Sequence[Candidate],
    cuts: Sequence[Cut],
    fit: Fit,
    *,
    seed: int,
    scenario: str = "",
    penalty: AbstractPenalty,
    contrasts: Sequence[tuple[str, str]] = (),
) -> pa.Table:
    """Simulate a population at the longest design, and fit each candidate to every cut.

    A row per cut, subject and free parameter, with the columns of a table of fits, and `blocks`,
    `trials`, `evidence` (Laplace, in nats; null without a prior), and `predicted`: the standard
    deviation at the truth by the Fisher information of this very session. Truth stands where the
    candidate has the name of the population. `contrasts` are pairs of parameters whose difference
    (first minus second, natural scale) has rows of its own, called `first - second`.
    """
    # The longest first: what a fit cannot tell apart there it cannot anywhere.
    cuts = sorted(cuts, key=lambda c: c.blocks * c.trials, reverse=True)
    subjects = len(next(iter(population.values.values())))
    digits = len(str(subjects))
    names = [f"s{i + 1:0{digits}d}" for i in range(subjects)]
    events, blocks = _longest(population, task, cuts, [(scenario, n) for n in names], seed)
    events = prefixes(events, np.tile(np.arange(blocks), subjects), cuts)
    n_units = len(cuts) * subjects
    owner = jnp.repeat(jnp.arange(n_units), blocks)
    parts = []
    for name, agent, frees in candidates:
        problem = Problem(agent, events, owner, {}, task.env, frees, n_units, penalty)
        found = fit(problem, [(scenario, population.name, name, s) for s in names] * len(cuts))
        truth = None
        if name == population.name:
            known = [np.asarray(population.values[f.paths[0]], float) for f in frees]
            truth = np.tile(np.stack(known, axis=1), (len(cuts), 1))
        facts = {
            "scenario": [scenario] * n_units,
            "source": [population.name] * n_units,
            "model": [name] * n_units,
            "dose": np.zeros(n_units),
            "blocks": np.repeat([c.blocks for c in cuts], subjects),
            "trials": np.repeat([c.trials for c in cuts], subjects),
            "subject": names * len(cuts),
            "session": [""] * n_units,
        }
        parts.append(_rows(problem, found, truth, contrasts, facts))
    return pa.concat_tables(parts)


def _longest(
    population: Population,
    task: Task,
    cuts: Sequence[Cut],
    names: Sequence[tuple[str, ...]],
    seed: int,
) -> tuple[Event, int]:
    """Sessions of the longest design, those of a subject together, and how many each has."""
    blocks, trials = max(c.blocks for c in cuts), max(c.trials for c in cuts)
    play = lambda keys, values: simulate(
        population.agent,
        task,
        keys,
        task.events_for(trials),
        values,
        record=lambda event, readout: event,
    )
    who = [(*n, population.name, f"session {b + 1}") for n in names for b in range(blocks)]
    lanes = {p: jnp.repeat(v, blocks) for p, v in population.values.items()}
    return jax.jit(play)(named_keys(seed, who), lanes), blocks


_informed = eqx.filter_jit(information)


def _rows(
    problem: Problem,
    found: Estimates,
    truth: np.ndarray | None,
    contrasts: Sequence[tuple[str, str]],
    facts: Mapping[str, Any],
) -> pa.Table:
    frees, (units, k) = problem.frees, found.value.shape
    names, unit = [f.name for f in frees], np.eye(k)
    pairs = [c for c in contrasts if set(c) <= set(names)]
    weights = np.stack([*unit, *(unit[names.index(a)] - unit[names.index(b)] for a, b in pairs)])
    width = len(weights)
    true = predicted = np.full((units, width), np.nan)
    if truth is not None:
        true, predicted = truth @ weights.T, spread(problem, truth, weights)
    evidence = np.full(units, np.nan)
    if not isinstance(problem.penalty, Flat):
        x = coordinates(frees, found.value)
        evidence = np.asarray(laplace_evidence(problem, x).log_evidence)
    each = lambda x: np.repeat(np.asarray(x), width)
    flat = lambda x: pa.array(x.reshape(-1), mask=~np.isfinite(x.reshape(-1)))
    # A difference has no interval and no corner of its own.
    wide = lambda x, rest: np.pad(x, ((0, 0), (0, len(pairs))), constant_values=rest)
    likelihood = found.log_likelihood
    columns = {n: each(v) for n, v in facts.items()} | {
        "parameter": [*names, *(f"{a} - {b}" for a, b in pairs)] * units,
        "truth": flat(true),
        "estimate": flat(found.value @ weights.T),
        "se": flat(wide(found.se, np.nan)),
        "lower": flat(wide(found.lower, np.nan)),
        "upper": flat(wide(found.upper, np.nan)),
        "predicted": flat(predicted),
        "corner": wide(found.corner, False).reshape(-1),
        "log_likelihood": each(likelihood),
        "records": each(found.records),
        "free": np.full(units * width, k),
        "bic": each(k * np.log(np.maximum(found.records, 1)) - 2 * likelihood),
        "evidence": flat(each(evidence)),
        "converged": each(found.converged),
    }
    return pa.table(columns)


def spread(
    problem: Problem,
    values: Float[np.ndarray, "units free"],
    weights: Float[np.ndarray, "contrasts free"],
) -> Float[np.ndarray, "units contrasts"]:
    """Standard deviations that the Fisher information predicts for contrasts of natural values.

    The information of the records at hand plus the curvature of the penalty, at natural `values`,
    carried to the natural scale by the slope of the domains (Cramer-Rao, delta method).
    """
    frees = problem.frees
    x = coordinates(frees, values)
    fisher = np.asarray(_informed(problem, x).fisher)
    scaled = weights * np.asarray(slopes(frees, x))[:, None, :]
    # A direction without information has no bound; the inverse of its round-off would be one.
    variance = np.einsum("uck,ukl,ucl->uc", scaled, np.linalg.pinv(fisher, hermitian=True), scaled)
    return np.sqrt(variance)


_SCHEMA = pa.schema(
    [
        ("scenario", pa.string()),
        ("source", pa.string()),
        ("model", pa.string()),
        ("quantity", pa.string()),
        ("of", pa.string()),
        ("method", pa.string()),
        ("blocks", pa.int64()),
        ("trials", pa.int64()),
        ("subjects", pa.int64()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("size", pa.float64()),
        ("n", pa.int64()),
    ]
)


def power(refits: pa.Table, subjects: Sequence[int], *, seed: int, level: float = 0.05) -> pa.Table:
    """What a design of so many blocks, trials and `subjects` can tell, from a table of `refits`.

    A row per design and `quantity`: `r` and `rmse` of recovery of a parameter or difference
    (`of`; there `subjects` is their simulated number); `power`, how often a two-sided one-sample
    t test at `level` finds the difference, with its true sign unless the true mean (`size`) is 0;
    `right subjects`, the share of subjects whose generating model has the best criterion (`of`);
    `right group`, how often it has the best sum over the group. `method` is `simulation`, or
    `information` for what the Fisher information predicts without a fit: an RMSE, and the power
    of a t test whose variance is that between subjects plus that of an estimate.

    Groups are drawn with replacement from the `n` simulated subjects. `low` and `high` are 95 %
    intervals: percentiles over bootstrapped cohorts, so they hold the noise of a finite cohort,
    and Wilson's for a share of subjects. Near a share of 0 or 1 percentiles alone may leave out the
    value itself; the interval then ends there.
    """
    columns: dict[str, list] = {name: [] for name in _SCHEMA.names}
    found = {n: refits.column(n).to_pylist() for n in ("scenario", "source", "blocks", "trials")}
    for cell in dict.fromkeys(zip(*found.values(), strict=True)):
        at = np.ones(refits.num_rows, bool)
        for name, value in zip(found, cell, strict=True):
            at &= np.asarray([x == value for x in found[name]])
        here = refits.filter(pa.array(at))
        random = _generator(seed, *map(str, cell))
        rows = [
            *_recovered(here, random),
            *_detected(here, subjects, level, random),
            *_decided(here, subjects, random),
        ]
        for row in rows:
            for name in columns:
                columns[name].append({**dict(zip(found, cell, strict=True)), **row}.get(name))
    return pa.table(columns, schema=_SCHEMA)


def _generator(seed: int, *names: str) -> np.random.Generator:
    return np.random.default_rng(np.asarray(jr.key_data(named_key(seed, *names, "power"))))


def _known(rows: pa.Table) -> Iterator[tuple[dict[str, Any], dict[str, np.ndarray]]]:
    """Each parameter and difference whose truth is known, and its columns over subjects."""
    where = [rows.column(n).to_pylist() for n in ("model", "parameter")]
    number = {
        n: rows.column(n).to_numpy(zero_copy_only=False).astype(float)
        for n in ("truth", "estimate", "predicted")
    }
    for cell in dict.fromkeys(zip(*where, strict=True)):
        at = np.asarray([c == cell for c in zip(*where, strict=True)])
        at &= np.isfinite(number["truth"]) & np.isfinite(number["estimate"])
        if at.any():
            facts = {"model": cell[0], "of": cell[1], "n": int(at.sum())}
            yield facts, {n: v[at] for n, v in number.items()}


def _recovered(rows: pa.Table, random: np.random.Generator) -> Iterator[dict[str, Any]]:
    summary = recovery(rows).to_pylist()
    for facts, it in _known(rows):
        (said,) = (
            s for s in summary if (s["model"], s["parameter"]) == (facts["model"], facts["of"])
        )
        facts |= {"method": "simulation", "subjects": facts["n"]}
        again = random.integers(facts["n"], size=(_COHORTS, facts["n"]))
        truth, estimate = it["truth"][again], it["estimate"][again]
        rmse = np.sqrt(np.mean((estimate - truth) ** 2, axis=1))
        yield {**facts, "quantity": "rmse", **_estimated(said["rmse"], rmse)}
        if said["r"] is not None:
            a, b = (x - x.mean(axis=1, keepdims=True) for x in (truth, estimate))
            scale = np.sqrt(np.sum(a * a, axis=1) * np.sum(b * b, axis=1))
            r = np.sum(a * b, axis=1) / np.where(scale > 0, scale, np.nan)
            yield {**facts, "quantity": "r", **_estimated(said["r"], r)}
        foretold = float(np.sqrt(np.mean(it["predicted"] ** 2)))
        yield {**facts, "quantity": "rmse", "method": "information", "value": foretold}


def _detected(
    rows: pa.Table, subjects: Sequence[int], level: float, random: np.random.Generator
) -> Iterator[dict[str, Any]]:
    from scipy import stats

    for facts, it in _known(rows):
        if " - " not in facts["of"]:
            continue
        truth, estimate = it["truth"], it["estimate"]
        size, between = float(truth.mean()), float(truth.var(ddof=1))
        facts |= {"quantity": "power", "size": size}
        sign = np.sign(size) if abs(size) > 1e-9 else 0.0
        for n in (n for n in subjects if n > 1):
            limit = stats.t.ppf(1 - level / 2, n - 1)
            finds = functools.partial(_finds, estimate, limit, sign)
            share = _share(finds, facts["n"], n, random)
            yield {**facts, "method": "simulation", "subjects": n, **share}
            away = size * np.sqrt(n / (between + np.mean(it["predicted"] ** 2)))
            tails = stats.nct.sf(limit, n - 1, [away, -away])
            foretold = tails.sum() if sign == 0 else tails[0 if sign > 0 else 1]
            yield {**facts, "method": "information", "subjects": n, "value": float(foretold)}


def _decided(
    rows: pa.Table, subjects: Sequence[int], random: np.random.Generator
) -> Iterator[dict[str, Any]]:
    source = rows.column("source").to_pylist()[0]
    models = list(dict.fromkeys(rows.column("model").to_pylist()))
    if source not in models or len(models) < 2:
        return
    for criterion in _CRITERIA:
        costs: dict[str, dict[str, float]] = {}
        wanted = ("subject", "model", criterion)
        for subject, model, value in zip(
            *(rows.column(c).to_pylist() for c in wanted), strict=True
        ):
            costs.setdefault(subject, {})[model] = np.nan if value is None else value
        cost = np.asarray([[of[m] for m in models] for of in costs.values()], float)
        cost = cost if criterion == "bic" else -cost
        cost = cost[np.isfinite(cost).all(axis=1)]
        if not len(cost):
            continue
        right = models.index(source)
        facts = {"model": source, "of": criterion, "method": "simulation", "n": len(cost)}
        share = float(np.mean(np.argmin(cost, axis=1) == right))
        low, high = wilson(share, len(cost))
        single = {"value": share, "low": low, "high": high, "subjects": 1}
        yield {**facts, "quantity": "right subjects", **single}
        for n in subjects:
            share_of = _share(functools.partial(_decides, cost, right), len(cost), n, random)
            yield {**facts, "quantity": "right group", "subjects": n, **share_of}


def _finds(values: np.ndarray, limit: float, sign: float, at: np.ndarray) -> np.ndarray:
    """Whether a t test finds a mean of this sign (0: of any) in each group `[..., subjects]`."""
    mean, sd = values[at].mean(axis=-1), values[at].std(axis=-1, ddof=1)
    beyond = np.abs(mean) > limit * sd / np.sqrt(at.shape[-1])
    return beyond & ((np.sign(mean) == sign) | (sign == 0))


def _decides(cost: np.ndarray, right: int, at: np.ndarray) -> np.ndarray:
    """Whether the model `right` has the least summed cost in each group `[..., subjects]`."""
    return np.argmin(cost[at].sum(axis=-2), axis=-1) == right


def _share(
    holds: Callable[[np.ndarray], np.ndarray], n: int, size: int, random: np.random.Generator
) -> dict[str, float]:
    """How often something holds of groups of `size` among `n` subjects, given as indices."""
    value = float(np.mean(holds(random.integers(n, size=(20 * _GROUPS, size)))))
    cohorts = [random.integers(n, size=n) for _ in range(_COHORTS)]
    shares = [np.mean(holds(c[random.integers(n, size=(_GROUPS, size))])) for c in cohorts]
    return _estimated(value, np.asarray(shares))


def _estimated(value: float, cohorts: np.ndarray) -> dict[str, float]:
    """A value and its interval, from the same of bootstrapped cohorts."""
    low, high = map(float, np.nanpercentile(cohorts, _INTERVAL))
    return {"value": value, "low": min(low, value), "high": max(high, value)}


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share of `n` (Wilson 1927, J. Am. Stat. Assoc. 22:209)."""
    z = 1.959963984540054
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return float(middle - half), float(middle + half)
