"""What a model does before it has seen any data."""

from typing import ClassVar, Literal

import equinox as eqx

from .. import agents
from ..fit.power import prior_values
from ..fit.predictive import prior_predictive
from ..stages import build_task, problem_of
from ._base import AbstractAnalysis, Inputs, Result


class PriorPredictive(AbstractAnalysis):
    """Behaviour of `draws` subjects whose parameters come from the prior, or the population.

    Beside it stands what the sessions show, so that a prior that rules the data out is seen
    before anything is fitted.
    """

    title: ClassVar = "Before any data: what the prior predicts"
    source: ClassVar = "Gelman et al. 2020, Bayesian workflow"
    tables: ClassVar = ("statistics",)
    simulated: ClassVar = True
    reads: ClassVar = ()

    draws: int = eqx.field(static=True, default=200)
    parameters: Literal["prior", "population"] = eqx.field(static=True, default="prior")

    def run(self, given: Inputs) -> Result:
        config, (model,) = given.config, given.candidates
        scenario = config.scenarios[given.scenario]
        problem, _ = problem_of(config, given.scenario, model, given.sessions)
        who = [(given.scenario, model, f"prior {i}") for i in range(self.draws)]
        if self.parameters == "prior":
            values = prior_values(problem.frees, who, config.seed)
        else:
            variant = config.models[model]
            values = agents.draw_population(variant, problem.agent, config.seed, who)
        table = prior_predictive(
            problem.agent,
            build_task(scenario),
            {path: v for path, v in values.items()},
            given.sessions,
            trials=scenario.trials,
            seed=config.seed,
            names=(given.scenario, model),
            progress=given.progress,
        )
        rows = [r for r in table.to_pylist() if r["observed"] is not None]
        outside = [r for r in rows if not r["low"] <= r["observed"] <= r["high"]]
        told = (
            f"{len(rows) - len(outside)} of {len(rows)} statistics of the sessions lie in the "
            f"90 % band of {self.draws} subjects drawn from the {self.parameters} of {model}."
        )
        return Result({"statistics": table}, [told])
