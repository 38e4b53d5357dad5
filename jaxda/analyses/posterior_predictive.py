"""Whether a fitted model behaves like the subjects it was fitted to."""

from typing import ClassVar

import equinox as eqx
import numpy as np

from ..fit.predictive import laplace_draws, posterior_predictive
from ..stages import build_task, problem_of
from ..wording import number
from ._base import AbstractAnalysis, Inputs, Result
from ._fitting import found


# A posterior predictive p-value beyond these is a misfit.
_EXTREME = (0.025, 0.975)
_NAMED = 4


class PosteriorPredictive(AbstractAnalysis):
    """Choice curves, stay probabilities and more of replicated sessions, beside the observed.

    Parameters are `draws` from the Laplace posterior of each unit. Of a scenario whole sessions
    are simulated; of a data set, whose task is not known, choices are drawn one step ahead, given
    what was recorded before.
    """

    title: ClassVar = "Whether fitted models behave like the subjects"
    source: ClassVar = "Gelman, Meng & Stern 1996; in learning models: Palminteri et al. 2017"
    tables: ClassVar = ("statistics",)
    caution: ClassVar = (
        "The data are used twice, so p-values are conservative. One step ahead even a model that "
        "cannot learn looks good where it copies the last choice."
    )

    draws: int = eqx.field(static=True, default=100)

    def run(self, given: Inputs) -> Result:
        config, (model,) = given.config, given.candidates
        problem, names = problem_of(config, given.scenario, model, given.sessions)
        simulated = given.scenario in config.scenarios
        who = [(given.scenario, given.source, model, *map(str, n)) for n in names]
        x = np.asarray(found(problem, given.fits[model]))
        table = posterior_predictive(
            problem.agent,
            problem.frees,
            laplace_draws(problem, x, who, seed=config.seed, draws=self.draws),
            given.sessions,
            task=build_task(config.scenarios[given.scenario]) if simulated else None,
            kind="choice" if simulated else config.datasets[given.scenario].task,
            unit="subject" if simulated else config.datasets[given.scenario].unit,
            seed=config.seed,
            names=(given.scenario, given.source, model),
            progress=given.progress,
        )
        rows = [r for r in table.to_pylist() if r["p"] is not None]
        low, high = _EXTREME
        wrong = [r for r in rows if not low <= r["p"] <= high]
        told = [
            f"{len(rows) - len(wrong)} of {len(rows)} statistics of {given.source} look as {model} "
            f"predicts (posterior predictive p from {low} to {high})."
        ]
        worst = sorted(wrong, key=lambda r: -abs(r["observed"] - r["mean"]))[:_NAMED]
        for row in worst:
            level = f", {row['level']}" if row.get("level") not in (None, "") else ""
            at = f" at dose {row['dose']:g}" if row["dose"] else ""
            told.append(
                f"{row['statistic']}{level}{at}: observed {number(row['observed'])}, predicted "
                f"{number(row['mean'])} ({number(row['low'])} to {number(row['high'])})."
            )
        return Result({"statistics": table}, told)
