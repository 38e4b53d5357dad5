"""Point estimates with what is known of their quality."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..keys import named_keys
from ..params import Free, sample
from .identifiability import check_identified
from .objective import Problem
from .solvers._base import AbstractSolver


# Restarts whose loss lies within this many nats of the best have found the same optimum.
_SAME = 1e-3
_CONFIDENCE = 1.959963984540054
# Units whose scores are looked at before a fit starts.
_PROBES = 8


class Estimates(NamedTuple):
    """One row per unit, one column per free coordinate.

    Natural-scale `value`, its standard error `se` (delta method from the Hessian in
    coordinates) and 95 % interval (`lower`, `upper`: Wald in coordinates, mapped, so that it
    stays inside the domain). `corner` marks an estimate at the end of its domain, where the
    interval means nothing; `agree` counts the restarts that found the same optimum;
    `positive_definite` says that the optimum is a proper one.
    """

    value: Float[np.ndarray, "units free"]
    se: Float[np.ndarray, "units free"]
    lower: Float[np.ndarray, "units free"]
    upper: Float[np.ndarray, "units free"]
    corner: np.ndarray
    log_likelihood: Float[np.ndarray, " units"]
    loss: Float[np.ndarray, " units"]
    records: np.ndarray
    converged: np.ndarray
    agree: np.ndarray
    positive_definite: np.ndarray
    steepness: np.ndarray


def starting_points(
    frees: Sequence[Free], seed: int, names: Sequence[tuple[str, ...]], restarts: int
) -> Float[Array, "restarts units free"]:
    """Starts drawn from the priors; each (unit, restart) has a stream of its own."""
    rows = [(*name, f"restart {r}") for r in range(restarts) for name in names]
    draws = jax.vmap(lambda k: sample(frees, k))(named_keys(seed, rows))
    flat = jnp.stack([draws[f.name] for f in frees], axis=-1)
    return flat.reshape(restarts, len(names), len(frees))


def _at_corner(frees: Sequence[Free], value: np.ndarray) -> np.ndarray:
    out = np.zeros(value.shape, bool)
    for i, f in enumerate(frees):
        low, high = f.domain.lower, f.domain.upper
        if np.isfinite(high):
            margin = 0.005 * (high - low)
            out[:, i] = (value[:, i] < low + margin) | (value[:, i] > high - margin)
        elif np.isfinite(low):
            out[:, i] = (value[:, i] < 1e-3) | (value[:, i] > 1e3)
    return out


def estimate(
    problem: Problem,
    names: Sequence[tuple[str, ...]],
    solver: AbstractSolver,
    *,
    seed: int,
    restarts: int,
    steps: int,
    tolerance: float,
    what: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Estimates:
    """Fit every unit of `problem`; `names[u]` names unit u for its random streams.

    Raises:
        Unidentified: if the free set is rank-deficient on these data.
    """
    frees = problem.frees
    starts = starting_points(frees, seed, names, restarts)
    owner = np.asarray(problem.owner)
    probe = np.flatnonzero(owner < _PROBES)
    score = np.asarray(jax.jit(lambda p, x: p.score(x))(problem, starts[0]))
    check_identified(frees, score[:, probe], owner[probe], what=what)

    found = solver.minimise(problem, starts, steps=steps, tolerance=tolerance, progress=progress)
    value = np.where(np.isfinite(found.value), found.value, np.inf)
    best = np.argmin(value, axis=0)
    at = np.arange(problem.n_units)
    x = np.asarray(found.x)[best, at]
    curvature = jax.jit(lambda p, x: (p.hessian(x), p.log_likelihood(x)))
    hessian, likelihood = jax.tree.map(np.asarray, curvature(problem, jnp.asarray(x)))

    se, proper = np.full(x.shape, np.nan), np.zeros(len(x), bool)
    for u, h in enumerate(hessian):
        if np.isfinite(h).all() and np.linalg.eigvalsh(h)[0] > 0:
            proper[u] = True
            se[u] = np.sqrt(np.diag(np.linalg.inv(h)))
    forward = lambda x: np.stack(
        [np.asarray(f.domain.forward(jnp.asarray(x[:, i]))) for i, f in enumerate(frees)], axis=1
    )
    slope = np.stack(
        [np.asarray(f.domain.slope(jnp.asarray(x[:, i]))) for i, f in enumerate(frees)], axis=1
    )
    natural = forward(x)
    return Estimates(
        value=natural,
        se=slope * se,
        lower=forward(x - _CONFIDENCE * se),
        upper=forward(x + _CONFIDENCE * se),
        corner=_at_corner(frees, natural),
        log_likelihood=likelihood,
        loss=value[best, at],
        records=np.asarray(problem.records()),
        converged=np.asarray(found.converged)[best, at],
        agree=np.sum(value <= value[best, at] + _SAME, axis=0),
        positive_definite=proper,
        steepness=np.asarray(found.steepness)[best, at],
    )
