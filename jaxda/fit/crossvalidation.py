"""How well a model predicts what it was not fitted to: held-out records, and PSIS-LOO.

A learner cannot skip trials: what it meets changes what it does next. So whole sessions are
held out, or the later part of one. While a unit is fitted, held-out events are marked as
padding, and nothing of them reaches the loss; when they are scored the whole session is shown
again, with the parameters of that fit, so that its learner arrives there with its own history.
All folds of all units are lanes of one batch.
"""

import dataclasses
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
from jaxtyping import Array, Bool, Float, Int

from .estimate import starting_points
from .objective import Problem
from .solvers._base import AbstractSolver


# Above this an importance-sampled prediction is not to be relied on (Vehtari, Simpson, Gelman,
# Yao & Gabry 2024; with few draws the limit is lower).
_RELIABLE = 0.7


class Training(NamedTuple):
    """One fit per fold and unit that holds anything out, as units of one problem.

    `fold` and `unit` say what each is a fit of, `lane` which session each of its sessions is.
    """

    problem: Problem
    fold: Int[np.ndarray, " fits"]
    unit: Int[np.ndarray, " fits"]
    lane: Int[np.ndarray, " lanes"]


class Prediction(NamedTuple):
    """Held-out log-likelihoods.

    `log_probs` is that of every record under the fit that did not see it, and NaN where there
    is no record or none was held out; `log_likelihood` and `records` are sums of each unit.
    `converged` says that all fits of a unit have.
    """

    log_probs: Float[np.ndarray, "events sessions"]
    log_likelihood: Float[np.ndarray, " units"]
    records: Int[np.ndarray, " units"]
    folds: Int[np.ndarray, " units"]
    converged: Bool[np.ndarray, " units"]


class Loo(NamedTuple):
    """Expected log predictive density by PSIS-LOO, with its standard error.

    `elpd` of each observation, `p_loo` effective parameters, `pareto_k` of each observation,
    and how many of these exceed `limit`: there the estimate is not to be relied on.
    """

    elpd: Float[np.ndarray, " observations"]
    total: float
    se: float
    p_loo: float
    pareto_k: Float[np.ndarray, " observations"]
    limit: float
    unreliable: int


def hold_out_sessions(
    problem: Problem, folds: int | None = None
) -> Bool[np.ndarray, "folds events sessions"]:
    """The sessions of a unit dealt to `folds` in their order; one per fold by default.

    A unit with one session keeps it: see `hold_out_later`.
    """
    owner, valid = np.asarray(problem.owner), np.asarray(problem.events.valid)
    rank = np.asarray([np.sum(owner[:s] == owner[s]) for s in range(len(owner))])
    count = np.bincount(owner, minlength=problem.n_units)
    folds = int(count.max()) if folds is None else folds
    dealt = (rank % folds == np.arange(folds)[:, None]) & (count[owner] > 1)
    # A fold that takes all sessions of a unit would leave nothing to fit.
    dealt &= folds > 1
    return dealt[:, None, :] & valid


def hold_out_later(
    problem: Problem, share: float = 0.25, sessions: Bool[np.ndarray, " sessions"] | None = None
) -> Bool[np.ndarray, "folds events sessions"]:
    """One fold: of every session (or of some) the last `share` of its trials, rounded up.

    Raises:
        ValueError: if `share` is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"share is {share}; it lies between 0 and 1.")
    valid = np.asarray(problem.events.valid)
    trial = np.cumsum(np.asarray(problem.events.onset) & valid, axis=0)
    first = np.floor((1 - share) * trial[-1]).astype(int)
    later = valid & (trial > first)
    return (later if sessions is None else later & sessions)[None]


def hold_out(
    problem: Problem, folds: int | None = None, share: float = 0.25
) -> Bool[np.ndarray, "folds events sessions"]:
    """Whole sessions of units that have several, the later part of those that have one."""
    owner = np.asarray(problem.owner)
    single = np.bincount(owner, minlength=problem.n_units)[owner] == 1
    if single.all():
        return hold_out_later(problem, share)
    out = hold_out_sessions(problem, folds)
    out[0] |= hold_out_later(problem, share, single)[0]
    return out


def training(problem: Problem, held_out: Bool[np.ndarray, "folds events sessions"]) -> Training:
    """What is left to fit, for every fold and every unit that holds anything out in it.

    Raises:
        ValueError: if an event before one that is fitted is held out in the same session.
    """
    valid = np.asarray(problem.events.valid)
    fitted = valid & ~held_out
    if np.any(fitted & (np.cumsum(held_out & valid, axis=1) > 0)):
        raise ValueError("Events can be held out at the end of a session only, or all of it.")
    owner = np.asarray(problem.owner)
    fold, unit = np.nonzero(held_out.any(axis=1) @ np.eye(problem.n_units)[owner])
    sessions = [np.flatnonzero(owner == u) for u in unit]
    lane = np.concatenate([*sessions, np.zeros(0, int)]).astype(int)
    fit = np.repeat(np.arange(len(unit)), [len(s) for s in sessions])
    events = jax.tree.map(lambda e: e[..., lane], problem.events)
    left = jnp.asarray(fitted[fold[fit], :, lane].T)
    return Training(
        dataclasses.replace(
            problem,
            events=eqx.tree_at(lambda e: e.valid, events, left),
            owner=jnp.asarray(fit),
            values={n: v[lane] for n, v in problem.values.items()},
            n_units=len(unit),
            penalty=problem.penalty.of_units(jnp.asarray(unit)),
        ),
        fold,
        unit,
        lane,
    )


def cross_validate(
    problem: Problem,
    names: Sequence[tuple[str, ...]],
    held_out: Bool[np.ndarray, "folds events sessions"],
    solver: AbstractSolver,
    *,
    seed: int,
    restarts: int,
    steps: int,
    tolerance: float,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Prediction:
    """Fit every unit without each fold, and score what was held out.

    `names[u]` names unit u for its random streams, as in `estimate`.

    Raises:
        ValueError: if an event before one that is fitted is held out in the same session, or
            nothing is held out.
    """
    train = training(problem, held_out)
    if not len(train.unit):
        raise ValueError("Nothing is held out.")
    streams = [(*names[u], f"fold {f}") for f, u in zip(train.fold, train.unit, strict=True)]
    starts = starting_points(problem.frees, seed, streams, restarts)
    found = solver.minimise(
        train.problem, starts, steps=steps, tolerance=tolerance, progress=progress
    )
    value = np.where(np.isfinite(found.value), found.value, np.inf)
    best, at = np.argmin(value, axis=0), np.arange(len(train.unit))
    x = jnp.asarray(found.x)[best, at]

    events = jax.tree.map(lambda e: e[..., train.lane], problem.events)
    shown = eqx.tree_at(lambda p: p.events, train.problem, events)
    scored = np.asarray(jax.jit(lambda p, x: p.log_probs(x))(shown, x))
    fit = np.asarray(train.problem.owner)
    here = held_out[train.fold[fit], :, train.lane].T & recorded(problem)[:, train.lane]
    log_probs = np.full(problem.events.valid.shape, np.nan)
    where, lane = np.nonzero(here)
    log_probs[where, train.lane[lane]] = scored[where, lane]

    of_units = lambda x: np.bincount(np.asarray(problem.owner), x, minlength=problem.n_units)
    not_converged = np.bincount(train.unit, ~np.asarray(found.converged)[best, at])
    folds = np.bincount(train.unit, minlength=problem.n_units)
    return Prediction(
        log_probs=log_probs,
        log_likelihood=of_units(np.nansum(log_probs, axis=0)),
        records=of_units(np.isfinite(log_probs).sum(axis=0)).astype(int),
        folds=folds,
        converged=(folds > 0) & (np.resize(not_converged, problem.n_units) == 0),
    )


def recorded(problem: Problem) -> Bool[np.ndarray, "events sessions"]:
    """The events that have a record."""
    return np.asarray(problem.events.valid & problem.events.choice)


def pointwise(
    problem: Problem, draws: Float[Array, "chains draws units free"], per: str = "record"
) -> Float[np.ndarray, "chains draws observations"]:
    """Log-likelihood of each observation at draws of coordinates from a posterior.

    An observation is a record, or a unit with all its records (`per` "unit"). To leave a record
    out is to not score it: the learner has met it all the same, and the parameters of its unit
    stay. To leave a unit out is to predict it by parameters that were drawn with its data in,
    which only importance weights can undo; they rarely can, and Pareto's k then says so.
    """
    flat = draws.reshape(-1, *draws.shape[2:])
    each = np.asarray(jax.jit(lambda p, x: jax.lax.map(p.log_probs, x))(problem, flat))
    of_units = np.eye(problem.n_units)[np.asarray(problem.owner)]
    out = each[:, recorded(problem)] if per == "record" else each.sum(axis=1) @ of_units
    return out.reshape(*draws.shape[:2], -1)


def psis_loo(log_likelihood: Float[np.ndarray, "chains draws observations"]) -> Loo:
    """Leave-one-out prediction by Pareto-smoothed importance sampling (Vehtari et al. 2017).

    By ArviZ. `limit` is min(1 - 1 / log10(draws), 0.7), above which k tells of a weight
    distribution that the draws cannot stand for.
    """
    with warnings.catch_warnings():
        # Of a large k is told in the result.
        warnings.simplefilter("ignore")
        import arviz

        data = arviz.from_dict(
            posterior={"draw": log_likelihood.sum(axis=-1)},
            log_likelihood={"record": log_likelihood},
        )
        relative = arviz.ess(np.exp(log_likelihood.mean(axis=-1)), relative=True)
        found = arviz.loo(data, pointwise=True, reff=float(np.clip(relative, 1e-3, 1.0)))
    k = np.asarray(found.pareto_k)
    draws = log_likelihood.shape[0] * log_likelihood.shape[1]
    limit = min(1 - 1 / math.log10(draws), _RELIABLE)
    return Loo(
        elpd=np.asarray(found.loo_i),
        total=float(found.elpd_loo),
        se=float(found.se),
        p_loo=float(found.p_loo),
        pareto_k=k,
        limit=limit,
        unreliable=int(np.sum(~(k <= limit))),
    )


def predictions(scores: Mapping[str, Float[np.ndarray, " observations"]]) -> pa.Table:
    """Models side by side by how well they predict the same observations, best first.

    `scores` are log predictive densities, such as `Prediction.log_likelihood` of each unit or
    `Loo.elpd`. `difference` is against the best model and `se_difference` its standard error,
    from the differences of single observations (Vehtari et al. 2017, equation 24); records of
    one unit are not independent, so between units take sums over each. Observations that some
    model has no score of are left out of all, and counted.
    """
    models = list(scores)
    table = np.stack([scores[m] for m in models])
    known = np.isfinite(table).all(axis=0)
    table, n = table[:, known], int(known.sum())
    total = table.sum(axis=1)
    order = sorted(range(len(models)), key=lambda j: (-total[j], models[j]))
    away = table - table[order[0]]
    spread = lambda x: np.sqrt(n) * x.std(axis=1, ddof=1) if n > 1 else np.full(len(x), np.nan)
    columns = {
        "elpd": total,
        "se": spread(table),
        "difference": away.sum(axis=1),
        "se_difference": spread(away),
    }
    nullable = lambda x: pa.array(x[order], mask=~np.isfinite(x[order]))
    return pa.table(
        {
            "model": [models[j] for j in order],
            "n": [n] * len(models),
            "left_out": [int((~known).sum())] * len(models),
            **{name: nullable(column) for name, column in columns.items()},
        }
    )
