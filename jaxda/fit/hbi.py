"""Hierarchical Bayesian inference: several models fitted to a group, and chosen, at once.

Every subject uses one of the models; the subjects of a model have coordinates from a normal
group with a mean and a precision of its own per parameter, which have a normal-gamma prior;
models have Dirichlet frequencies. Subjects count for the group of a model by the probability
that they use it, so that an outlier who is better explained by another model does not pull a
group along (Piray, Dezfouli, Heskes, Frank & Daw 2019, PLoS Comput Biol 15:e1007043; the
symbols are theirs). Coordinates have a normal density, so there is no Jacobian.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
from jaxtyping import Array, Bool, Float

from ..params import Free
from .coordinates import coordinates, natural
from .evidence import Mode, distribution, find_mode
from .objective import Problem
from .penalties import Gaussian
from .selection import (
    dirichlet_divergence,
    exceedance,
    omnibus_risk,
    protected,
    select_models,
)


_LOG_2PI = math.log(2 * math.pi)
# The authors' prior of a group: worth one subject, its precision one with half a count.
_BETA, _NU, _SIGMA = 1.0, 0.5, 0.01
# Variance of coordinates before any group is known: between .007 and .993 for a rate.
_WIDE = 6.25
# Sweeps from one search that also starts at the mean of the group to the next.
_AFRESH = 10


class Group(NamedTuple):
    """Normal-gamma distribution of the mean and precision of one model's group.

    `a` is the expected mean of each coordinate, `beta` the subjects that it is worth; the
    precision is gamma with shape `nu` and rate `sigma`.
    """

    a: Float[np.ndarray, " free"]
    beta: float
    nu: float
    sigma: Float[np.ndarray, " free"]

    @property
    def precision(self) -> Float[np.ndarray, " free"]:
        """Expected precision of the subjects' coordinates."""
        return self.nu / self.sigma


class MeanTest(NamedTuple):
    """Of the mean of a group, a Student t with `df`: is it another than a value?

    `se` is the scale of the posterior of the mean (the hierarchical error), all in coordinates.
    """

    t: Float[np.ndarray, " free"]
    p: Float[np.ndarray, " free"]
    df: float
    se: Float[np.ndarray, " free"]


class Subjects(NamedTuple):
    """Posterior of the coordinates of each unit under one model, by Laplace's approximation.

    `log_joint` is that of data and coordinates at the mode. A unit without a proper mode
    (`proper` is False) has that of the group.
    """

    x: Float[Array, "units free"]
    log_joint: Float[Array, " units"]
    variance: Float[Array, "units free"]
    log_det: Float[Array, " units"]
    proper: Bool[Array, " units"]


class Hierarchy(NamedTuple):
    """What `infer` found, models in the order they were given in.

    `free_energy` has the bound after every sweep; a Laplace bound may fall a little.
    `responsibility` is the probability that a unit uses a model. The others are as in
    `selection.Selection`.
    """

    models: tuple[str, ...]
    frees: tuple[tuple[Free, ...], ...]
    subjects: list[Subjects]
    groups: list[Group]
    responsibility: Float[np.ndarray, "units models"]
    alpha: Float[np.ndarray, " models"]
    frequency: Float[np.ndarray, " models"]
    exceedance: Float[np.ndarray, " models"]
    protected: Float[np.ndarray, " models"]
    omnibus_risk: float
    free_energy: list[float]
    converged: bool


class _State(NamedTuple):
    subjects: list[Subjects]
    groups: list[Group]
    responsibility: np.ndarray
    alpha: np.ndarray
    free_energy: list[float]
    converged: bool


def infer(
    problems: Mapping[str, Problem],
    starts: Mapping[str, Float[Array, "starts units free"]] | None = None,
    *,
    sweeps: int = 200,
    tolerance: float = 1e-2,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Hierarchy:
    """Fit all models to all units, and find who uses which.

    `problems` are by name and hold the same units; their penalties are not used. `starts` are
    where the search for a unit's coordinates begins (such as estimates); without, at the prior
    medians and at zero. The sweeps begin once with everybody in every group and once with the
    models that the units would be given alone, and the better bound is kept; they end when no
    responsibility, no group mean (in standard deviations) and no logarithm of a standard
    deviation moves by more than `tolerance`.
    A last run with equal frequencies gives the omnibus risk.

    Raises:
        ValueError: if the problems do not hold the same units.
    """
    if len({(p.n_units, np.asarray(p.records()).tobytes()) for p in problems.values()}) != 1:
        raise ValueError("Models are compared on the same units and records.")
    given = list(problems.values())
    priors = [_prior(p.frees) for p in given]
    wide = [Group(g.a, g.beta, 1.0, np.full_like(g.sigma, _WIDE)) for g in priors]
    begin = [
        np.stack([np.zeros((p.n_units, len(g.a))), np.broadcast_to(g.a, (p.n_units, len(g.a)))])
        for g, p in zip(priors, given, strict=True)
    ]
    if starts is not None:
        begin = [np.asarray(starts[name]) for name in problems]
    found = [
        _subjects(p, g, [*map(jnp.asarray, x)]) for p, g, x in zip(given, wide, begin, strict=True)
    ]
    alone = np.stack([_log_rho(s, g, False) for s, g in zip(found, wide, strict=True)], axis=1)
    everybody = np.ones_like(alone)
    assigned = select_models(alone).responsibility

    def run(responsibility: np.ndarray, equal: bool, part: int) -> _State:
        return _run(
            given,
            priors,
            found,
            responsibility,
            equal,
            sweeps,
            tolerance,
            lambda done: progress(part * sweeps + done, 3 * sweeps),
        )

    runs = [run(r, False, part) for part, r in enumerate((everybody, assigned))]
    best = max(runs, key=lambda s: s.free_energy[-1])
    null = run(assigned, True, 2)
    risk = omnibus_risk(best.free_energy[-1], null.free_energy[-1])
    exceeds = exceedance(best.alpha)
    return Hierarchy(
        models=tuple(problems),
        frees=tuple(p.frees for p in given),
        subjects=best.subjects,
        groups=best.groups,
        responsibility=best.responsibility,
        alpha=best.alpha,
        frequency=best.alpha / best.alpha.sum(),
        exceedance=exceeds,
        protected=protected(exceeds, risk),
        omnibus_risk=risk,
        free_energy=best.free_energy,
        converged=best.converged,
    )


def group_test(group: Group, value: float | Float[np.ndarray, " free"] = 0.0) -> MeanTest:
    """Whether group means are another than `value` in coordinates (Piray et al. 2019, HBI t-test).

    The posterior of a mean is a Student t with 2 nu degrees of freedom.
    """
    from scipy.stats import t

    se = np.sqrt(group.sigma / (group.beta * group.nu))
    away = (group.a - value) / se
    return MeanTest(away, 2 * t(2 * group.nu).sf(np.abs(away)), 2 * group.nu, se)


def _prior(frees: Sequence[Free]) -> Group:
    """A group around the medians of the catalogue's priors, within their domains."""
    medians = []
    for f in frees:
        prior = distribution(f)
        median = prior.ppf((prior.cdf(f.domain.lower) + prior.cdf(f.domain.upper)) / 2)
        medians.append(float(f.domain.inverse(jnp.asarray(median, dtype=float))))
    return Group(np.asarray(medians), _BETA, _NU, np.full(len(medians), _SIGMA))


def _run(
    problems: Sequence[Problem],
    priors: Sequence[Group],
    subjects: list[Subjects],
    responsibility: np.ndarray,
    equal: bool,
    sweeps: int,
    tolerance: float,
    progress: Callable[[int], None],
) -> _State:
    """Sweeps over groups, frequencies, coordinates and responsibilities until all stand still."""
    from scipy.special import digamma, logsumexp

    counts = np.ones(len(problems))
    groups, energies, converged = list(priors), [], False
    for sweep in range(sweeps):
        before, old = groups, responsibility
        groups = [_group(g, s, r) for g, s, r in zip(priors, subjects, old.T, strict=True)]
        alpha = counts + old.sum(axis=0)
        log_m = digamma(alpha) - digamma(alpha.sum())
        if equal:
            log_m = np.full(len(counts), -np.log(len(counts)))
        subjects = [
            # Now and then from the mean of the group too, lest a unit stay behind.
            _subjects(p, g, [s.x, _everywhere(g, s)] if sweep % _AFRESH == 0 else [s.x])
            for p, g, s in zip(problems, groups, subjects, strict=True)
        ]
        log_rho = log_m + np.stack(
            [_log_rho(s, g, True) for s, g in zip(subjects, groups, strict=True)], axis=1
        )
        each = logsumexp(log_rho, axis=1, keepdims=True)
        responsibility = np.exp(log_rho - each)
        energy = each.sum() - sum(_divergence(g, p) for g, p in zip(groups, priors, strict=True))
        energies.append(float(energy - (0.0 if equal else dirichlet_divergence(alpha, counts))))
        progress(sweep + 1)
        moved = [
            max(
                np.abs((g.a - b.a) * np.sqrt(g.precision)).max(),
                np.abs(np.log(g.precision / b.precision)).max() / 2,
            )
            for g, b in zip(groups, before, strict=True)
        ]
        if max(*moved, np.abs(responsibility - old).max()) <= tolerance:
            converged = True
            break
    return _State(subjects, groups, responsibility, alpha, energies, converged)


def _group(prior: Group, subjects: Subjects, responsibility: np.ndarray) -> Group:
    """q(mu, tau) of one model, from the posteriors of its subjects."""
    x, variance = np.asarray(subjects.x), np.asarray(subjects.variance)
    r, n = responsibility[:, None], responsibility.sum()
    mean = np.sum(r * x, axis=0) / max(n, np.finfo(float).tiny)
    scatter = np.sum(r * (np.square(x - mean) + variance), axis=0)
    beta = prior.beta + n
    apart = n * prior.beta / beta * np.square(mean - prior.a)
    return Group(
        a=(prior.beta * prior.a + n * mean) / beta,
        beta=float(beta),
        nu=float(prior.nu + n / 2),
        sigma=prior.sigma + (scatter + apart) / 2,
    )


def _log_rho(subjects: Subjects, group: Group, uncertain: bool) -> np.ndarray:
    """Log evidence of each unit under a model, and what not knowing its group takes from it."""
    from scipy.special import digamma

    d = len(group.a)
    evidence = np.asarray(subjects.log_joint + 0.5 * d * _LOG_2PI - 0.5 * subjects.log_det)
    if not uncertain:
        return evidence
    return evidence + d / 2 * (digamma(group.nu) - np.log(group.nu) - 1 / group.beta)


def _divergence(group: Group, prior: Group) -> float:
    """Kullback-Leibler divergence of q(mu, tau) from its prior."""
    from scipy.special import digamma, gammaln

    d = len(group.a)
    of_mean = d * (np.log(group.beta / prior.beta) + prior.beta / group.beta - 1) / 2
    of_mean += prior.beta / 2 * np.sum(np.square(group.a - prior.a) * group.precision)
    of_precision = (
        d * ((group.nu - prior.nu) * digamma(group.nu) - gammaln(group.nu) + gammaln(prior.nu))
        + prior.nu * np.sum(np.log(group.sigma / prior.sigma))
        + np.sum(group.precision * (prior.sigma - group.sigma))
    )
    return float(of_mean + of_precision)


def _everywhere(group: Group, subjects: Subjects) -> Array:
    """The mean of the group, for every unit."""
    return jnp.broadcast_to(jnp.asarray(group.a), subjects.x.shape)


def _subjects(problem: Problem, group: Group, starts: Sequence[Array]) -> Subjects:
    """Posteriors of all units under a group, from the best of several starts."""
    mean, precision = jnp.asarray(group.a), jnp.asarray(group.precision)
    best, *others = (_posteriors(problem, mean, precision, jnp.asarray(x)) for x in starts)
    for other in others:
        better = other.proper & (~best.proper | (other.log_joint > best.log_joint))
        choose = lambda n, o, b=better: jnp.where(b if n.ndim == 1 else b[:, None], n, o)
        best = jax.tree.map(choose, other, best)
    return best


def _posteriors(
    problem: Problem,
    mean: Float[Array, " free"],
    precision: Float[Array, " free"],
    x: Float[Array, "units free"],
) -> Subjects:
    n_units, d = x.shape
    wide = jnp.broadcast_to(jnp.diag(precision), (n_units, d, d))
    penalty = Gaussian(jnp.broadcast_to(mean, (n_units, d)), wide)
    here = eqx.tree_at(lambda p: p.penalty, problem, penalty)
    return _around(here, find_mode(here, x), penalty, precision)


@eqx.filter_jit
def _around(
    here: Problem, mode: Mode, penalty: Gaussian, precision: Float[Array, " free"]
) -> Subjects:
    wide, d = penalty.precision, len(precision)
    # Who has no mode is as likely anywhere in the group, as far as is known.
    keep = lambda n, o: jnp.where(mode.proper.reshape(-1, *(1,) * (n.ndim - 1)), n, o)
    hessian = keep(mode.hessian, wide)
    log_joint = -keep(mode.loss, here.loss(penalty.mean))
    log_joint = jnp.where(jnp.isnan(log_joint), -jnp.inf, log_joint)
    return Subjects(
        x=keep(mode.x, penalty.mean),
        log_joint=log_joint + 0.5 * jnp.sum(jnp.log(precision)) - 0.5 * d * _LOG_2PI,
        variance=jnp.diagonal(jnp.linalg.inv(hessian), axis1=1, axis2=2),
        log_det=jnp.linalg.slogdet(hessian)[1],
        proper=mode.proper,
    )


_NUMBER = pa.float64()


def frequencies(found: Hierarchy) -> pa.Table:
    """How many units use each model: one row per model, as in `selection.selection`.

    `n` is the expected number of units.
    """
    k = len(found.models)
    return pa.table(
        {
            "model": list(found.models),
            "n": found.responsibility.sum(axis=0),
            "alpha": found.alpha,
            "frequency": found.frequency,
            "exceedance": found.exceedance,
            "protected": found.protected,
            "omnibus_risk": [found.omnibus_risk] * k,
            "free_energy": [found.free_energy[-1]] * k,
            "converged": [found.converged] * k,
        }
    )


def group_means(
    found: Hierarchy, against: Mapping[str, float] | None = None, level: float = 0.95
) -> pa.Table:
    """The group of every model: one row per model and parameter.

    `mean`, and its interval of posterior probability `level`, are those of the mean coordinate
    on the natural scale (the median of the group); `coordinate`, its error `se`, and `sd`
    between units are in coordinates. `t` and `p` test the mean against the natural value in
    `against`, and are null for a parameter that is not there.
    """
    from scipy.stats import t

    rows = []
    for model, frees, group in zip(found.models, found.frees, found.groups, strict=True):
        reference = [(against or {}).get(f.name, math.nan) for f in frees]
        test = group_test(group, np.asarray(coordinates(frees, np.asarray(reference))))
        reach = t(test.df).ppf((1 + level) / 2) * test.se
        mean, lower, upper = (
            np.asarray(natural(frees, group.a + way * reach)) for way in (0.0, -1.0, 1.0)
        )
        columns = (
            mean,
            lower,
            upper,
            group.a,
            test.se,
            group.precision**-0.5,
            reference,
            test.t,
            test.p,
        )
        for f, *numbers in zip(frees, *columns, strict=True):
            known = [None if math.isnan(x) else float(x) for x in numbers]
            rows.append((model, f.name, *known, float(test.df)))
    names = ("mean", "lower", "upper", "coordinate", "se", "sd", "against", "t", "p", "df")
    schema = [(n, pa.string()) for n in ("model", "parameter")] + [(n, _NUMBER) for n in names]
    return _table(schema, rows)


def individuals(
    found: Hierarchy, names: Sequence[tuple[float, str, str]], level: float = 0.95
) -> pa.Table:
    """Every unit under every model: one row per unit, model and parameter.

    `names` are the (dose, subject, session) of the units. `responsibility` is the probability
    that the unit uses the model; estimate and interval are those given that it does.
    `proper` is False where they are no more than those of the group.
    """
    from scipy.special import ndtri

    rows = []
    for k, (model, frees) in enumerate(zip(found.models, found.frees, strict=True)):
        x = np.asarray(found.subjects[k].x)
        reach = ndtri((1 + level) / 2) * np.sqrt(np.asarray(found.subjects[k].variance))
        each = [np.asarray(natural(frees, x + way * reach)) for way in (0.0, -1.0, 1.0)]
        proper = np.asarray(found.subjects[k].proper)
        for u, name in enumerate(names):
            facts = (model, float(found.responsibility[u, k]))
            for i, f in enumerate(frees):
                numbers = [float(e[u, i]) for e in each]
                rows.append((*name, *facts, f.name, *numbers, bool(proper[u])))
    schema = [
        ("dose", _NUMBER),
        ("subject", pa.string()),
        ("session", pa.string()),
        ("model", pa.string()),
        ("responsibility", _NUMBER),
        ("parameter", pa.string()),
        ("estimate", _NUMBER),
        ("lower", _NUMBER),
        ("upper", _NUMBER),
        ("proper", pa.bool_()),
    ]
    return _table(schema, rows)


def _table(schema: Sequence[tuple[str, pa.DataType]], rows: Sequence[tuple]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table([list(c) for c in columns], schema=pa.schema(schema))
