"""Whether posteriors mean what they say: simulation-based calibration."""

from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import pyarrow as pa
from jaxtyping import Array, Float

from .. import agents
from ..fit.calibration import (
    calibrate,
    coverage,
    laplace_draws,
    rank_table,
    uniformity,
    weighted_draws,
)
from ..fit.objective import Problem
from ..fit.penalties import CataloguePrior
from ..keys import named_keys
from ..params import unpack
from ..rollout import simulate
from ..stages import build_agent, build_task, fitter
from ._base import AbstractAnalysis, Inputs, Result, WrongSetting
from ._fitting import fitted_coordinates


# Ranks fall into so many bins, each of which needs a few units.
_BINS = 20


class Calibration(AbstractAnalysis):
    """Where the truth ranks among posterior draws, over `units` whose truth is from the prior.

    If the posterior is right all ranks are equally likely. `posterior` is "weighted", that of
    each unit itself by importance weights, or "laplace", the approximation that intervals of
    single fits use. `draws` of each unit are ranked.
    """

    title: ClassVar = "Whether posteriors mean what they say"
    source: ClassVar = "Talts et al. 2018; Säilynoja, Bürkner & Vehtari 2022"
    tables: ClassVar = ("uniformity", "coverage", "ranks")
    shown: ClassVar = ("uniformity", "coverage")
    simulated: ClassVar = True
    reads: ClassVar = ()
    caution: ClassVar = (
        "Calibrated over the whole prior, a posterior may still be off where your subjects lie."
    )

    units: int = eqx.field(static=True, default=300)
    draws: int = eqx.field(static=True, default=99)
    posterior: Literal["weighted", "laplace"] = eqx.field(static=True, default="weighted")

    def __check_init__(self):
        if self.units < 5 * min(_BINS, self.draws + 1):
            raise WrongSetting(
                f"units are {self.units}; they lie above {5 * min(_BINS, self.draws + 1)}."
            )

    def run(self, given: Inputs) -> Result:
        config, (model,) = given.config, given.candidates
        scenario, agent = config.scenarios[given.scenario], build_agent(config, model)
        task = build_task(scenario)
        frees = agents.frees(config.models[model], agent)
        name = (given.scenario, model, "calibration")
        keys = named_keys(config.seed, [(*name, f"session {u}") for u in range(self.units)])
        n_events = task.events_for(scenario.trials)
        run = jax.jit(
            lambda k, v: simulate(agent, task, k, n_events, v, record=lambda event, readout: event)
        )

        def problem(x: Float[Array, "units free"]) -> Problem:
            events = run(keys, unpack(frees, {f.name: x[:, i] for i, f in enumerate(frees)}))
            owner = jnp.arange(self.units)
            return Problem(agent, events, owner, {}, task.env, frees, self.units, CataloguePrior())

        def draws(problem: Problem):
            fit = fitter(config, f"{given.scenario}/{model} calibration")
            x = fitted_coordinates(
                frees, fit(problem, [(*name, str(u)) for u in range(self.units)])
            )
            sampled = weighted_draws if self.posterior == "weighted" else laplace_draws
            return sampled(problem, x, self.draws, seed=config.seed)

        found = calibrate(problem, frees, draws, seed=config.seed, units=self.units, name=name)
        table = uniformity(found, bins=min(_BINS, self.draws + 1))
        held = coverage(found)
        tables = {"uniformity": table, "coverage": held, "ranks": rank_table(found)}
        return Result(tables, _words(table, held))


def _words(table: pa.Table, held: pa.Table) -> list[str]:
    rows, shares = table.to_pylist(), {r["parameter"]: r for r in held.to_pylist()}
    out = []
    for row in rows:
        share = shares[row["parameter"]]
        out.append(
            f"{row['parameter']}: ranks are {'' if row['uniform'] else 'not '}uniform; "
            f"{100 * share['probability']:.0f} % intervals hold the truth in "
            f"{100 * share['coverage']:.0f} % of {row['units']} units"
            + (f" ({row['improper']} have no proper posterior)." if row["improper"] else ".")
        )
    return out
