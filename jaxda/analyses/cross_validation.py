"""How well candidates predict what they were not fitted to."""

from typing import Any, ClassVar

import equinox as eqx
import numpy as np
import pyarrow as pa

from ..fit.crossvalidation import Prediction, cross_validate, hold_out, predictions
from ..stages import problem_of
from ..wording import fixed, number
from ._base import AbstractAnalysis, Inputs, Result, WrongSetting
from ._fitting import at_dose, solver


class CrossValidation(AbstractAnalysis):
    """Held-out log-likelihood of every candidate.

    Whole sessions are held out in turn where a unit has several (`folds` of them, 0 for one
    each), and elsewhere the last `share` of the trials: the learner goes on from what it has
    learned by then, with the parameters of the part before. Where there are several doses, the
    sessions at `dose` are taken.
    """

    title: ClassVar = "Prediction of what was held out"
    source: ClassVar = "Differences and their errors: Vehtari, Gelman & Gabry 2017"
    tables: ClassVar = ("models", "units")
    shown: ClassVar = ("models",)
    together: ClassVar = True
    reads: ClassVar = ()
    caution: ClassVar = "A difference of less than two standard errors decides nothing."

    dose: float = eqx.field(static=True, default=0.0)
    folds: int = eqx.field(static=True, default=0)
    share: float = eqx.field(static=True, default=0.25)

    def __check_init__(self):
        if not 0 < self.share < 1:
            raise WrongSetting(f"share is {self.share}; it lies between 0 and 1.")

    def run(self, given: Inputs) -> Result:
        config, fit = given.config, given.config.fit
        sessions = at_dose(given.sessions, self.dose)
        scores: dict[str, np.ndarray] = {}
        rows: list[dict[str, Any]] = []
        for i, model in enumerate(given.candidates):
            problem, names = problem_of(config, given.scenario, model, sessions)
            held = hold_out(problem, self.folds or None, self.share)
            streams = [(given.scenario, model, *map(str, n)) for n in names]
            result = cross_validate(
                problem,
                streams,
                held,
                solver(config),
                seed=config.seed,
                restarts=fit.restarts,
                steps=fit.steps,
                tolerance=fit.tolerance,
            )
            scores[model] = result.log_likelihood
            rows += _rows(model, names, result)
            given.progress(i + 1, len(given.candidates))
        table = predictions(scores)
        return Result({"models": table, "units": pa.Table.from_pylist(rows)}, _words(table, rows))


def _rows(
    model: str, names: list[tuple[float, str, str]], result: Prediction
) -> list[dict[str, Any]]:
    return [
        {
            "model": model,
            "dose": dose,
            "subject": subject,
            "session": session,
            "log_likelihood": float(result.log_likelihood[u]),
            "records": int(result.records[u]),
            "folds": int(result.folds[u]),
            "converged": bool(result.converged[u]),
        }
        for u, (dose, subject, session) in enumerate(names)
    ]


def _words(table: pa.Table, rows: list[dict[str, Any]]) -> list[str]:
    best, *others = table.to_pylist()
    records = sum(r["records"] for r in rows if r["model"] == best["model"])
    out = [
        f"{best['model']} predicts {records:,} held-out records of {best['n']} units best, with "
        f"{fixed(best['elpd'] / records, 3)} nats each."
    ]
    for other in others:
        away, error = -other["difference"], other["se_difference"]
        sure = error is not None and away > 2 * error
        out.append(
            f"{other['model']} is {'' if sure else 'not surely '}worse: {number(away)} nats"
            + ("." if error is None else f" (standard error {number(error)}).")
        )
    failed = sum(not r["converged"] for r in rows)
    if failed:
        out.append(f"{failed} of {len(rows)} fits did not converge in all folds.")
    return out
