"""Point estimates with what is known of their quality."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..keys import named_keys
from ..params import Free, sample
from .coordinates import natural, slopes
from .evidence import coordinate_moments, find_mode, laplace_evidence
from .honesty import gap_to_second, identified
from .identifiability import check_identified
from .objective import Problem
from .penalties import Flat
from .profile import profile
from .solvers._base import AbstractSolver


# Columns of a Hadamard matrix by parameter (its rows are restarts, both read as bits): first those
# that are balanced from two rows on.
_COLUMNS = (1, 3, 5, 7, 2, 4, 6)
# Prior standard deviations between the mean and the starts, by round through the rows.
_REACH = (3.0, 1.5, 2.25, 0.75)
# Restarts whose loss lies within this many nats of the best have found the same optimum.
_SAME = 1e-3
_CONFIDENCE = 1.959963984540054
# Newton steps with the exact Hessian, by which solvers end up at the same number.
_POLISH = 5
# Units whose scores are looked at before a fit starts.
PROBES = 8


class Estimates(NamedTuple):
    """One row per unit, one column per free coordinate.

    Natural-scale `value`, its standard error `se` (delta method from the Hessian in
    coordinates) and 95 % interval (`lower`, `upper`: Wald in coordinates, mapped, so that it
    stays inside the domain). `corner` marks an estimate at the end of its domain, where the
    interval means nothing; `agree` counts the restarts that found the same optimum;
    `positive_definite` says that the optimum is a proper one; `gap` is how many nats the
    second-best optimum lies above it, NaN if all restarts found the same.

    `rank`, `condition` and `open` judge the information of the records alone (see
    `honesty.Identified`); `prior_share` is the posterior over the prior standard deviation of
    each coordinate, so near 1 the prior has decided. `log_evidence` is Laplace's, NaN without a
    prior or a proper mode.
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
    gap: Float[np.ndarray, " units"]
    rank: np.ndarray
    condition: Float[np.ndarray, " units"]
    open: list[str]
    prior_share: Float[np.ndarray, "units free"]
    log_evidence: Float[np.ndarray, " units"]


def starting_points(
    frees: Sequence[Free], seed: int, names: Sequence[tuple[str, ...]], restarts: int
) -> Float[Array, "restarts units free"]:
    """Starts for every unit, which depend on its name, not on who else is fitted.

    One start is drawn from the priors. Several lie at corners of a box around their means, as an
    orthogonal array says, with sides of its own for each unit: from there they find more of the
    optima than from where the priors have their mass.
    """
    if restarts == 1:
        return _drawn(frees, seed, [(*name, "restart 0") for name in names])[None]
    mean, sd = coordinate_moments(frees)
    n = len(frees)
    turn, row = np.divmod(np.arange(restarts), min(8, 2**n))
    turns = [(*name, f"sides {t}") for t in range(turn[-1] + 1) for name in names]
    sides = (_drawn(frees, seed, turns) > mean).reshape(-1, len(names), n)[turn]
    even = np.bitwise_count(row[:, None] & np.resize(_COLUMNS, n)) % 2 == 0
    away = np.resize(_REACH, turn[-1] + 1)[turn][:, None, None] * sd
    return jnp.where(even[:, None] == sides, mean + away, mean - away)


def _drawn(
    frees: Sequence[Free], seed: int, names: Sequence[tuple[str, ...]]
) -> Float[Array, "names free"]:
    draws = jax.vmap(lambda k: sample(frees, k))(named_keys(seed, names))
    return jnp.stack([draws[f.name] for f in frees], axis=-1)


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
    intervals: str = "laplace",
    probe: tuple[Problem, Sequence[tuple[str, ...]]] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Estimates:
    """Fit every unit of `problem`; `names[u]` names unit u for its random streams.

    With `intervals` "profile" they come from the profile likelihood, where they may be one-sided
    or end at the end of the domain. `probe` holds units whose scores are looked at in place of the
    first of `problem`, and their names.

    Raises:
        Unidentified: if the free set is rank-deficient on these data.
    """
    frees = problem.frees
    starts = starting_points(frees, seed, names, restarts)
    looked_at, there = problem, starts[0]
    if probe is not None:
        looked_at, there = probe[0], starting_points(frees, seed, probe[1], 1)[0]
    owner = np.asarray(looked_at.owner)
    first = np.flatnonzero(owner < PROBES)
    score = np.asarray(jax.jit(lambda p, x: p.score(x))(looked_at, there))
    check_identified(frees, score[:, first], owner[first], what=what)

    found = solver.minimise(problem, starts, steps=steps, tolerance=tolerance, progress=progress)
    value = np.where(np.isfinite(found.value), found.value, np.inf)
    best = np.argmin(value, axis=0)
    at = np.arange(problem.n_units)
    mode = find_mode(problem, jnp.asarray(found.x)[best, at], _POLISH)
    x, hessian = np.asarray(mode.x), np.asarray(mode.hessian)
    prior, _, bent = map(np.asarray, problem.penalty.derivatives(frees, mode.x))
    said, loss = hessian - bent, np.asarray(mode.loss) - prior

    se, proper = np.full(x.shape, np.nan), np.zeros(len(x), bool)
    for u, h in enumerate(hessian):
        if np.isfinite(h).all() and np.linalg.eigvalsh(h)[0] > 0:
            proper[u] = True
            se[u] = np.sqrt(np.diag(np.linalg.inv(h)))
    forward = lambda x: np.asarray(natural(frees, x))
    value_there = forward(x)
    low, high = x - _CONFIDENCE * se, x + _CONFIDENCE * se
    if intervals == "profile":
        ends = profile(problem, x, se, solver, steps=steps, tolerance=tolerance)
        low, high = ends.lower, ends.upper
    known = identified(frees, said)
    evidence = np.full(len(x), np.nan)
    if not isinstance(problem.penalty, Flat):
        evidence = np.asarray(laplace_evidence(problem, jnp.asarray(x)).log_evidence)
    return Estimates(
        value=value_there,
        se=np.asarray(slopes(frees, x)) * se,
        lower=forward(low),
        upper=forward(high),
        corner=_at_corner(frees, value_there),
        log_likelihood=-loss,
        loss=np.asarray(mode.loss),
        records=np.asarray(problem.records()),
        converged=np.asarray(found.converged)[best, at],
        agree=np.sum(value <= value[best, at] + _SAME, axis=0),
        positive_definite=proper,
        steepness=np.asarray(found.steepness)[best, at],
        gap=gap_to_second(value, _SAME),
        rank=known.rank,
        condition=known.condition,
        open=known.open,
        prior_share=se / coordinate_moments(frees)[1],
        log_evidence=evidence,
    )
