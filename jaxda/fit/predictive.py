"""Prior and posterior predictive checks: does a model behave like its subjects?

Parameters are drawn, sessions are made with them, and simple statistics of these replicates are
held against those of the recorded sessions (Gelman, Meng & Stern 1996, Stat. Sinica 6:733).
Replicates are made in one of two ways, and tables say which in the column `how`:

- "simulated": the agent meets the task from the first trial on. It needs the task.
- "one step ahead": the agent sees the recorded past of each trial, and only its next choice (and
  latency) is drawn. It needs nothing but the record, and asks less of a model: what it gets
  wrong does not add up over trials (Palminteri, Wyart & Koechlin 2017, Trends Cogn. Sci. 21:425).

The statistics are those of `jaxda.fit.behaviour`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
from jaxtyping import Array, Float

from ..data.choices import Rows, best_paid, trial_bins
from ..data.sessions import from_table, units
from ..keys import named_key, named_keys, uniforms
from ..observations import latency as latency_observation
from ..params import Free, sample
from ..rollout import Agent, choose, n_noise, noise_of, replay, simulate
from ..tasks._base import Task
from ..types import Env, LatencyLaw, pick
from .behaviour import STATISTICS, TOLD, Design, Trials, best_items, by_trial, mean
from .coordinates import natural
from .latents import by_path, places
from .objective import Problem


SIMULATED, AHEAD = "simulated", "one step ahead"
# Sessions that are simulated at once.
_LANES = 1000
# The spread of a prior in coordinates is that of so many draws.
_PRIOR_DRAWS = 2000
Progress = Callable[[int, int], None]


def _quiet(done: int, total: int) -> None:
    pass


def laplace_draws(
    problem: Problem,
    x: Float[np.ndarray, "units free"],
    names: Sequence[tuple[str, ...]],
    *,
    seed: int,
    draws: int,
) -> Float[np.ndarray, "draws units free"]:
    """Draws from the Laplace posterior of every unit, as coordinates, around the optimum `x`.

    `names[u]` names unit u for its random stream. Draws are normal in coordinates, with the
    curvature of the loss at `x`. In a direction in which the data say less than the prior (flat,
    at a corner, or curved the wrong way) they are as wide as the prior and no wider. A unit
    without an optimum (NaN) has draws of NaN.
    """
    frees, (n_units, n_free) = problem.frees, x.shape
    at = np.clip(x, -_FAR, _FAR)
    curvature = jax.jit(lambda p, x: p.hessian(x))
    hessian = np.nan_to_num(np.asarray(curvature(problem, jnp.nan_to_num(jnp.asarray(at)))))
    prior = sample(frees, named_key(seed, "spread of the prior"), (_PRIOR_DRAWS,))
    spread = np.asarray([np.std(np.asarray(prior[f.name])) for f in frees])
    keys = named_keys(seed, [(*name, "posterior draws") for name in names])
    noise = np.asarray(jax.vmap(lambda k: jax.random.normal(k, (draws, n_free)))(keys))
    out = np.full((draws, n_units, n_free), np.nan)
    for u in range(n_units):
        scaled = hessian[u] * np.outer(spread, spread)
        size, axes = np.linalg.eigh((scaled + scaled.T) / 2)
        root = axes / np.sqrt(np.maximum(size, 1.0))
        out[:, u] = at[u] + spread * (noise[u] @ root.T)
    return out


def prior_predictive(
    agent: Agent,
    task: Task,
    values: Mapping[str, Float[np.ndarray, " draws"] | Float[Array, " draws"]],
    sessions: pa.Table | None = None,
    *,
    trials: int,
    seed: int,
    names: tuple[str, ...] = (),
    progress: Progress = _quiet,
) -> pa.Table:
    """What single subjects with `values` drawn before any data do in `trials` trials of a task.

    `values` are natural values by path, `names` says whose random streams these are. The columns
    are those of `posterior_predictive`; here mean, quartiles and band are over subjects, one per
    draw, and `observed` is the mean of the recorded `sessions` at the dose nearest to 0, if there
    are any. `p` and `covered` are null: a population of one kind is held against one subject.
    """
    draws = len(next(iter(values.values())))
    wide = {path: np.asarray(v)[:, None] for path, v in values.items()}
    keys = named_keys(seed, [(*names, f"draw {d}") for d in range(draws)])[:, None]
    parts = list(_simulated(agent, task, wide, keys, trials, progress))
    record = None if sessions is None else _Record(sessions, trials)
    design = _design(task.kind, task.env, trials, record.seen if record else parts[0][0])
    observed: dict[Key, np.ndarray] = {}
    if record:
        own = record.of_units("subject")
        here = own.doses == min(own.doses, key=abs)
        observed = {k: own.mean(v[None])[0, here] for k, v in _levels(record.seen, design).items()}
    rows = []
    for key, made in _joined(parts, design).items():
        true = observed.get(key, np.full(1, np.nan))
        row = _row(key, SIMULATED, design, made[:, 0], float(mean(true)))
        n = int(np.isfinite(true).sum())
        rows.append({"dose": 0.0, **row, "p": None, "covered": None, "n": n})
    return _table(rows)


def posterior_predictive(
    agent: Agent,
    frees: Sequence[Free],
    draws: Float[np.ndarray, "draws units free"],
    sessions: pa.Table,
    *,
    task: Task | None = None,
    kind: str = "choice",
    unit: str = "subject",
    seed: int,
    names: tuple[str, ...] = (),
    progress: Progress = _quiet,
) -> pa.Table:
    """What the units of recorded `sessions` would do, with `draws` of their parameters.

    `draws` are coordinates, units in the order of their first row; `names` says whose random
    streams these are. With a `task`, sessions of as many trials as were recorded are simulated;
    without one, choices in a task of `kind` are drawn one step ahead.

    One row per dose, statistic and level: `observed`, the mean over units (of means over
    sessions); `mean`, quartiles `q25` and `q75` and 90 % band `low` to `high` of the same mean in
    replicates; `p`, the share of replicates above what was observed, ties counted half (a
    posterior predictive p-value: near 0 or 1 the model is wrong there; as the data are used
    twice, it is conservative); `covered`, the share of units whose own value lies in their own
    90 % band; `n` units, `draws`, `how`, and the level of `chance` where there is one. Only units
    with a value count.
    """
    record = _Record(sessions)
    trials = len(record.seen.cue)
    design = _design(task.kind if task else kind, record.env, trials, record.seen)
    own = record.of_units(unit)
    values = by_path(frees, np.asarray(natural(frees, draws))[:, own.owner])
    who = [(*names, str(dose), subject, session) for dose, subject, session in record.labels]
    rows = [(*w, f"draw {d}") for d in range(len(draws)) for w in who]
    keys = named_keys(seed, rows).reshape(len(draws), len(who))
    if task is not None:
        parts = _simulated(agent, task, values, keys, trials, progress)
    else:
        parts = _ahead(agent, record, values, keys, progress)
    made = {key: own.mean(each) for key, each in _joined(parts, design).items()}
    observed = {key: own.mean(v[None])[0] for key, v in _levels(record.seen, design).items()}
    how, out = SIMULATED if task else AHEAD, []
    for dose in np.unique(own.doses):
        here = own.doses == dose
        for key, each in made.items():
            # A mean over other units than were observed would be another statistic.
            replicate = np.where(np.isfinite(observed[key]), each, np.nan)[:, here]
            known = np.isfinite(replicate).any(axis=0)
            true = np.where(known, observed[key][here], np.nan)
            low, high = _quantile(replicate, 0.05), _quantile(replicate, 0.95)
            inside = np.where(known, (low <= true) & (true <= high), np.nan)
            if known.any():
                row = _row(key, how, design, mean(replicate.T), float(mean(true)))
                more = {"covered": float(mean(inside)), "n": int(known.sum())}
                out.append({"dose": float(dose), **row, **more})
    return _table(out)


class _Units(NamedTuple):
    """Whose parameters a session has, and the dose of each unit."""

    owner: np.ndarray
    doses: np.ndarray

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Mean over the sessions of each unit, `[draws, sessions]` to `[draws, units]`."""
        order = np.argsort(self.owner, kind="stable")
        first = np.searchsorted(self.owner[order], np.arange(len(self.doses)))
        there = np.isfinite(values)[:, order]
        n = np.add.reduceat(there, first, axis=1, dtype=int)
        total = np.add.reduceat(np.where(there, values[:, order], 0.0), first, axis=1)
        return np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)


class _Record:
    """The sessions of a table, as events and trial by trial."""

    def __init__(self, sessions: pa.Table, trials: int | None = None):
        data = from_table(sessions)
        self.env, self.labels, self.events = data.env, data.labels, data.events
        where, rows = places(sessions, data.labels), Rows(sessions)
        shape = data.events.valid.shape

        def grid(column: np.ndarray) -> np.ndarray:
            out = np.full(shape, np.nan)
            out[where] = column
            return out

        parts = {n: rows.parts(f"true_{n}") for n in TOLD}
        truth = {n: np.stack([grid(rows[c]) for c in p], axis=1) for n, p in parts.items() if p}
        if any(c.startswith("true_") for c in sessions.column_names):
            self._best = best_items(truth, data.events, data.env)
        elif data.env.n_actions > 1:
            self._best = np.nan_to_num(grid(best_paid(rows)), nan=-1).astype(int)
        else:
            self._best = np.full(shape, -1)
        last = int(np.cumsum(np.asarray(data.events.onset), axis=0).max())
        self._trials = last if trials is None else trials
        self.seen = by_trial(data.events, self._best, self._trials)

    def of_units(self, unit: str) -> _Units:
        names, owner = units(self.labels, unit)
        return _Units(owner, np.asarray([dose for dose, _, _ in names]))

    def replaced(self, action: np.ndarray, latency: np.ndarray) -> Trials:
        """What was drawn for each event, given what was really done before it."""
        where = lambda e: (e.action, e.latency)
        events = eqx.tree_at(where, self.events, (action, latency))
        return by_trial(events, self._best, self._trials)._replace(past=self.seen)


def _tiles(
    values: Mapping[str, np.ndarray], keys: jax.Array, progress: Progress
) -> Iterator[tuple[jax.Array, dict[str, jax.Array], np.ndarray, int]]:
    """Draws `[draws, sessions]` as lanes, whole draws at a time, always as many lanes.

    With them, which lanes have numbers for parameters, and how many draws are meant.
    """
    draws, sessions = keys.shape
    each = min(draws, max(1, _LANES // sessions))
    for begin in range(0, draws, each):
        at = np.arange(begin, begin + each) % draws
        wide = {p: np.broadcast_to(v, (draws, sessions))[at].ravel() for p, v in values.items()}
        known = np.all([np.isfinite(v) for v in wide.values()], axis=0)
        here = {p: jnp.asarray(v) for p, v in wide.items()}
        yield keys[at].ravel(), here, known, min(each, draws - begin)
        progress(min(begin + each, draws), draws)


def _simulated(
    agent: Agent,
    task: Task,
    values: Mapping[str, np.ndarray],
    keys: jax.Array,
    trials: int,
    progress: Progress,
) -> Iterator[tuple[Trials, int, int]]:
    """Sessions played from the first trial on, with the draws and sessions that they hold."""
    n_events, env = task.events_for(trials), task.env
    run = jax.jit(
        lambda keys, values: simulate(
            agent, task, keys, n_events, values, record=lambda event, _: event, truth=True
        )
    )
    for lanes, here, known, n in _tiles(values, keys, progress):
        events, truth = jax.tree.map(np.asarray, run(lanes, here))
        events = eqx.tree_at(lambda e: e.valid, events, events.valid & known)
        yield by_trial(events, best_items(truth, events, env), trials), n, keys.shape[1]


def _ahead(
    agent: Agent,
    record: _Record,
    values: Mapping[str, np.ndarray],
    keys: jax.Array,
    progress: Progress,
) -> Iterator[tuple[Trials, int, int]]:
    """The next choice and latency of every recorded event, drawn given what was before."""
    env, n_choice = record.env, n_noise(record.env)
    at = jnp.arange(record.events.valid.shape[0])

    def draw(law: LatencyLaw, action: Any, u: Any) -> jax.Array:
        return latency_observation.draw(jax.tree.map(lambda x: pick(x, action), law), u)

    def run(key: jax.Array, values: dict[str, jax.Array]) -> tuple[jax.Array, jax.Array]:
        policy = replay(agent, env, record.events, values, record=lambda _, r: r.policy)
        u = uniforms(key, at, n_choice + env.timed)
        each = jax.vmap(jax.vmap(choose, in_axes=-1))
        action = each(policy.logits, noise_of(env, u[:, :n_choice]))
        if not env.timed:
            return action, record.events.latency
        law = (policy.latency, action, u[:, n_choice])
        return action, jax.lax.map(lambda x: draw(*x), law)

    one = jax.jit(run)
    for d in range(len(keys)):
        here = {p: v[d] for p, v in values.items()}
        known = np.all([np.isfinite(v) for v in here.values()], axis=0)
        drawn = one(keys[d], {p: jnp.asarray(v) for p, v in here.items()})
        action, latency = jax.tree.map(np.asarray, drawn)
        seen = record.replaced(action, np.where(known, latency, np.nan))
        yield seen._replace(item=np.where(known, seen.item, -1)), 1, keys.shape[1]
        progress(d + 1, len(keys))


def _design(kind: str, env: Env, trials: int, seen: Trials) -> Design:
    bins = trial_bins(np.arange(1, trials + 1))[0]
    rewards = seen.reward[np.isfinite(seen.reward)]
    return Design(kind, env, bins, float(rewards.mean()) if rewards.size else 0.0)


# Statistic, level, and its place on an axis.
Key = tuple[str, str, float]


def _levels(seen: Trials, design: Design) -> dict[Key, np.ndarray]:
    return {
        (name, *level): values
        for name, statistic in STATISTICS.items()
        for level, values in statistic(seen, design).items()
    }


def _joined(
    parts: Iterable[tuple[Trials, int, int]], design: Design
) -> dict[Key, Float[np.ndarray, "draws sessions"]]:
    """Statistics of all replicates; without levels that none of them has."""
    found: dict[Key, list[np.ndarray]] = {}
    for seen, draws, sessions in parts:
        for key, values in _levels(seen, design).items():
            found.setdefault(key, []).append(values.reshape(-1, sessions)[:draws])
    whole = {key: np.concatenate(values) for key, values in found.items()}
    return {key: values for key, values in whole.items() if np.isfinite(values).any()}


def _quantile(x: np.ndarray, q: float) -> np.ndarray:
    """Quantile over the first axis of what is a number; NaN where nothing is."""
    ranked, n = np.sort(x, axis=0), np.isfinite(x).sum(axis=0)
    at = q * np.maximum(n - 1, 0)
    low = np.floor(at).astype(int)
    take = lambda i: np.take_along_axis(ranked, i[None], axis=0)[0]
    low_value, high_value = take(low), take(np.minimum(low + 1, np.maximum(n - 1, 0)))
    return np.asarray(low_value + (at - low) * (high_value - low_value))


def _row(key: Key, how: str, design: Design, made: np.ndarray, observed: float) -> dict[str, Any]:
    statistic, level, x = key
    made = made[np.isfinite(made)]
    share = statistic.startswith("P(better")
    above = np.mean(made > observed) + np.mean(made == observed) / 2
    return {
        "statistic": statistic,
        "level": level,
        "x": x,
        "observed": observed,
        "mean": float(made.mean()),
        **{n: float(_quantile(made, q)) for n, q in _BAND.items()},
        "p": float(above) if np.isfinite(observed) else None,
        "chance": 1 / design.env.n_actions if share else None,
        "draws": len(made),
        "how": how,
    }


_BAND = {"low": 0.05, "q25": 0.25, "q75": 0.75, "high": 0.95}
_COLUMNS: dict[str, Any] = {
    "dose": pa.float64(),
    "statistic": pa.string(),
    "level": pa.string(),
    "x": pa.float64(),
    "observed": pa.float64(),
    "mean": pa.float64(),
    **dict.fromkeys(_BAND, pa.float64()),
    "p": pa.float64(),
    "covered": pa.float64(),
    "chance": pa.float64(),
    "n": pa.int64(),
    "draws": pa.int64(),
    "how": pa.string(),
}


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    number = lambda x: None if isinstance(x, float) and not np.isfinite(x) else x
    columns = {n: pa.array([number(r[n]) for r in rows], t) for n, t in _COLUMNS.items()}
    return pa.table(columns)


# Coordinates beyond which a probability or a rate is as good as 0 or 1, or infinite.
_FAR = 30.0
