"""The full posterior of a group and its units, by Hamiltonian Monte Carlo."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pyarrow as pa

from ..fit.crossvalidation import psis_loo
from ..fit.posterior import (
    Posterior,
    group_of,
    group_table,
    pointwise,
    sample_posterior,
    unit_table,
)
from ..stages import problem_of
from ._base import AbstractAnalysis, Inputs, Result
from ._designs import linear_model
from ._fitting import found


# Draws that a leave-one-out prediction is computed from.
_LOO_DRAWS = 500


class FullPosterior(AbstractAnalysis):
    """Draws from the posterior by NUTS, non-centred, with the covariates as for hierarchical fits.

    `draws` of each of `chains` after `warmup`; more, up to `most`, where R-hat or an effective
    sample size does not suffice, and in shorter steps where there are divergences.
    """

    title: ClassVar = "The full posterior"
    source: ClassVar = "Hoffman & Gelman 2014; diagnostics: Vehtari et al. 2021; LOO: 2017"
    tables: ClassVar = ("group", "units", "loo", "draws")
    shown: ClassVar = ("group", "loo")
    caution: ClassVar = (
        "On the scale of coordinates. Leaving out a record, the learner has still met it; a large "
        "Pareto k means that the prediction of it cannot be relied on."
    )

    chains: int = eqx.field(static=True, default=4)
    warmup: int = eqx.field(static=True, default=300)
    draws: int = eqx.field(static=True, default=500)
    most: int = eqx.field(static=True, default=4000)
    reference: tuple[str, ...] = eqx.field(static=True, default=())

    def run(self, given: Inputs) -> Result:
        (model,) = given.candidates
        problem, names = problem_of(given.config, given.scenario, model, given.sessions)
        x = found(problem, given.fits[model])
        design = linear_model(given.sessions, names, self.reference)
        kept = np.flatnonzero(design.complete)
        left_out = len(names) - len(kept)
        if left_out:
            problem, x = problem.of_units(kept), x[jnp.asarray(kept)]
            names = [names[i] for i in kept]
            rows = tuple(design.missing[i] for i in kept)
            design = design._replace(matrix=design.matrix[kept], missing=rows)
        posterior = sample_posterior(
            problem,
            group_of(problem.frees, design),
            seed=given.config.seed,
            name=(given.scenario, given.source, model, "posterior"),
            x=x,
            chains=self.chains,
            warmup=self.warmup,
            draws=self.draws,
            most=self.most,
            progress=given.progress,
        )
        labels = dict(zip(("dose", "subject", "session"), zip(*names, strict=True), strict=True))
        every = max(1, posterior.x.shape[0] * posterior.x.shape[1] // _LOO_DRAWS)
        thin = posterior._replace(x=posterior.x[:, ::every])
        loo = psis_loo(pointwise(problem, thin, "record"))
        tables = {
            "group": group_table(posterior),
            "units": unit_table(posterior, labels),
            "loo": pa.table(
                {
                    "elpd": [loo.total],
                    "se": [loo.se],
                    "p_loo": [loo.p_loo],
                    "records": [len(loo.elpd)],
                    "pareto_k_max": [float(np.max(loo.pareto_k))],
                    "unreliable": [loo.unreliable],
                }
            ),
            "draws": _draws(posterior, labels),
        }
        return Result(tables, _words(posterior, len(names), left_out, loo.unreliable))


def _draws(posterior: Posterior, labels: dict[str, tuple]) -> pa.Table:
    """One row per chain, draw and unit, natural values in a column per parameter."""
    value = posterior.values()
    chains, draws, units, _ = value.shape
    chain, draw, unit = np.unravel_index(np.arange(chains * draws * units), value.shape[:3])
    whose = {n: pa.array(v).take(pa.array(unit)) for n, v in labels.items()}
    columns = {f.name: value[..., i].ravel() for i, f in enumerate(posterior.frees)}
    return pa.table({"chain": chain, "draw": draw, **whose, **columns})


def _words(posterior: Posterior, n: int, left_out: int, unreliable: int) -> list[str]:
    told = posterior.diagnostics
    largest = max(float(np.nanmax(v)) for v in told.rhat.values())
    fewest = min(float(np.nanmin(v)) for v in (*told.ess_bulk.values(), *told.ess_tail.values()))
    chains, draws = posterior.x.shape[:2]
    out = [
        f"{n} units, {chains} chains of {draws:,} draws: R-hat at most {largest:.3f}, effective "
        f"sample sizes from {fewest:.0f}, {told.divergences} divergences."
    ]
    out += [f"{failure[0].upper()}{failure[1:].rstrip('.')}." for failure in told.failures]
    if left_out:
        out.append(f"{left_out} units lack a covariate and are left out.")
    if unreliable:
        out.append(f"For {unreliable} records the leave-one-out prediction is not reliable.")
    return out
