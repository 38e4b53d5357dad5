"""Random-effects Bayesian model selection: which models a population uses, and how often.

Each subject uses one model, models have frequencies in the population, and the frequencies
have a Dirichlet prior (Stephan et al. 2009). All that is needed is a log evidence per subject
and model. What a criterion says of it is -AIC/2, -BIC/2, or Laplace's approximation itself.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax.random as jr
import numpy as np
import pyarrow as pa
from jaxtyping import Float

from ..keys import named_key
from .comparison import CRITERIA, LAPLACE, cells


# Variational sweeps until no Dirichlet count moves by more than this.
_STILL, _SWEEPS = 1e-9, 100_000
# Nodes of an integral over the logarithm of a gamma variable, and what is left out at its ends.
_NODES, _TAIL = 2001, 1e-15
# Chains of a Gibbs sampler of families, its sweeps that are kept, and those before.
_CHAINS, _DRAWS, _BURN_IN = 256, 80, 40
# Tuples of models over conditions that a test between conditions may need.
_TUPLES = 10_000

Evidences = Float[np.ndarray, "subjects models"]


class Selection(NamedTuple):
    """Posterior of the models of a population.

    `alpha` are Dirichlet counts, `frequency` their expectation, `responsibility` the
    probability that a subject uses a model. `exceedance` is the probability that a model is
    the most frequent one, `protected` the same when all frequencies may also be equal, of
    which `omnibus_risk` is the posterior probability (Rigoux et al. 2014, equations 6 and 7).
    The free energies are lower bounds of the log evidence of the data with frequencies that
    are free (F1) or equal (F0).
    """

    alpha: Float[np.ndarray, " models"]
    frequency: Float[np.ndarray, " models"]
    responsibility: Float[np.ndarray, "subjects models"]
    exceedance: Float[np.ndarray, " models"]
    protected: Float[np.ndarray, " models"]
    omnibus_risk: float
    free_energy: float
    free_energy_equal: float


class Families(NamedTuple):
    """What `Selection` says, of families of models: their names, and each as a whole."""

    names: list[str]
    alpha: Float[np.ndarray, " families"]
    frequency: Float[np.ndarray, " families"]
    exceedance: Float[np.ndarray, " families"]
    protected: Float[np.ndarray, " families"]
    omnibus_risk: float


class Difference(NamedTuple):
    """Do groups share their model frequencies?

    `same` is the posterior probability that they do, both answers being equally likely
    beforehand; `log_bayes_factor` that of different against same frequencies.
    """

    same: float
    log_bayes_factor: float


class Stability(NamedTuple):
    """Do subjects keep their model from condition to condition?

    `frequency` is the expected share of subjects that do, `exceedance` the probability that
    they are the majority, `protected` and `omnibus_risk` as for any two families.
    """

    frequency: float
    exceedance: float
    protected: float
    omnibus_risk: float


def select_models(
    log_evidence: Evidences, counts: Float[np.ndarray, " models"] | None = None
) -> Selection:
    """Variational posterior of model frequencies (Stephan et al. 2009, equations 11 to 14).

    `counts` are the Dirichlet counts of the prior, one per model by default.

    Raises:
        ValueError: if there is no subject, or an evidence is not a number, or a subject is
            impossible under all models.
    """
    from scipy.special import digamma, logsumexp

    if not log_evidence.size or not np.isfinite(log_evidence.max(axis=1)).all():
        raise ValueError("Model selection needs a log evidence of every subject and model.")
    prior = np.ones(log_evidence.shape[1]) if counts is None else counts
    alpha = prior
    for _ in range(_SWEEPS):
        joint = log_evidence + digamma(alpha) - digamma(alpha.sum())
        each = logsumexp(joint, axis=1)
        responsibility = np.exp(joint - each[:, None])
        before, alpha = alpha, prior + responsibility.sum(axis=0)
        if np.abs(alpha - before).max() <= _STILL:
            break
    free_energy = float(each.sum() - dirichlet_divergence(alpha, prior))
    equal = float(logsumexp(log_evidence + np.log(prior / prior.sum()), axis=1).sum())
    risk = omnibus_risk(free_energy, equal)
    exceeds = exceedance(alpha)
    return Selection(
        alpha=alpha,
        frequency=alpha / alpha.sum(),
        responsibility=responsibility,
        exceedance=exceeds,
        protected=protected(exceeds, risk),
        omnibus_risk=risk,
        free_energy=free_energy,
        free_energy_equal=equal,
    )


def select_families(
    log_evidence: Evidences, families: Sequence[str] | np.ndarray, seed: int = 0
) -> Families:
    """Frequencies of families; `families[k]` is that of model k.

    The prior is uniform over families and over the models of each, so that a family gains
    nothing by its size: every family has one count. Counts below one are sampled, as in Penny
    et al. (2010), since the variational posterior would prefer small families; only the risk
    is that of its free energies. `alpha` is the expected count.
    """
    names, member = np.unique(np.asarray(families, dtype=str), return_inverse=True)
    prior = 1.0 / np.bincount(member)[member]
    risk = select_models(log_evidence, prior).omnibus_risk
    within = np.eye(len(names))[member]
    alpha, exceeds = _sampled(seed, log_evidence, prior, within)
    return Families(
        names=[str(n) for n in names],
        alpha=alpha,
        frequency=alpha / alpha.sum(),
        exceedance=exceeds,
        protected=protected(exceeds, risk),
        omnibus_risk=risk,
    )


def _sampled(
    seed: int, log_evidence: Evidences, prior: Float[np.ndarray, " models"], within: np.ndarray
) -> tuple[Float[np.ndarray, " families"], Float[np.ndarray, " families"]]:
    """Expected counts of families, and how often each is the most frequent.

    Gibbs sampling of the model of one subject after the other, given those of the others,
    with the frequencies integrated out; many chains side by side.
    """
    words = np.asarray(jr.key_data(named_key(seed, "families of models")))
    rng = np.random.default_rng(words.tolist())
    likelihood = np.exp(log_evidence - log_evidence.max(axis=1, keepdims=True))
    one_hot = np.eye(len(prior))

    def draw(weight: np.ndarray) -> np.ndarray:
        above = np.cumsum(np.broadcast_to(weight, (_CHAINS, len(prior))), axis=1)
        return one_hot[np.sum(above < rng.random((_CHAINS, 1)) * above[:, -1:], axis=1)]

    # From frequencies of each chain's own: where subjects say little, chains move slowly.
    begun = np.maximum(rng.dirichlet(prior, _CHAINS), 1e-300)
    labels = [draw(each * begun) for each in likelihood]
    counts = prior + np.sum(labels, axis=0)
    alpha, first = np.zeros(within.shape[1]), np.zeros(within.shape[1])
    for sweep in range(_BURN_IN + _DRAWS):
        for n, each in enumerate(likelihood):
            counts -= labels[n]
            labels[n] = draw(each * counts)
            counts += labels[n]
        if sweep >= _BURN_IN:
            of_families = counts @ within
            largest = rng.gamma(of_families).argmax(axis=1)
            alpha += of_families.mean(axis=0) / _DRAWS
            first += np.bincount(largest, minlength=len(first)) / (_DRAWS * _CHAINS)
    return alpha, first


def compare_groups(groups: Sequence[np.ndarray]) -> Difference:
    """Whether groups of subjects have the same frequencies of models.

    `groups` holds the log evidences `[subjects, models]` of each. One population for all
    against one for each, by their free energies (Rigoux et al. 2014).
    """
    bound = lambda evidence: select_models(evidence).free_energy
    factor = sum(bound(g) for g in groups) - bound(np.concatenate(groups))
    return Difference(omnibus_risk(factor, 0.0), float(factor))


def compare_conditions(
    log_evidence: Float[np.ndarray, "subjects models conditions"],
    families: Sequence[str] | None = None,
    seed: int = 0,
) -> Stability:
    """Whether the same model, or family, holds in all conditions (Rigoux et al. 2014).

    Every tuple of one model per condition is a model of all of a subject's data, whose log
    evidence is a sum. Tuples that stay with one model are a family, all others another.

    Raises:
        ValueError: if there are fewer than two models or conditions, or too many tuples.
    """
    _, n_models, n_conditions = log_evidence.shape
    kind = np.arange(n_models) if families is None else np.asarray(families, dtype=str)
    if n_conditions < 2 or len(np.unique(kind)) < 2:
        raise ValueError("Conditions are compared with two of them and two models at least.")
    if n_models**n_conditions > _TUPLES:
        raise ValueError(
            f"{n_models} models in {n_conditions} conditions make "
            f"{n_models**n_conditions} tuples; compare at most {_TUPLES}."
        )
    sizes = (n_models,) * n_conditions
    tuples = np.stack(np.unravel_index(np.arange(n_models**n_conditions), sizes))
    joint = np.sum([log_evidence[:, row, c] for c, row in enumerate(tuples)], axis=0)
    stays = (kind[tuples] == kind[tuples[0]]).all(axis=0)
    found = select_families(joint, np.where(stays, "same", "changes"), seed)
    at = found.names.index("same")
    return Stability(
        frequency=float(found.frequency[at]),
        exceedance=float(found.exceedance[at]),
        protected=float(found.protected[at]),
        omnibus_risk=found.omnibus_risk,
    )


def exceedance(alpha: Float[np.ndarray, " models"]) -> Float[np.ndarray, " models"]:
    """Probability that each of Dirichlet frequencies is the largest.

    Frequencies are gamma variables over their sum, so the probability is an integral over one
    of them of its density times the distributions of the others, here by a sum in
    log x, where all of it is smooth and vanishes at both ends. No sampling (Soch & Allefeld 2016).
    """
    from scipy.special import gammainc
    from scipy.stats import gamma

    out = np.zeros(len(alpha))
    for k, a in enumerate(alpha):
        # A count far below one reaches down to where no number is.
        low, high = np.log(np.maximum(gamma(a).ppf([_TAIL, 1 - _TAIL]), 1e-300))
        x = np.linspace(low, high, _NODES)
        density = np.exp(a * x - np.exp(x) - (a * x - np.exp(x)).max())
        others = [gammainc(b, np.exp(x)) for j, b in enumerate(alpha) if j != k]
        out[k] = np.sum(density * np.prod(others, axis=0)) / np.sum(density)
    return out / out.sum()


def protected(exceeds: Float[np.ndarray, " models"], risk: float) -> Float[np.ndarray, " models"]:
    """Exceedance protected against equal frequencies (Rigoux et al. 2014, equation 7)."""
    return (1 - risk) * exceeds + risk / len(exceeds)


def omnibus_risk(free_energy: float, equal: float) -> float:
    """Posterior probability of equal frequencies, from two log evidences."""
    from scipy.special import expit

    return float(expit(equal - free_energy))


def dirichlet_divergence(
    alpha: Float[np.ndarray, " models"], prior: Float[np.ndarray, " models"]
) -> float:
    """Kullback-Leibler divergence of a Dirichlet distribution from another."""
    from scipy.special import digamma, gammaln

    constant = lambda a: gammaln(a.sum()) - gammaln(a).sum()
    expected = digamma(alpha) - digamma(alpha.sum())
    return float(constant(alpha) - constant(prior) + np.sum((alpha - prior) * expected))


_CELL = {"scenario": pa.string(), "source": pa.string(), "dose": pa.float64()}
_PAIR = {"n_one": pa.int64(), "n_other": pa.int64(), "left_out": pa.int64()}
_SELECTED = {
    "criterion": pa.string(),
    "n": pa.int64(),
    "left_out": pa.int64(),
    "alpha": pa.float64(),
    "frequency": pa.float64(),
    "exceedance": pa.float64(),
    "protected": pa.float64(),
    "omnibus_risk": pa.float64(),
}


def selection(
    fits: pa.Table,
    criterion: str = "bic",
    families: Mapping[str, str] | None = None,
    seed: int = 0,
) -> pa.Table:
    """Model selection per scenario, source and dose of a table of fits: one row per model.

    Or one per family, if `families` names the family of each model. `n` units have an evidence
    of every model, and `left_out` lack one.
    """
    kind = "family" if families else "model"
    rows: list[tuple] = []
    for cell, (models, units, values) in cells(fits).items():
        evidence, _ = _known(evidences(values, criterion), units)
        if not len(evidence):
            continue
        found: Selection | Families = select_models(evidence)
        if families:
            found = select_families(evidence, [families[m] for m in models], seed)
            models = found.names
        risk = [found.omnibus_risk] * len(models)
        parts = (found.alpha, found.frequency, found.exceedance, found.protected, risk)
        facts = (criterion, len(evidence), len(units) - len(evidence))
        for model, *numbers in zip(models, *parts, strict=True):
            rows.append((*cell, model, *facts, *numbers))
    return _table({**_CELL, kind: pa.string(), **_SELECTED}, rows)


def assignment(fits: pa.Table, criterion: str = "bic") -> pa.Table:
    """Probability that each unit uses each model, given what the whole population uses."""
    rows: list[tuple] = []
    for cell, (models, units, values) in cells(fits).items():
        evidence, known = _known(evidences(values, criterion), units)
        if not len(evidence):
            continue
        shares = select_models(evidence).responsibility
        for unit, of_unit in zip(known, shares, strict=True):
            rows += [(*cell, *unit, m, r) for m, r in zip(models, of_unit, strict=True)]
    names = {n: pa.string() for n in ("subject", "session", "model")}
    return _table({**_CELL, **names, "responsibility": pa.float64()}, rows)


def group_difference(fits: pa.Table, groups: Mapping[str, str], criterion: str = "bic") -> pa.Table:
    """Whether groups share their model frequencies, per scenario, source and dose.

    `groups` names the group of each subject. One row per pair of groups; `left_out` counts the
    units that have no group, or no evidence of some model.
    """
    rows: list[tuple] = []
    for cell, (_, units, values) in cells(fits).items():
        evidence, known = _known(evidences(values, criterion), units)
        member = [groups.get(subject) for subject, _ in known]
        for one, other in itertools.combinations(sorted({g for g in member if g}), 2):
            pair = [evidence[[g == name for g in member]] for name in (one, other)]
            left_out = len(units) - sum(g is not None for g in member)
            counts = (len(pair[0]), len(pair[1]), left_out)
            rows.append((*cell, one, other, *counts, *compare_groups(pair)))
    answer = {n: pa.float64() for n in Difference._fields}
    return _table({**_CELL, "one": pa.string(), "other": pa.string(), **_PAIR, **answer}, rows)


def condition_difference(
    fits: pa.Table,
    conditions: str = "session",
    criterion: str = "bic",
    families: Mapping[str, str] | None = None,
    seed: int = 0,
) -> pa.Table:
    """Whether subjects keep their model over sessions, or over doses; one row per pair of them.

    `conditions` is "session" or "dose", and what it is not is kept. A pair is compared over
    the subjects that have both; `left_out` counts those that have one.
    """
    rest = "dose" if conditions == "session" else "session"
    known: dict[tuple, dict[Any, dict[str, np.ndarray]]] = {}
    kinds: dict[tuple, list[str] | None] = {}
    for (scenario, source, dose), (models, units, values) in cells(fits).items():
        table = _known(evidences(values, criterion), units)
        for evidence, (subject, session) in zip(*table, strict=True):
            cell = (scenario, source, dose if rest == "dose" else session)
            kinds[cell] = [families[m] for m in models] if families else None
            condition = session if rest == "dose" else dose
            known.setdefault(cell, {}).setdefault(condition, {})[subject] = evidence
    rows: list[tuple] = []
    for cell, found in known.items():
        for one, other in itertools.combinations(sorted(found), 2):
            both = [s for s in found[one] if s in found[other]]
            if not both:
                continue
            pair = [np.stack([found[c][s] for s in both]) for c in (one, other)]
            answer = compare_conditions(np.stack(pair, axis=-1), kinds[cell], seed)
            left_out = len({*found[one], *found[other]}) - len(both)
            rows.append((*cell, str(one), str(other), len(both), left_out, *answer))
    schema = {"scenario": pa.string(), "source": pa.string(), rest: _CELL.get(rest, pa.string())}
    schema |= {"one": pa.string(), "other": pa.string(), "n": pa.int64(), "left_out": pa.int64()}
    return _table(schema | {n: pa.float64() for n in Stability._fields}, rows)


def evidences(values: Mapping[str, np.ndarray], criterion: str) -> np.ndarray:
    """Log evidence `[units, models]` that a criterion stands for; NaN where there is none.

    Raises:
        ValueError: if the fits do not have this criterion.
    """
    have = [c for c in (*CRITERIA, LAPLACE) if c in values]
    if criterion not in have:
        raise ValueError(f"These fits have no {criterion!r}; they have {', '.join(have)}.")
    return -0.5 * values[criterion]


def _known(evidence: np.ndarray, units: list[tuple]) -> tuple[np.ndarray, list[tuple]]:
    """The rows and units in which no model lacks its evidence."""
    known = ~np.isnan(evidence).any(axis=1)
    return evidence[known], [unit for unit, has in zip(units, known, strict=True) if has]


def _table(schema: Mapping[str, pa.DataType], rows: Sequence[tuple]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    arrays = [pa.array(list(c), t) for c, t in zip(columns, schema.values(), strict=True)]
    return pa.table(arrays, names=list(schema))
