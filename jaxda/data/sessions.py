"""Sessions as a long table, one row per event, and as arrays of events.

Synthetic sessions and a lab's own come through the same table. Missing values are nulls in
the table; in arrays they are in-range numbers under a flag that is False.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..types import Env, Event
from .files import metadata, with_metadata


class Label(NamedTuple):
    """Whose session it is, and under which dose."""

    dose: float
    subject: str
    session: str


class Sessions(NamedTuple):
    """Events `[events, sessions]` with the label of each session."""

    env: Env
    events: Event
    labels: list[Label]


_OPTIONAL = {"fresh": (False, bool), "context": (0, int)}
_FLAGS = ("onset", "choice", "terminal", "feedback", "valid")


def env_facts(env: Env) -> dict[str, Any]:
    """An `Env` as plain values."""
    return dataclasses.asdict(env)


def _env(facts: Mapping[str, Any]) -> Env:
    """The `Env` behind plain values."""
    known = dict(facts)
    known["features"] = tuple(tuple(row) for row in facts.get("features", ()))
    known["stimuli"] = tuple(facts.get("stimuli", ()))
    return Env(**known)


def to_table(
    sessions: Sessions,
    extra: Mapping[str, np.ndarray],
    facts: Mapping[str, Any],
    trials: int | None = None,
    truth: Mapping[str, np.ndarray] | None = None,
) -> pa.Table:
    """The long table of simulated sessions, of the first `trials` trials if that is given.

    `extra` are readouts `[events, sessions]` or `[events, size, sessions]`; the latter become
    columns `name_0`, `name_1`, ... `truth` is what was behind the events, of the same shapes:
    columns `true_name`. A null stands where there was nothing to record.
    """
    e = {n: _host(getattr(sessions.events, n)) for n in Event.__dataclass_fields__}
    n_events, n_sessions = e["valid"].shape
    flat = lambda x: np.asarray(x).T.reshape(-1)
    trial = np.cumsum(e["onset"], axis=0)
    keep = flat(e["valid"] if trials is None else e["valid"] & (trial <= trials))
    event = flat(np.broadcast_to(np.arange(n_events)[:, None], (n_events, n_sessions)))

    def column(x: Any, present: Any = None) -> pa.Array:
        x = flat(x)[keep]
        mask = None if present is None else ~flat(present)[keep]
        return pa.array(x, mask=mask)

    spread = lambda name: pa.array(
        np.repeat([getattr(label, name) for label in sessions.labels], n_events)[keep]
    )
    columns: dict[str, pa.Array] = {
        "dose": spread("dose"),
        "subject": spread("subject"),
        "session": spread("session"),
        "trial": column(trial),
        "event": pa.array(event[keep]),
        "cue": column(e["cue"]),
    }
    fixed = np.arange(sessions.env.n_actions)[None, :, None]
    options = np.broadcast_to(
        fixed if e["options"] is None else e["options"],
        (n_events, sessions.env.n_actions, n_sessions),
    )
    for a in range(sessions.env.n_actions):
        columns[f"option_{a}"] = column(options[:, a])
    columns |= {
        "action": column(e["action"], e["choice"]),
        "choice": column(e["choice"]),
        "latency": column(e["latency"], e["choice"] & sessions.env.timed),
        "reward": column(e["reward"], e["feedback"]),
    }
    after = ("feedback", "onset", "terminal", "successor", "elapsed", "valid")
    columns |= {name: column(e[name]) for name in after}
    columns |= {name: column(e[name]) for name in _OPTIONAL if e[name] is not None}
    behind = {f"true_{name}": x for name, x in (truth or {}).items()}
    for name, x in {**extra, **behind}.items():
        if x.ndim == 2:
            columns[name] = column(x)
        elif x.shape[1] == 1:
            columns[name] = column(x[:, 0])
        else:
            columns |= {f"{name}_{i}": column(x[:, i]) for i in range(x.shape[1])}
    return with_metadata(pa.table(columns), {**facts, "env": env_facts(sessions.env)})


def _host(x: Any) -> Any:
    return None if x is None else np.asarray(x)


def from_table(table: pa.Table, longest: int = 0) -> Sessions:
    """Events of every (dose, subject, session) of a long table, padded to the longest.

    The order of sessions is that of their first row. `longest` pads further.
    """
    env = _env(metadata(table)["env"])
    labels, where = _sessions(table)
    position = np.zeros(table.num_rows, int)
    for rows in where:
        position[rows] = np.arange(len(rows))
    lane = np.zeros(table.num_rows, int)
    for i, rows in enumerate(where):
        lane[rows] = i
    shape = (max(longest, *(len(rows) for rows in where)), len(where))

    def field(name: str, fill: float | bool, dtype: Any) -> jnp.ndarray:
        values = table.column(name).fill_null(fill).to_numpy(zero_copy_only=False)
        out = np.full(shape, fill, dtype)
        out[position, lane] = values
        return jnp.asarray(out)

    real, whole = np.dtype(jnp.zeros(()).dtype), np.dtype(jnp.zeros((), int).dtype)
    named = [f"option_{a}" for a in range(env.n_actions)]
    fixed = env.n_items == env.n_actions and all(
        pc.all(pc.equal(table.column(name), a)).as_py() for a, name in enumerate(named)
    )
    options = jnp.stack([field(name, 0, whole) for name in named], axis=1)
    return Sessions(
        env,
        Event(
            cue=field("cue", 0, whole),
            options=None if fixed else options,
            action=field("action", 0, whole),
            latency=field("latency", 1.0, real),
            reward=field("reward", 0.0, real),
            successor=field("successor", 0, whole),
            elapsed=field("elapsed", 1.0, real),
            **{name: field(name, False, bool) for name in _FLAGS},
            **{n: field(n, *how) for n, how in _OPTIONAL.items() if n in table.column_names},
        ),
        labels,
    )


def _sessions(table: pa.Table) -> tuple[list[Label], list[np.ndarray]]:
    keys = zip(
        table.column("dose").to_pylist(),
        table.column("subject").to_pylist(),
        table.column("session").to_pylist(),
        strict=True,
    )
    rows: dict[Label, list[int]] = {}
    for i, key in enumerate(keys):
        rows.setdefault(Label(*key), []).append(i)
    return list(rows), [np.asarray(r) for r in rows.values()]


def units(labels: Sequence[Label], unit: str) -> tuple[list[tuple[float, str, str]], np.ndarray]:
    """Who has parameters of their own: `(dose, subject, session)` names, and each session's owner.

    With `unit` "subject", sessions of a subject under one dose share parameters and the name
    of the session is empty.
    """
    names = [
        (label.dose, label.subject, label.session if unit == "session" else "") for label in labels
    ]
    order = {name: i for i, name in enumerate(dict.fromkeys(names))}
    return list(order), np.asarray([order[name] for name in names])
