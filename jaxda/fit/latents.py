"""What a fitted model says was going on in each event: regressors for fMRI, EEG and photometry.

Numbers are in the units of the model and the task (values and errors in rewards, probabilities
from 0 to 1). Nothing is centred, scaled or convolved: whether to z-score a regressor, within a
session or over subjects, changes what its weight means and is left to whoever enters it in a
regression.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from ..data.files import metadata, with_metadata
from ..data.sessions import Label, Sessions, from_table, units
from ..params import Free
from ..rollout import Agent, replay
from ..types import Event, Readout, pick
from . import coordinates


# Of these columns an event that nobody learned from, or in which nobody acted, has none.
_LEARNED, _ACTED = ("rpe", "dopamine"), ("p_chosen",)
_WHOSE = ("dose", "subject", "session", "trial", "event")


def latents(
    agent: Agent,
    frees: Sequence[Free],
    sessions: pa.Table,
    fits: pa.Table,
    *,
    unit: str = "subject",
    draws: Float[np.ndarray, "draws units free"] | None = None,
) -> pa.Table:
    """Latents of every row of `sessions` at the estimates of its unit in `fits`.

    As `trialwise`. A unit without an estimate keeps its rows, with nulls. Given `draws` from
    the posterior, as coordinates of the units in the order of their first row, each column has
    a second one, `name_sd`, with the standard deviation over them.
    """
    data = from_table(sessions)
    names, owner = units(data.labels, unit)
    value = estimates(frees, fits, names)
    values = by_path(frees, value[owner])
    if draws is None:
        return trialwise(agent, sessions, values)
    natural = np.asarray(coordinates.natural(frees, draws))
    spreads = (by_path(frees, each[owner]) for each in natural)
    seen = _Seen(agent, data)
    columns = seen(values)
    deviation = _deviation(map(seen, spreads))
    both = {c: v for n, x in columns.items() for c, v in ((n, x), (f"{n}_sd", deviation[n]))}
    return _table(sessions, data, both)


def trialwise(
    agent: Agent, sessions: pa.Table, values: Mapping[str, Float[np.ndarray, " sessions"]]
) -> pa.Table:
    """Latents of every row of `sessions` for an agent with natural `values` by path.

    `values` hold one number per session, in the order of the first row of each. One row per row
    of `sessions`, in the same order: dose, subject, session, trial and event as there, then

    - every latent of the model, before the event: of vectors (one per action, channel or
      cue) `name_0`, `name_1`, ...;
    - `p_0`, `p_1`, ...: how likely each action was, and `p_chosen`: that of the action taken;
    - `rpe`: what a healthy midbrain would broadcast of the event, and `dopamine`: what arrived.

    A null stands where there is no such thing: everything in rows that are not valid, `p_chosen`
    where nobody acted (a missed trial), `rpe` and `dopamine` where nothing was learned (no
    feedback). Values and weights of a missed trial are there: the cue was shown.
    """
    data = from_table(sessions)
    return _table(sessions, data, _Seen(agent, data)(values))


class _Seen:
    """Columns `[events, sessions]` that an agent computes of sessions; compiled once."""

    def __init__(self, agent: Agent, data: Sessions):
        choices = data.env.acts and data.env.n_actions > 1
        self._events = data.events
        self._run = jax.jit(
            lambda events, values: replay(
                agent, data.env, events, values, record=_with_p if choices else _without_p
            )
        )

    def __call__(self, values: Mapping[str, Any]) -> dict[str, np.ndarray]:
        out: dict[str, np.ndarray] = {}
        seen = self._run(self._events, {p: jnp.asarray(v) for p, v in values.items()})
        # A dict comes back sorted; the model's own latents come first.
        late = ("p", *_ACTED, *_LEARNED)
        known = np.all([np.isfinite(v) for v in values.values()], axis=0)
        for name in sorted(seen, key=lambda n: late.index(n) if n in late else -1):
            # Before anything is learned a number does not depend on what is not known.
            x = np.where(known, seen[name], np.nan)
            if x.ndim == 2 or x.shape[1] == 1:
                out[name] = x.reshape(len(x), -1)
            else:
                out |= {f"{name}_{i}": x[:, i] for i in range(x.shape[1])}
        return out


def _without_p(event: Event, readout: Readout) -> dict[str, Any]:
    return {**readout.latents, "rpe": readout.rpe, "dopamine": readout.dopamine}


def _with_p(event: Event, readout: Readout) -> dict[str, Any]:
    p = jax.nn.softmax(readout.policy.logits, axis=0)
    return {**_without_p(event, readout), "p": p, "p_chosen": pick(p, event.action)}


def _deviation(seen: Any) -> dict[str, np.ndarray]:
    """Standard deviation of each column over what `seen` yields, without holding all of it."""
    n = 0
    mean: dict[str, np.ndarray] = {}
    square: dict[str, np.ndarray] = {}
    for columns in seen:
        n += 1
        for name, x in columns.items():
            step = x - mean.setdefault(name, np.zeros_like(x))
            mean[name] = mean[name] + step / n
            square[name] = square.get(name, 0.0) + step * (x - mean[name])
    return {name: np.sqrt(x / max(n - 1, 1)) for name, x in square.items()}


def _table(sessions: pa.Table, data: Sessions, columns: Mapping[str, np.ndarray]) -> pa.Table:
    where = places(sessions, data.labels)
    flags = {n: np.asarray(getattr(data.events, n)) for n in ("valid", "feedback", "choice")}
    learned, acted = flags["valid"] & flags["feedback"], flags["valid"] & flags["choice"]
    out = {n: sessions.column(n) for n in _WHOSE}
    for name, x in columns.items():
        whose = name.removesuffix("_sd")
        stem = whose.rsplit("_", 1)[0] if whose.rsplit("_", 1)[-1].isdigit() else whose
        there = learned if stem in _LEARNED else acted if stem in _ACTED else flags["valid"]
        row = x[where]
        out[name] = pa.array(row, mask=~(there[where] & np.isfinite(row)))
    facts = {k: v for k, v in metadata(sessions).items() if k in ("scenario", "source")}
    return with_metadata(pa.table(out), facts)


def places(
    sessions: pa.Table, labels: Sequence[Label]
) -> tuple[Int[np.ndarray, " rows"], Int[np.ndarray, " rows"]]:
    """Event and session of each row of a table in the arrays that `from_table` makes of it."""
    at = {label: i for i, label in enumerate(labels)}
    keys = (sessions.column(n).to_pylist() for n in ("dose", "subject", "session"))
    lane = np.asarray([at[Label(*key)] for key in zip(*keys, strict=True)], int)
    order = np.argsort(lane, kind="stable")
    event = np.empty(len(lane), int)
    event[order] = np.arange(len(lane)) - np.searchsorted(lane[order], lane[order])
    return event, lane


def estimates(
    frees: Sequence[Free], fits: pa.Table, names: Sequence[tuple[float, str, str]]
) -> Float[np.ndarray, "units free"]:
    """Natural-scale estimates of the units called `names`, NaN where `fits` has none."""
    row = {name: i for i, name in enumerate(names)}
    column = {f.name: i for i, f in enumerate(frees)}
    out = np.full((len(names), len(frees)), np.nan)
    keys = ("dose", "subject", "session", "parameter", "estimate")
    for *name, parameter, value in zip(*(fits.column(k).to_pylist() for k in keys), strict=True):
        if tuple(name) in row and parameter in column and value is not None:
            out[row[tuple(name)], column[parameter]] = value
    return out


def by_path(
    frees: Sequence[Free], value: Float[np.ndarray, "*any free"]
) -> dict[str, Float[np.ndarray, "*any"]]:
    """Natural values by path of natural values in the order of `frees`."""
    return {p: value[..., i] for i, f in enumerate(frees) for p in f.paths}
