"""What a fitted model says was going on in each trial: regressors for imaging and recordings."""

from typing import ClassVar

import equinox as eqx
import numpy as np

from ..fit.latents import latents
from ..fit.predictive import laplace_draws
from ..stages import problem_of
from ._base import AbstractAnalysis, Inputs, Result
from ._fitting import found


class TrialwiseLatents(AbstractAnalysis):
    """Values, errors, dopamine and choice probabilities, one row for each row of the sessions.

    With `draws` above 0, each column has a second one with its standard deviation over so many
    draws from the Laplace posterior of the unit.
    """

    title: ClassVar = "Latents, trial by trial"
    source: ClassVar = "Model-based analysis: O'Doherty, Hampton & Kim 2007"
    tables: ClassVar = ("latents",)
    caution: ClassVar = (
        "In natural units, neither centred nor scaled. A regressor inherits the error of the fit "
        "and of the model."
    )

    draws: int = eqx.field(static=True, default=0)

    def run(self, given: Inputs) -> Result:
        config, (model,) = given.config, given.candidates
        problem, names = problem_of(config, given.scenario, model, given.sessions)
        simulated = given.scenario in config.scenarios
        unit = "subject" if simulated else config.datasets[given.scenario].unit
        drawn = None
        if self.draws > 0:
            who = [(given.scenario, *map(str, n)) for n in names]
            x = np.asarray(found(problem, given.fits[model]))
            drawn = laplace_draws(problem, x, who, seed=config.seed, draws=self.draws)
        table = latents(
            problem.agent, problem.frees, given.sessions, given.fits[model], unit=unit, draws=drawn
        )
        told = [n for n in table.column_names if n not in ("dose", "subject", "session", "trial")]
        columns = ", ".join(n for n in told if n != "event")
        return Result(
            {"latents": table},
            [f"{table.num_rows:,} rows, one for each row of the sessions: {columns}."],
        )
