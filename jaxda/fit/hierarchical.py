"""Empirical Bayes: the distribution of a group, and each unit in its light.

The coordinates of unit u of subject s are x_u = W d_u + b_s + e_u, with e_u ~ N(0, Sigma) and,
where a subject has several units (on and off a drug, say), b_s ~ N(0, T) shared by them; d_u is
the unit's row of a linear model, so a drug may differ within a subject. W, Sigma and T maximise
the marginal likelihood, in which coordinates are integrated out: by EM (Huys et al. 2011), whose
E-step finds the mode of each subject and the curvature there, sped up by scoring steps on the
same expectations. On request the Gaussian at each mode then only proposes points, and
expectations are weighted means over them (importance sampling).

The variance components are by default those of restricted likelihood: W is integrated out as
well, and small groups are not made to look too alike. Units keep the group's estimate as if it
were known. One effect of a condition is shared by all subjects up to e_u: where subjects have
several sessions in a condition, make these one unit, or its standard error is too small.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pyarrow as pa
from jaxtyping import Array, Bool, Float, Int
from scipy.special import ndtri

from ..data.covariates import Design
from ..errors import InputError
from ..errors import Problem as Fault
from ..keys import named_keys
from ..params import Free
from .evidence import coordinate_moments
from .information import information
from .objective import Problem
from .penalties import Flat


# Degrees of freedom of the points that are proposed: tails fat enough for any posterior.
_TAILS = 6.0
# Below this many points' worth, weights say less than the Gaussian that proposed the points.
_FEWEST = 20.0
# A mode is reached when a step promises less, in nats: what is left is part of the quadratic.
_FLAT = 1e-7
# Sweeps of a search for modes; warm ones take two or three.
_SWEEPS = 60
_STARTS = 4
# With a step to gain of so many nats, points are worth more than quadratics.
_NEAR = 0.1
_DRAWS = 8
# Lanes of a compiled sweep over points.
_LANES = 2048
# The least standard deviation of a coordinate, given the others, that is told from none.
_SMALLEST = 0.1
# Of the information of complete data, the least share that is told from none.
_LEAST_SHARE = 0.01
# No coordinate moves farther in a step.
_LONGEST = 3.0
# Information in nats that each entry of a factor has beside what the data tell of it.
_DAMPING = 0.1
_CONFIDENCE = 1.959963984540054
_NODES = 21
_NOTES = (
    "no maximum was found",
    "Fisher information in place of the Hessian",
    "Laplace's approximation in place of weighted points",
)


class Group(NamedTuple):
    """A group in coordinates, and its units; NaN where there is nothing to say.

    `weights` is W, with `information` its inverse covariance when flattened row by row, and
    `df` the degrees of freedom of each coefficient (of subjects between, of units within).
    `within` says which coefficients differ within subjects. `sigma` is the covariance of units
    of a subject, `between` that of subjects (None without repeated units) and
    `variance_se[i]` the standard errors of the total variance of parameter i and of Sigma_ii.

    Of units: the `mode` and `mean` and standard deviation `sd` of the posterior of coordinates;
    on the natural scale the image of the mode (`value`), the posterior mean (`natural`), its
    standard deviation (`natural_sd`) and 95 % interval (`lower`, `upper`); `shrinkage`, the
    posterior over the group's variance (1: the data say nothing); the log `evidence` of all
    units of its subject together; `used`, whether it is part of the group, and a `note`.

    `log_evidence` is that of all subjects, `ibic` -2 times this plus the logarithm of the
    number of records for each parameter of the group (Huys et al. 2011). `singular` says that
    units or subjects of a group do not differ in some combination of coordinates, as far as
    these data tell. `trace` holds what was maximised at the beginning of every round and
    `effective` how many equal points the weighted ones of a unit are worth.
    """

    frees: tuple[Free, ...]
    design: Design
    names: tuple[tuple[float, str, str], ...]
    weights: Float[np.ndarray, "coefficients free"]
    information: Float[np.ndarray, "weights weights"]
    df: Float[np.ndarray, " coefficients"]
    within: Bool[np.ndarray, " coefficients"]
    sigma: Float[np.ndarray, "free free"]
    between: Float[np.ndarray, "free free"] | None
    variance_se: Float[np.ndarray, "free 2"]
    mode: Float[np.ndarray, "units free"]
    mean: Float[np.ndarray, "units free"]
    sd: Float[np.ndarray, "units free"]
    value: Float[np.ndarray, "units free"]
    natural: Float[np.ndarray, "units free"]
    natural_sd: Float[np.ndarray, "units free"]
    lower: Float[np.ndarray, "units free"]
    upper: Float[np.ndarray, "units free"]
    shrinkage: Float[np.ndarray, "units free"]
    evidence: Float[np.ndarray, " units"]
    effective: Float[np.ndarray, " units"]
    used: Bool[np.ndarray, " units"]
    note: tuple[str, ...]
    log_evidence: float
    ibic: float
    subjects: int
    singular: bool
    trace: tuple[float, ...]
    converged: bool


class _Nest(NamedTuple):
    """Subjects that have equally many units: these, and their rows of the linear model."""

    units: Int[np.ndarray, "subjects each"]
    design: Float[np.ndarray, "subjects stacked weights"]


class _Theta(NamedTuple):
    """W in one column, and factors of Sigma and of T: logarithms of the diagonal, the rest."""

    weights: np.ndarray
    factors: tuple[np.ndarray, ...]


class _Local(NamedTuple):
    """What is known of the likelihood of a nest: a quadratic at the modes, perhaps points.

    `value`, `slope` and `curvature` are those of the negative log-likelihood at `x`. `points`
    are `[subjects, points, stacked]`, `weight` their log-likelihood less the log density they
    were drawn from, and `quadratic` the same for the quadratic.
    """

    x: np.ndarray
    value: np.ndarray
    slope: np.ndarray
    curvature: np.ndarray
    points: np.ndarray | None = None
    weight: np.ndarray | None = None
    quadratic: np.ndarray | None = None


class _Posterior(NamedTuple):
    """Of the coordinates of a nest's subjects.

    `share` are the weights of points, `effective` is how many equal ones they are worth, and
    `weighted` says of which subjects they were enough.
    """

    mean: np.ndarray
    covariance: np.ndarray
    evidence: np.ndarray
    effective: np.ndarray
    weighted: np.ndarray
    share: np.ndarray | None


class _Moments(NamedTuple):
    """What a step needs of all posteriors."""

    objective: float
    score: np.ndarray
    complete: np.ndarray
    observed: np.ndarray
    deviations: list[np.ndarray]
    remaining: list[np.ndarray]


class _Spread(NamedTuple):
    """The components of variance: how many parameters, whether correlated, whether nested."""

    free: int
    full: bool
    nested: bool

    def cells(self) -> list[tuple[int, int]]:
        """Places of a factor's entries."""
        k = self.free
        below = [(i, j) for i in range(k) for j in range(i)] if self.full else []
        return [(i, i) for i in range(k)] + below

    def factor(self, entries: np.ndarray) -> np.ndarray:
        """The lower triangle of its entries."""
        out = np.zeros((self.free, self.free))
        for value, (i, j) in zip(entries, self.cells(), strict=True):
            out[i, j] = np.exp(value) if i == j else value
        return out

    def entries(self, covariance: np.ndarray) -> np.ndarray:
        """The entries of the factor of a covariance."""
        if not self.full:
            covariance = np.diag(np.diag(covariance))
        lower = np.linalg.cholesky(covariance + 1e-9 * np.eye(self.free))
        out = [np.log(lower[c]) if c[0] == c[1] else lower[c] for c in self.cells()]
        return self.bounded(np.asarray(out))

    def bounded(self, entries: np.ndarray) -> np.ndarray:
        """The entries with no standard deviation below the smallest."""
        return np.concatenate(
            [np.maximum(entries[: self.free], np.log(_SMALLEST)), entries[self.free :]]
        )

    def slopes(self, entries: np.ndarray) -> np.ndarray:
        """Derivatives of the covariance by the entries, `[entries, free, free]`."""
        lower, out = self.factor(entries), []
        for i, j in self.cells():
            along = np.zeros_like(lower)
            along[i, j] = lower[i, i] if i == j else 1.0
            out.append(along @ lower.T + lower @ along.T)
        return np.stack(out)

    def parts(self, theta: _Theta) -> list[np.ndarray]:
        """Sigma, and T where nested."""
        return [f @ f.T for f in map(self.factor, theta.factors)]

    def stacked(self, parts: Sequence[np.ndarray], each: int) -> np.ndarray:
        """The covariance of `each` units of a subject, one after the other."""
        out = np.kron(np.eye(each), parts[0])
        return out + np.kron(np.ones((each, each)), parts[1]) if self.nested else out

    def directions(self, theta: _Theta, each: int) -> np.ndarray:
        """Derivatives of `stacked` by all entries of all factors."""
        shapes = (np.eye(each), np.ones((each, each)))
        pairs = zip(shapes, map(self.slopes, theta.factors), strict=False)
        return np.concatenate([np.kron(s[None], d) for s, d in pairs])


def _turned(x: np.ndarray) -> np.ndarray:
    return np.swapaxes(x, -1, -2)


def _applied(matrix: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.squeeze(matrix @ x[..., None], -1)


def _log_det(matrix: np.ndarray) -> Any:
    return np.linalg.slogdet(matrix)[1]


_around = jax.jit(information)
_curvature = jax.jit(Problem.hessian)


@functools.partial(jax.jit, static_argnames="batch")
def _likelihoods(problem: Problem, x: Array, batch: int) -> Array:
    return jax.lax.map(problem.log_likelihood, x, batch_size=batch)


@runtime_checkable
class Likelihood(Protocol):
    """The likelihood of every unit by its coordinates, on the host."""

    def around(self, x: np.ndarray) -> list[np.ndarray]:
        """Minus the log-likelihood, its slope and Fisher information at `[units, free]`."""

    def hessian(self, x: np.ndarray) -> np.ndarray:
        """Second derivatives of minus the log-likelihood at `[units, free]`."""

    def at(self, points: np.ndarray) -> np.ndarray:
        """Log-likelihoods `[points, units]` at `[points, units, free]`."""


class _Device(NamedTuple):
    """That of a problem, by programs that are compiled once."""

    problem: Problem

    def around(self, x: np.ndarray) -> list[np.ndarray]:
        return [np.array(y, float) for y in _around(self.problem, jnp.asarray(x, float))]

    def hessian(self, x: np.ndarray) -> np.ndarray:
        return np.array(_curvature(self.problem, jnp.asarray(x, float)), float)

    def at(self, points: np.ndarray) -> np.ndarray:
        batch = max(1, _LANES // self.problem.n_units)
        return np.array(_likelihoods(self.problem, jnp.asarray(points, float), batch), float)


def likelihood_of(problem: Problem) -> Likelihood:
    """The likelihood of a problem, without its penalty."""
    return _Device(eqx.tree_at(lambda p: p.penalty, problem, Flat()))


def _stack(nest: _Nest, x: np.ndarray) -> np.ndarray:
    """Coordinates of units side by side per subject."""
    return x[nest.units].reshape(len(nest.units), -1)


def _blocks(nest: _Nest, matrices: np.ndarray) -> np.ndarray:
    """Matrices of units on the diagonal per subject."""
    (n, each), k = nest.units.shape, matrices.shape[-1]
    out = np.zeros((n, each, k, each, k))
    for i in range(each):
        out[:, i, :, i] = matrices[nest.units[:, i]]
    return out.reshape(n, each * k, each * k)


class _Modes(NamedTuple):
    """Coordinates of all units; per nest the likelihood there, minus the log posterior, and
    whether the search ended at a maximum.
    """

    x: np.ndarray
    local: list[_Local]
    height: list[np.ndarray]
    ended: list[np.ndarray]


def _modes(
    likelihood: Likelihood, nests: Sequence[_Nest], spread: _Spread, theta: _Theta, x: np.ndarray
) -> _Modes:
    """The mode of each subject, by damped Newton steps with the Fisher information."""
    parts = spread.parts(theta)
    pull = [np.linalg.inv(spread.stacked(parts, n.units.shape[1])) for n in nests]
    middle = [n.design @ theta.weights for n in nests]
    best: list[Any] = [None] * len(nests)
    height = [np.full(len(n.units), np.inf) for n in nests]
    damping = [np.full(len(n.units), 1e-3) for n in nests]
    ended = [np.zeros(len(n.units), bool) for n in nests]
    x = x.copy()
    for _ in range(_SWEEPS):
        value, slope, fisher = likelihood.around(x)
        for b, nest in enumerate(nests):
            away = _stack(nest, x) - middle[b]
            here = value[nest.units].sum(1) + 0.5 * ((away @ pull[b]) * away).sum(1)
            new = [
                _stack(nest, x),
                value[nest.units].sum(1),
                _stack(nest, slope),
                _blocks(nest, fisher),
            ]
            slack = 1e-12 * np.maximum(1.0, abs(here))
            fell = np.isfinite(new[3]).all((1, 2)) & (here <= height[b] + slack) & ~ended[b]
            best[b] = best[b] or new
            for old, better in zip((height[b], *best[b]), (here, *new), strict=True):
                old[fell] = better[fell]
            damping[b] = np.clip(damping[b] * np.where(fell, 0.1, 8.0), 1e-9, 1e9)
            at, _, down, curvature = best[b]
            grad = down + (at - middle[b]) @ pull[b]
            newton = _applied(np.linalg.inv(curvature + pull[b]), grad)
            ended[b] = (grad * newton).sum(1) < _FLAT
            eased = curvature + (1 + damping[b][:, None, None]) * pull[b]
            step = np.clip(_applied(np.linalg.inv(eased), grad), -_LONGEST, _LONGEST)
            x[nest.units] = (at - step).reshape(*nest.units.shape, -1)
        if all(e.all() for e in ended):
            break
    for nest, found in zip(nests, best, strict=True):
        x[nest.units] = found[0].reshape(*nest.units.shape, -1)
    return _Modes(x, [_Local(*b) for b in best], height, ended)


def _best_modes(
    likelihood: Likelihood,
    nests: Sequence[_Nest],
    spread: _Spread,
    theta: _Theta,
    starts: np.ndarray,
) -> np.ndarray:
    """Coordinates of the best mode that each subject has from any of `starts`."""
    found = [_modes(likelihood, nests, spread, theta, x) for x in starts]
    x = found[0].x.copy()
    for b, nest in enumerate(nests):
        best = np.argmin([f.height[b] for f in found], axis=0)
        x[nest.units] = np.stack([f.x[nest.units] for f in found])[best, np.arange(len(best))]
    return x


def _curved(
    likelihood: Likelihood, nests: Sequence[_Nest], spread: _Spread, theta: _Theta, modes: _Modes
) -> tuple[list[_Local], list[np.ndarray]]:
    """The likelihood with exact Hessians, and of which subjects: those that have a maximum so."""
    hessian, parts = likelihood.hessian(modes.x), spread.parts(theta)
    out, exact = [], []
    for nest, local in zip(nests, modes.local, strict=True):
        blocks = _blocks(nest, hessian)
        proper = np.isfinite(blocks).all((1, 2))
        blocks[~proper] = 0.0
        prior = spread.stacked(parts, nest.units.shape[1])
        proper &= np.linalg.eigvalsh(blocks + np.linalg.inv(prior))[:, 0] > 0
        curvature = np.where(proper[:, None, None], blocks, local.curvature)
        out.append(local._replace(curvature=curvature))
        exact.append(proper)
    return out, exact


def _spaced(n: int, d: int) -> np.ndarray:
    """Points `[n, d]` that, modulo 1, are spread evenly over a cube (Roberts' sequence)."""
    ratio = 1.5
    for _ in range(60):
        ratio = (1 + ratio) ** (1 / (d + 1))
    return np.arange(1, n + 1)[:, None] * ratio ** -np.arange(1.0, d + 1)


def _spots(
    likelihood: Likelihood,
    nests: Sequence[_Nest],
    names: Sequence[tuple[float, str, str]],
    local: Sequence[_Local],
    posteriors: Sequence[_Posterior],
    points: int,
    seed: int,
) -> list[_Local]:
    """Points for each subject from a t distribution in place of its posterior, with weights."""
    from scipy.special import gammaincinv, gammaln

    free = local[0].x.shape[1] // nests[0].units.shape[1]
    xs = np.zeros((points, len(names), free))
    kept = []
    for nest, p in zip(nests, posteriors, strict=True):
        (n, each), d = nest.units.shape, p.mean.shape[1]
        # Shifted by hashes of names, so that the errors of subjects are not alike.
        streams = [(*map(str, names[u[0]]), f"axis {i}") for u in nest.units for i in range(d + 1)]
        shift = np.asarray(jr.key_data(named_keys(seed, streams)))[:, 0] / 2.0**32
        uniform = (_spaced(points, d + 1) + shift.reshape(n, 1, d + 1)) % 1.0
        uniform = np.clip(uniform, 1e-9, 1 - 1e-9)
        z = ndtri(uniform[..., :d])
        z *= np.sqrt(_TAILS / (2 * gammaincinv(_TAILS / 2, uniform[..., d:])))
        x = p.mean[:, None] + z @ _turned(np.linalg.cholesky(p.covariance))
        density = gammaln((_TAILS + d) / 2) - gammaln(_TAILS / 2) - d / 2 * np.log(_TAILS * np.pi)
        density = density - 0.5 * _log_det(p.covariance)[:, None]
        density = density - (_TAILS + d) / 2 * np.log1p((z**2).sum(-1) / _TAILS)
        xs[:, nest.units] = np.moveaxis(x.reshape(n, points, each, free), 1, 0)
        kept.append((x, density))
    height = np.nan_to_num(likelihood.at(xs), nan=-np.inf, posinf=-np.inf, neginf=-np.inf)
    out = []
    for at, nest, (x, density) in zip(local, nests, kept, strict=True):
        off = x - at.x[:, None]
        bent = at.value[:, None] + ((at.slope[:, None] + 0.5 * off @ at.curvature) * off).sum(-1)
        weight = height[:, nest.units].sum(-1).T - density
        out.append(at._replace(points=x, weight=weight, quadratic=-bent - density))
    return out


def _weighed(
    points: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Shares of weighted points, the logarithm of their mean weight, mean and covariance."""
    top = weight.max(1, keepdims=True)
    share = np.exp(weight - top)
    mass = share.sum(1, keepdims=True)
    share = share / mass
    mean = (share[..., None] * points).sum(1)
    apart = points - mean[:, None]
    wide = _turned(share[..., None] * apart) @ apart
    return share, np.log(mass[:, 0] / weight.shape[1]) + top[:, 0], mean, wide


def _posterior(
    nest: _Nest, spread: _Spread, parts: Sequence[np.ndarray], weights: np.ndarray, local: _Local
) -> _Posterior:
    """The posterior of a nest's coordinates under a group."""
    prior = spread.stacked(parts, nest.units.shape[1])
    pull, middle = np.linalg.inv(prior), nest.design @ weights
    precision = local.curvature + pull
    covariance = np.linalg.inv(precision)
    away = local.x - middle
    slope = local.slope + away @ pull
    step = _applied(covariance, slope)
    height = local.value + 0.5 * ((away @ pull) * away).sum(1) - 0.5 * (slope * step).sum(1)
    evidence = -height - 0.5 * (_log_det(prior) + _log_det(precision))
    mean, share = local.x - step, None
    effective, enough = np.full(len(step), np.nan), np.zeros(len(step), bool)
    if local.points is not None and local.weight is not None and local.quadratic is not None:
        off = local.points - middle[:, None]
        log_prior = -0.5 * (((off @ pull) * off).sum(-1) + _log_det(2 * np.pi * prior))
        share, *found = _weighed(local.points, local.weight + log_prior)
        known, *guessed = _weighed(local.points, local.quadratic + log_prior)
        effective, least = 1 / (share**2).sum(1), max(_FEWEST, 3 * local.x.shape[1])
        enough = effective >= least
        # What is known of the quadratic shows the error of the points (a control variate).
        exact = (evidence, mean, covariance)
        mended = [e + f - g for e, f, g in zip(exact, found, guessed, strict=True)]
        ratio = np.linalg.solve(found[2] + 1e-12 * np.eye(mean.shape[1]), mended[2])
        sound = (1 / (known**2).sum(1) >= least) & (np.linalg.eigvals(ratio).real > 0.2).all(1)
        evidence, mean, covariance = (
            np.where(flag(enough), np.where(flag(sound), m, f), e)
            for e, f, m, flag in zip(
                exact,
                found,
                mended,
                (lambda x: x, lambda x: x[:, None], lambda x: x[:, None, None]),
                strict=True,
            )
        )
    return _Posterior(mean, covariance, evidence, effective, enough, share)


def _moments(
    nests: Sequence[_Nest],
    spread: _Spread,
    theta: _Theta,
    posteriors: Sequence[_Posterior],
    restricted: bool,
) -> _Moments:
    """Expectations over all posteriors.

    `observed` is the information on W by Louis' (1982) identity: that of complete data less
    the variance of their score. Where errors of points make it vanish in some direction, a small
    share of that of complete data stands for it.
    """
    parts, n = spread.parts(theta), len(theta.weights)
    score, complete, observed = np.zeros(n), np.zeros((n, n)), np.zeros((n, n))
    within, pulled, remaining = [], [], []
    for nest, p in zip(nests, posteriors, strict=True):
        pull = np.linalg.inv(spread.stacked(parts, nest.units.shape[1]))
        rest = pull - pull @ p.covariance @ pull
        off = p.mean - nest.design @ theta.weights
        score = score + np.einsum("snw,sn->w", nest.design, off @ pull)
        complete = complete + np.einsum("snw,snv->wv", nest.design, pull @ nest.design)
        observed = observed + np.einsum("snw,snv->wv", nest.design, rest @ nest.design)
        within.append(off[:, :, None] * off[:, None, :] + p.covariance)
        pulled.append(nest.design - p.covariance @ pull @ nest.design)
        size, axes = np.linalg.eigh(rest)
        known = (axes * np.maximum(size, 0.0)[:, None, :]) @ _turned(axes)
        remaining.append(known)
    lower = np.linalg.cholesky(complete)
    across = np.linalg.solve(lower, np.linalg.solve(lower, observed).T)
    share, axes = np.linalg.eigh(0.5 * (across + across.T))
    if share[0] < _LEAST_SHARE:
        axes = lower @ axes
        observed = (axes * np.maximum(share, _LEAST_SHARE)) @ axes.T
    objective = sum(float(p.evidence.sum()) for p in posteriors)
    if restricted:
        objective -= 0.5 * float(_log_det(observed))
        doubt = np.linalg.pinv(observed, hermitian=True)
        within = [w + j @ doubt @ _turned(j) for w, j in zip(within, pulled, strict=True)]
    return _Moments(objective, score, complete, observed, within, remaining)


def _maximised(nests: Sequence[_Nest], spread: _Spread, theta: _Theta, moments: _Moments) -> _Theta:
    """The M-step."""
    k, parts = spread.free, spread.parts(theta)
    sums: list[Any] = [0.0, 0.0]
    counts = [0, 0]
    for nest, spread_of in zip(nests, moments.deviations, strict=True):
        n, each = nest.units.shape
        shared = np.zeros((k, each * k))
        left: Any = 0.0
        if spread.nested:
            across = np.tile(parts[1], (1, each))
            shared = across @ np.linalg.inv(spread.stacked(parts, each))
            left = parts[1] - shared @ across.T
            sums[1] = sums[1] + (shared @ spread_of @ shared.T + left).sum(0)
        for i in range(each):
            own = np.eye(each * k)[i * k : (i + 1) * k] - shared
            sums[0] = sums[0] + (own @ spread_of @ own.T + left).sum(0)
        counts = [counts[0] + n * each, counts[1] + n]
    pairs = list(zip(sums, counts, strict=True))[: 1 + spread.nested]
    weights = theta.weights + np.linalg.solve(moments.complete, moments.score)
    return _Theta(weights, tuple(spread.entries(s / c) for s, c in pairs))


def _variance(
    nests: Sequence[_Nest], spread: _Spread, theta: _Theta, moments: _Moments
) -> tuple[np.ndarray, np.ndarray]:
    """Score of the factors' entries, and their information as of Gaussian likelihoods."""
    parts, score, info = spread.parts(theta), 0.0, 0.0
    rows = zip(nests, moments.deviations, moments.remaining, strict=True)
    for nest, off, rest in rows:
        each = nest.units.shape[1]
        prior = spread.stacked(parts, each)
        pull, along = np.linalg.inv(prior), spread.directions(theta, each)
        excess = pull @ (off - prior).sum(0) @ pull
        score = score + 0.5 * np.einsum("eij,ji->e", along, excess)
        moved = rest[:, None] @ along
        info = info + 0.5 * np.einsum("seij,sfji->ef", moved, moved)
    return np.asarray(score), np.asarray(info)


def _scored(
    nests: Sequence[_Nest], spread: _Spread, theta: _Theta, moments: _Moments, damping: float
) -> tuple[_Theta, float]:
    """A step of scoring, and what one with the least damping promises in nats."""
    score, info = _variance(nests, spread, theta, moments)
    entries = np.concatenate(theta.factors)
    size = len(entries) // len(theta.factors)
    of_sd = np.arange(len(entries)) % size < spread.free
    # At the end of its range a standard deviation stays there, and the others know that it does.
    ended = of_sd & (entries <= np.log(_SMALLEST)) & (score < 0)
    score = np.where(ended, 0.0, score)
    info = np.where(ended | ended[:, None], np.diag(ended.astype(float)), info)
    across = np.linalg.solve(moments.observed, moments.score)
    solved = lambda damping: np.linalg.solve(info + damping * np.eye(len(score)), score)
    gain = 0.5 * float(moments.score @ across + score @ solved(_DAMPING))
    steps = np.split(np.clip(solved(damping), -1.0, 1.0), len(theta.factors))
    pairs = zip(theta.factors, steps, strict=True)
    factors = tuple(spread.bounded(f + step) for f, step in pairs)
    return _Theta(theta.weights + across, factors), gain


class _Climb(NamedTuple):
    """A group, the objective where the search began, and what a step promised then and now."""

    theta: _Theta
    began: float
    first: float
    gain: float


def _climbed(
    nests: Sequence[_Nest],
    spread: _Spread,
    theta: _Theta,
    local: Sequence[_Local],
    restricted: bool,
    tolerance: float,
    steps: int,
) -> _Climb:
    """The group that explains best what is known of the likelihoods as it stands."""

    def seen(theta: _Theta) -> tuple[_Moments, float]:
        found = _posteriors(nests, spread, theta, local)
        effective = np.concatenate([p.effective for p in found])
        return _moments(nests, spread, theta, found, restricted), float(np.median(effective))

    now, at_first = seen(theta)
    began, gains, damping = now.objective, [np.inf], _DAMPING
    for _ in range(steps):
        ahead, effective = None, at_first
        for _ in range(3):
            proposed, gain = _scored(nests, spread, theta, now, damping)
            if gain < 0.01 * tolerance:
                break
            ahead, effective = seen(proposed)
            gained = ahead.objective - now.objective
            if gained < 0.25 * gain:
                damping *= 8
            elif gained > 0.75 * gain:
                damping = max(damping / 8, _DAMPING)
            if gained >= -min(10 * tolerance, 0.01):
                break
            ahead = None
        gains.append(gain)
        if gain < 0.01 * tolerance:
            break
        # Where scoring would go astray, EM does not.
        if ahead is None:
            proposed = _maximised(nests, spread, theta, now)
            ahead, effective = seen(proposed)
        theta, now = proposed, ahead
        # Points say little of a group far from the one they were drawn for.
        if effective < 0.5 * at_first:
            gains.append(np.inf)
            break
    return _Climb(theta, began, gains[min(1, len(gains) - 1)], gains[-1])


def _nests(subjects: Sequence[str], used: np.ndarray, matrix: np.ndarray, free: int) -> list[_Nest]:
    """Used units by subject, subjects by how many they have."""
    owned: dict[str, list[int]] = {}
    for u in np.flatnonzero(used).tolist():
        owned.setdefault(subjects[u], []).append(u)
    by_size: dict[int, list[list[int]]] = {}
    for units in owned.values():
        by_size.setdefault(len(units), []).append(units)
    out = []
    for each, rows in sorted(by_size.items()):
        wide = np.kron(matrix[rows][..., None, :, None], np.eye(free)[:, None, :])
        out.append(_Nest(np.asarray(rows), wide.reshape(len(rows), each * free, -1)))
    return out


def _freedom(matrix: np.ndarray, subjects: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Which coefficients differ within subjects, and degrees of freedom of each.

    Raises:
        InputError: if there are too few subjects or units for the coefficients.
    """
    owned: dict[str, list[int]] = {}
    for i, s in enumerate(subjects):
        owned.setdefault(s, []).append(i)
    spans = [np.ptp(matrix[rows], axis=0) for rows in owned.values()]
    within = np.any(spans or [np.zeros(matrix.shape[1])], axis=0)
    df = np.where(
        within,
        len(subjects) - len(owned) - np.sum(within),
        len(owned) - np.sum(~within),
    )
    if df.min() < 1:
        found = f"{len(owned)} subjects ({len(subjects)} units) for {len(within)} coefficients"
        raise InputError([Fault("group", found, "more subjects, or fewer covariates")])
    return within, df.astype(float)


def hierarchical(
    problem: Problem,
    names: Sequence[tuple[float, str, str]],
    design: Design,
    *,
    full: bool = True,
    restricted: bool = True,
    points: int = 0,
    rounds: int = 30,
    tolerance: float = 1e-3,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Group:
    """Fit the distribution of a group to the units called `names`: (dose, subject, session).

    `full` lets coordinates correlate within the group. Without `points` this is Laplace's
    approximation, with exact Hessians. With some (256, say) so many are drawn for each subject
    for expectations beyond the Gaussian at its mode; that is for few parameters and a group
    that is not close to `singular`, as elsewhere errors of the points keep it from converging.
    The fit has converged when another step promises less than `tolerance` nats. The penalty of
    `problem` plays no part; its priors say where to begin.

    Raises:
        InputError: if there are too few subjects for the linear model.
    """
    frees, k = problem.frees, len(problem.frees)
    subjects = [n[1] for n in names]
    likelihood = likelihood_of(problem)
    mean, sd = coordinate_moments(frees)
    starts = mean + sd * np.vstack([np.zeros(k), ndtri(_spaced(_STARTS, k) % 1.0)])
    starts = np.repeat(starts[:, None], len(names), axis=1)
    finite = [np.isfinite(y).reshape(len(names), -1).all(1) for y in likelihood.around(starts[0])]
    used = np.all(finite, axis=0) & design.complete
    matrix = np.nan_to_num(design.matrix)
    within, df = _freedom(matrix[used], [s for s, u in zip(subjects, used, strict=True) if u])
    nests = _nests(subjects, used, matrix, k)
    spread = _Spread(k, full, any(n.units.shape[1] > 1 for n in nests))
    weights = np.zeros((len(design.coefficients), k))
    weights[0] = mean
    factor = spread.entries(np.diag(sd**2 / (1 + spread.nested)))
    theta = _Theta(weights.ravel(), (factor,) * (1 + spread.nested))

    x = _best_modes(likelihood, nests, spread, theta, starts)
    trace: list[float] = []
    exact = [np.ones(len(n.units), bool) for n in nests]
    enough = _NEAR if points else tolerance
    gain = np.inf
    while len(trace) < rounds and not gain < enough:
        modes = _modes(likelihood, nests, spread, theta, x)
        x, local = modes.x, modes.local
        if not points:
            local, exact = _curved(likelihood, nests, spread, theta, modes)
        # Quadratics are not worth many steps far from where they were taken.
        theta, began, gain, _ = _climbed(nests, spread, theta, local, restricted, enough, 5)
        trace.append(began)
        progress(len(trace), rounds)
    if points:
        modes = _modes(likelihood, nests, spread, theta, x)
        local, trace, gain = modes.local, [], np.inf
        # Points are drawn around what those before have found, and the last are kept.
        while len(trace) < _DRAWS and (len(trace) < 2 or not gain < tolerance):
            now = _posteriors(nests, spread, theta, local)
            local = _spots(likelihood, nests, names, local, now, points, seed)
            theta, began, _, gain = _climbed(
                nests, spread, theta, local, restricted, tolerance, rounds
            )
            trace.append(began)
            progress(len(trace), _DRAWS)

    now = _posteriors(nests, spread, theta, local)
    moments = _moments(nests, spread, theta, now, restricted)
    parts, (_, info) = spread.parts(theta), _variance(nests, spread, theta, moments)
    told: dict[str, np.ndarray] = {}
    for nest, at, p in zip(nests, local, now, strict=True):
        alone = {"evidence": p.evidence, "effective": p.effective}
        of_units = _of_units(frees, nest, at, p) | {
            n: np.repeat(y[:, None], nest.units.shape[1], 1) for n, y in alone.items()
        }
        for n, y in of_units.items():
            told.setdefault(n, np.full((len(x), *y.shape[2:]), np.nan))[nest.units] = y
    note = [f"no {m}" if m else "" for m in design.missing]
    for u in np.flatnonzero(design.complete & ~used):
        note[u] = "the likelihood is not finite where the fit begins"
    for nest, ended, proper, p in zip(nests, modes.ended, exact, now, strict=True):
        for units, *right in zip(nest.units, ended, proper, p.weighted | (not points), strict=True):
            for u in units:
                note[u] = "; ".join(w for w, r in zip(_NOTES, right, strict=True) if not r)
    evidence = sum(float(p.evidence.sum()) for p in now)
    records = np.asarray(problem.records())[used].sum()
    n_parameters = weights.size + sum(map(len, theta.factors))
    return Group(
        frees=frees,
        design=design,
        names=tuple(names),
        weights=theta.weights.reshape(weights.shape),
        information=moments.observed,
        df=df,
        within=within,
        sigma=parts[0],
        between=parts[1] if spread.nested else None,
        variance_se=_variance_se(spread, theta, info),
        **told,
        shrinkage=told["sd"] ** 2 / np.diag(sum(parts)),
        used=used,
        note=tuple(note),
        log_evidence=evidence,
        ibic=-2 * evidence + n_parameters * float(np.log(records)),
        subjects=sum(len(n.units) for n in nests),
        singular=bool(min(f[:k].min() for f in theta.factors) <= np.log(_SMALLEST)),
        trace=tuple(trace),
        converged=bool(gain < tolerance),
    )


def _posteriors(
    nests: Sequence[_Nest], spread: _Spread, theta: _Theta, local: Sequence[_Local]
) -> list[_Posterior]:
    parts = spread.parts(theta)
    rows = zip(nests, local, strict=True)
    return [_posterior(n, spread, parts, theta.weights, at) for n, at in rows]


def _variance_se(spread: _Spread, theta: _Theta, info: np.ndarray) -> np.ndarray:
    """Standard errors of the total variance and of that of units, per parameter."""
    slopes = [spread.slopes(f) for f in theta.factors]
    diagonal = [np.diagonal(s, axis1=1, axis2=2) for s in slopes]
    total = np.concatenate(diagonal)
    inner = np.concatenate([diagonal[0], *(0 * d for d in diagonal[1:])])
    covariance = np.linalg.pinv(info, hermitian=True)
    se = [np.sqrt(np.einsum("ei,ef,fi->i", d, covariance, d)) for d in (total, inner)]
    return np.stack(se, axis=1)


def _of_units(
    frees: Sequence[Free], nest: _Nest, local: _Local, p: _Posterior
) -> dict[str, np.ndarray]:
    """What is told of each unit of a nest, `[subjects, each, free]`."""
    shape = (*nest.units.shape, len(frees))
    mean, mode = p.mean.reshape(shape), local.x.reshape(shape)
    sd = np.sqrt(np.diagonal(p.covariance, axis1=1, axis2=2)).reshape(shape)
    nodes, mass = np.polynomial.hermite_e.hermegauss(_NODES)
    at = mean[..., None] + sd[..., None] * np.asarray([-_CONFIDENCE, _CONFIDENCE, *nodes])
    at = np.concatenate([mode[..., None], at], axis=-1)
    if p.share is not None and local.points is not None:
        points = local.points.reshape(*p.share.shape, *shape[1:])
        at = np.concatenate([at, np.moveaxis(points, 1, -1)], axis=-1)
    images = [np.array(f.domain.forward(jnp.asarray(at[..., i, :]))) for i, f in enumerate(frees)]
    value, lower, upper, *_ = np.moveaxis(np.stack(images, axis=-2), -1, 0)
    mass, spots = mass / mass.sum(), np.stack(images, axis=-2)[..., 3:]
    first, second = spots[..., :_NODES] @ mass, spots[..., :_NODES] ** 2 @ mass
    if p.share is not None:
        spots, share = spots[..., _NODES:], p.share[:, None, None, :]
        enough = p.weighted[:, None, None]
        order = np.argsort(spots, axis=-1)
        below = np.cumsum(np.take_along_axis(np.broadcast_to(share, spots.shape), order, -1), -1)
        spots_up = np.take_along_axis(spots, order, -1)
        quantile = lambda level: np.take_along_axis(
            spots_up, np.argmax(below >= level, axis=-1)[..., None], -1
        )[..., 0]
        first = np.where(enough, (share * spots).sum(-1), first)
        second = np.where(enough, (share * spots**2).sum(-1), second)
        lower = np.where(enough, quantile(0.025), lower)
        upper = np.where(enough, quantile(0.975), upper)
    return {
        **{"mode": mode, "mean": mean, "sd": sd, "value": value, "lower": lower, "upper": upper},
        **{"natural": first, "natural_sd": np.sqrt(np.maximum(second - first**2, 0.0))},
    }


def group_table(group: Group) -> pa.Table:
    """One row per parameter and coefficient of the group.

    `estimate` to `upper` and the Wald `p` are of the coordinate, by Student's t with `df`.
    `d` is the estimate over the standard deviation of persons within a group (Cohen), and where
    a category differs within subjects `d_z` that over the standard deviation of differences
    between two units of a subject; both are null where there is next to no such deviation, and
    their intervals are by the delta method. `natural` is, on the natural scale, the median of
    the reference group for the intercept and for a category the difference of the median of
    its group to this, quantities at their mean and other categories at their reference.
    """
    from scipy.special import stdtr, stdtrit

    design, k = group.design, len(group.frees)
    covariance = np.full_like(group.information, np.nan)
    if np.linalg.eigvalsh(group.information)[0] > 0:
        covariance = np.linalg.inv(group.information)
    least = (1.5 * _SMALLEST) ** 2
    total = np.diag(group.sigma) + (0 if group.between is None else np.diag(group.between))
    rows = []
    for i, f in enumerate(group.frees):
        for j, name in enumerate(design.coefficients):
            df, at = group.df[j], j * k + i
            estimate, se = group.weights[j, i], np.sqrt(covariance[at, at])
            t = stdtrit(df, 0.975)
            span = lambda x, e, t=t: (x, x - t * e, x + t * e)
            row = {
                "parameter": f.name,
                "coefficient": name,
                "contrast": design.contrast[j],
                "within": bool(group.within[j]),
                "estimate": estimate,
                "se": se,
                "lower": estimate - t * se,
                "upper": estimate + t * se,
                "df": df,
            }
            nothing = (None, None, None)
            d = d_z = nothing
            if j and total[i] > least:
                d = span(*_ratio(estimate, se, total[i], group.variance_se[i, 0]))
            if group.within[j] and design.categorical[j] and group.sigma[i, i] > least:
                apart = 2 * group.sigma[i, i], 2 * group.variance_se[i, 1]
                d_z = span(*_ratio(estimate, se, *apart))
            natural = nothing
            if design.categorical[j]:
                natural = span(*_medians(f, i, j, k, group.weights[:, i], covariance))
            for what, values in (("d", d), ("d_z", d_z), ("natural", natural)):
                ends = (what, f"{what}_lower", f"{what}_upper")
                row |= dict(zip(ends, values, strict=True))
            row["p"] = 2 * stdtr(df, -abs(estimate) / se) if j else None
            rows.append(row)
    schema = {n: pa.float64() for n in rows[0]}
    schema |= {n: pa.string() for n in ("parameter", "coefficient", "contrast")}
    return pa.Table.from_pylist(rows, pa.schema(schema | {"within": pa.bool_()}))


def _ratio(x: float, se: float, variance: float, variance_se: float) -> tuple[float, float]:
    """An estimate over the root of a variance, and the standard error of this."""
    ratio = x / np.sqrt(variance)
    return ratio, np.sqrt(se**2 / variance + (0.5 * ratio * variance_se / variance) ** 2)


def _medians(
    f: Free, i: int, j: int, k: int, weights: np.ndarray, covariance: np.ndarray
) -> tuple[float, float]:
    """Median of the reference group, or what that of another adds to it, and standard error."""
    x = np.asarray([weights[0], weights[0] + weights[j] if j else weights[0]])
    value = np.asarray(f.domain.forward(jnp.asarray(x)), float)
    slope = np.asarray(f.domain.slope(jnp.asarray(x)), float)
    if not j:
        return value[0], slope[0] * np.sqrt(covariance[i, i])
    at = [i, j * k + i]
    along = np.asarray([slope[1] - slope[0], slope[1]])
    return value[1] - value[0], np.sqrt(along @ covariance[np.ix_(at, at)] @ along)


def unit_table(group: Group) -> pa.Table:
    """One row per unit and parameter, also for units that are no part of the group (`used`).

    `mode` and `mean`, `sd`, `lower` and `upper` of the posterior are on the natural scale,
    `x_mode`, `x_mean` and `x_sd` those of the coordinate.
    """
    n, k = group.mode.shape
    each = lambda x: np.repeat(np.asarray(x), k)
    nullable = lambda x: pa.array(np.ravel(x), pa.float64(), mask=~np.isfinite(np.ravel(x)))
    return pa.table(
        {
            "dose": each([d for d, _, _ in group.names]),
            "subject": each([s for _, s, _ in group.names]),
            "session": each([s for _, _, s in group.names]),
            "parameter": [f.name for f in group.frees] * n,
            "mode": nullable(group.value),
            "mean": nullable(group.natural),
            "sd": nullable(group.natural_sd),
            "lower": nullable(group.lower),
            "upper": nullable(group.upper),
            "shrinkage": nullable(group.shrinkage),
            "x_mode": nullable(group.mode),
            "x_mean": nullable(group.mean),
            "x_sd": nullable(group.sd),
            "evidence": nullable(each(group.evidence)),
            "effective": nullable(each(group.effective)),
            "used": each(group.used),
            "note": each(group.note),
        }
    )
