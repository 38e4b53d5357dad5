"""Playing models of the catalogue by name, as every landmark does."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from .. import rollout
from ..catalog import load
from ..keys import named_keys
from ..rollout import Agent, Record
from ..types import Env, Event


def agent(model: str, *habits: str, **values: Any) -> Agent:
    """A model of the catalogue with its parameters and settings, and habits by name."""
    return Agent(
        load("models", model)(**values), habits={name: load("habits", name)() for name in habits}
    )


def task(name: str, **settings: Any) -> Any:
    """A task of the catalogue."""
    return load("tasks", name)(**settings)


def play(
    who: Agent,
    what: Any,
    n_events: int,
    record: Record,
    *,
    name: str,
    n_agents: int = 1,
    values: Mapping[str, ArrayLike] | None = None,
) -> Any:
    """What `record` keeps of `n_agents` sessions, as numpy arrays `[events, ..., agents]`.

    Sessions are keyed by the `name` of the landmark and a number; `values` are parameters by
    path (`model.alpha`), one per agent or the same for all.
    """
    keys = named_keys(0, [(name, str(i + 1)) for i in range(n_agents)])
    run = jax.jit(lambda k, v: rollout.simulate(who, what, k, n_events, v, record=record))
    return jax.tree.map(
        np.asarray, run(keys, {n: jnp.asarray(v, dtype=float) for n, v in (values or {}).items()})
    )


def replay(
    who: Agent,
    env: Env,
    events: Event,
    record: Record,
    *,
    values: Mapping[str, ArrayLike] | None = None,
) -> Any:
    """What `record` keeps of recorded `events [events, ..., agents]`, as numpy arrays.

    `values` are parameters by path, one per agent or the same for all.
    """
    run = jax.jit(lambda e, v: rollout.replay(who, env, e, v, record=record))
    return jax.tree.map(np.asarray, run(events, dict(values or {})))
