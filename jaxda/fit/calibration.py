"""Whether posteriors say what they should: simulation-based calibration and coverage.

Parameters drawn from the prior, data simulated with them, and the posterior of these data: the
rank of the true value among draws of its posterior is then uniform (Talts, Betancourt,
Simpson, Vehtari & Gelman 2018), and an interval of probability q holds the truth with
probability q. Both hold on average over the prior and for no single value. Approximations such
as Laplace's are judged by the same test.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
from jaxtyping import Array, Float, Int, Key

from ..keys import named_keys
from ..params import Free
from .evidence import CoordinatePrior, distribution, find_mode
from .objective import Problem


# Tails of proposals: heavier than those of any posterior with a proper prior in coordinates.
_FREEDOM = 5


class Draws(NamedTuple):
    """Posterior draws of simulated units, and which of them have a posterior.

    `x` are coordinates, thinned so that draws of one unit are nearly independent. A unit that
    is not `proper` is counted but not ranked.
    """

    x: Float[np.ndarray, "draws units free"]
    proper: np.ndarray


class Calibration(NamedTuple):
    """Ranks of the truth among the draws: 0 (below all) to `draws` (above all).

    Units that are not `proper` have rank -1.
    """

    parameters: tuple[str, ...]
    truth: Float[np.ndarray, "units free"]
    ranks: Int[np.ndarray, "units free"]
    draws: int
    proper: np.ndarray


def calibrate(
    problem_of: Callable[[Float[Array, "units free"]], Problem],
    frees: Sequence[Free],
    posterior_of: Callable[[Problem], Draws],
    *,
    seed: int,
    units: int,
    name: tuple[str, ...] = ("calibration",),
) -> Calibration:
    """Simulation-based calibration over `units` draws from the catalogue's priors.

    `problem_of(x)` simulates data of every unit at coordinates `x [units, free]` and gives the
    problem that explains them; `posterior_of(problem)` draws from the posterior of each unit
    under the catalogue's priors. A unit's truth depends on `(seed, *name, its number)` alone.
    """
    truth = jnp.stack(
        [
            _drawn(f, named_keys(seed, [(*name, f"unit {u}", f.name) for u in range(units)]))
            for f in frees
        ],
        axis=-1,
    )
    found = posterior_of(problem_of(truth))
    # Draws and truth come from continuous laws: ties have no probability.
    ranks = np.sum(found.x < np.asarray(truth), axis=0)
    ranks = np.where(found.proper[:, None], ranks, -1)
    names = tuple(f.name for f in frees)
    return Calibration(names, np.asarray(truth), ranks, found.x.shape[0], found.proper)


def laplace_draws(
    problem: Problem, x: Float[Array, "units free"], draws: int, *, seed: int
) -> Draws:
    """Draws from Laplace's approximation in coordinates, its mode being sought from `x`.

    The catalogue's priors enter as densities of coordinates, with their Jacobian. A unit
    without a proper mode has no approximation.
    """
    _, mode, root, proper = _expanded(problem, x)
    noise = _noise(seed, len(x), draws, x.shape[-1])
    return Draws(mode + np.einsum("uij,duj->dui", root, noise), proper)


def weighted_draws(
    problem: Problem,
    x: Float[Array, "units free"],
    draws: int,
    *,
    seed: int,
    proposals: int = 2000,
) -> Draws:
    """Draws of the posterior itself, by resampling `proposals` around Laplace's mode.

    Proposals are multivariate t with few degrees of freedom, wider than Laplace's normal, and
    are weighted by what the posterior density is there (Rubin 1988). A unit whose weights are
    worth fewer than `draws` independent proposals is not proper.
    """
    density, mode, root, proper = _expanded(problem, x)
    units, n = x.shape
    noise = _noise(seed, units, proposals, n)
    rng = np.random.default_rng(np.random.SeedSequence([seed, proposals]))
    noise = noise / np.sqrt(rng.chisquare(_FREEDOM, (proposals, units, 1)) / _FREEDOM)
    at = mode + np.einsum("uij,duj->dui", root, noise)
    loss = np.asarray(jax.jit(lambda at: jax.lax.map(density.loss, at))(jnp.asarray(at)))
    proposed = -0.5 * (_FREEDOM + n) * np.log1p(np.sum(noise**2, axis=-1) / _FREEDOM)
    log_weight = np.nan_to_num(-loss - proposed, nan=-np.inf)
    weight = np.exp(log_weight - log_weight.max(axis=0))
    weight /= weight.sum(axis=0)
    proper = proper & (1 / np.sum(weight**2, axis=0) >= draws)
    # Systematic resampling, and in no order, since ranks do not mind.
    comb = (np.arange(draws)[:, None] + rng.uniform(size=units)) / draws
    picked = [np.searchsorted(w.cumsum(), c) for w, c in zip(weight.T, comb.T, strict=True)]
    picked = np.minimum(np.stack(picked, axis=1), proposals - 1)
    return Draws(np.take_along_axis(at, picked[:, :, None], axis=0), proper)


def _expanded(
    problem: Problem, x: Float[Array, "units free"]
) -> tuple[Problem, np.ndarray, np.ndarray, np.ndarray]:
    """The problem with its prior as a density; its modes, roots of covariance, which are proper."""
    density = eqx.tree_at(lambda p: p.penalty, problem, CoordinatePrior())
    mode = find_mode(density, x)
    proper = np.asarray(mode.proper)
    hessian = np.where(proper[:, None, None], np.asarray(mode.hessian), np.eye(x.shape[-1]))
    # H = L L' gives L^-T e covariance H^-1.
    root = np.linalg.inv(np.linalg.cholesky(hessian)).transpose(0, 2, 1)
    return density, np.asarray(mode.x), root, proper


def _noise(seed: int, units: int, draws: int, n: int) -> np.ndarray:
    keys = named_keys(seed, [("draws", f"unit {u}") for u in range(units)])
    noise = jax.vmap(lambda key: jax.random.normal(key, (draws, n)), out_axes=1)(keys)
    return np.asarray(noise)


def uniformity(found: Calibration, bins: int = 20, probability: float = 0.95) -> pa.Table:
    """Whether the ranks of each parameter are uniform; one row per parameter.

    `chi2` and its `p` over `bins` of equal width (fewer if there are fewer ranks);
    `deviation` is the largest difference between the empirical distribution of ranks and the
    uniform one, `band` what it stays below with `probability` if the ranks are uniform and
    independent (Säilynoja, Bürkner & Vehtari 2022, here of constant width, by simulation), and
    `uniform` whether it does. `mean_rank` is a share: below .5 the posterior lies too high.
    `units` are ranked, `improper` are not.
    """
    from scipy import stats

    levels = found.draws + 1
    bins = min(bins, levels)
    ranks = found.ranks[found.proper]
    n = len(ranks)
    if n < 5 * bins:
        raise ValueError(f"{n} ranks are too few for {bins} bins; at least {5 * bins} are needed.")
    band = _band(n, levels, probability)
    rows = []
    for i, parameter in enumerate(found.parameters):
        counts, expected = _binned(ranks[:, i], levels, bins)
        chi2, p = stats.chisquare(counts, expected)
        deviation = float(_deviation(ranks[None, :, i], levels)[0])
        rows.append(
            {
                "parameter": parameter,
                "units": n,
                "improper": int(np.sum(~found.proper)),
                "mean_rank": float(ranks[:, i].mean() / found.draws),
                "chi2": float(chi2),
                "p": float(p),
                "deviation": deviation,
                "band": band,
                "uniform": deviation <= band,
            }
        )
    return pa.Table.from_pylist(rows)


def coverage(found: Calibration, probability: float = 0.9) -> pa.Table:
    """Share of central intervals that hold the truth, with its binomial standard error.

    The interval is that between the draws that leave (1 - `probability`) / 2 on each side.
    """
    ranks = found.ranks[found.proper]
    n, tail = len(ranks), (1 - probability) / 2 * (found.draws + 1)
    # A rank is one of draws + 1 equally likely ones, and the interval holds the middle of them.
    inside = (ranks >= tail) & (ranks < found.draws + 1 - tail)
    share = inside.mean(axis=0)
    return pa.table(
        {
            "parameter": list(found.parameters),
            "probability": [probability] * len(share),
            "coverage": share,
            "se": np.sqrt(share * (1 - share) / n),
            "units": [n] * len(share),
        }
    )


def rank_table(found: Calibration) -> pa.Table:
    """One row per unit and parameter: truth in coordinates, rank (null if improper), draws."""
    n_units, n = found.ranks.shape
    ranks = found.ranks.ravel()
    return pa.table(
        {
            "unit": np.repeat(np.arange(n_units), n),
            "parameter": list(found.parameters) * n_units,
            "truth": found.truth.ravel(),
            "rank": pa.array(ranks, mask=ranks < 0),
            "draws": np.full(n_units * n, found.draws),
        }
    )


def _drawn(free: Free, keys: Key[Array, " units"]) -> Float[Array, " units"]:
    """Coordinates drawn from the prior, which ends where the domain does."""
    prior, domain = distribution(free), free.domain
    below, above = prior.cdf(domain.lower), prior.cdf(domain.upper)
    share = np.asarray(jax.vmap(lambda key: jax.random.uniform(key, minval=1e-9))(keys))
    value = prior.ppf(below + share * (above - below))
    return domain.inverse(jnp.asarray(value))


def _binned(ranks: np.ndarray, levels: int, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts in bins of consecutive ranks, and what uniform ranks would give."""
    edges = np.round(np.linspace(0, levels, bins + 1)).astype(int)
    counts = np.histogram(ranks, edges - 0.5)[0]
    return counts, len(ranks) * np.diff(edges) / levels


def _deviation(ranks: np.ndarray, levels: int) -> np.ndarray:
    """Largest difference to the uniform distribution, of each row of `ranks`."""
    below = np.stack([np.bincount(row, minlength=levels).cumsum() for row in ranks])
    uniform = np.arange(1, levels + 1) / levels
    return np.max(np.abs(below / ranks.shape[1] - uniform), axis=1)


def _band(n: int, levels: int, probability: float, repetitions: int = 4000) -> float:
    rng = np.random.default_rng(0)
    simulated = _deviation(rng.integers(0, levels, (repetitions, n)), levels)
    return float(np.quantile(simulated, probability))
