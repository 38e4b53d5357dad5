"""Hierarchical Bayesian inference: which subjects use which model, and what their groups are."""

from typing import ClassVar

import equinox as eqx
import pyarrow as pa

from ..fit.hbi import Hierarchy, frequencies, group_means, individuals, infer
from ..stages import problem_of
from ..wording import number
from ._base import AbstractAnalysis, Inputs, Result
from ._fitting import at_dose, found


class HierarchicalSelection(AbstractAnalysis):
    """All candidates fitted to all subjects at once, each subject to the group of its model.

    A subject pulls on the group of a model only as far as it uses the model, so outliers spoil
    nobody's mean. Where there are several doses, the sessions at `dose` are taken.
    """

    title: ClassVar = "Who uses which model, and what their groups are"
    source: ClassVar = "Piray et al. 2019"
    tables: ClassVar = ("models", "groups", "individuals")
    shown: ClassVar = ("models", "groups")
    together: ClassVar = True
    caution: ClassVar = (
        "Assignments are among the candidates that were tried. Means are medians of the group on "
        "the natural scale."
    )

    dose: float = eqx.field(static=True, default=0.0)
    sweeps: int = eqx.field(static=True, default=200)

    def run(self, given: Inputs) -> Result:
        sessions = at_dose(given.sessions, self.dose)
        made = {m: problem_of(given.config, given.scenario, m, sessions) for m in given.candidates}
        problems = {m: problem for m, (problem, _) in made.items()}
        starts = {m: found(p, at_dose(given.fits[m], self.dose))[None] for m, p in problems.items()}
        names = made[given.candidates[0]][1]
        result = infer(problems, starts, sweeps=self.sweeps, progress=given.progress)
        tables: dict[str, pa.Table] = {
            "models": frequencies(result),
            "groups": group_means(result),
            "individuals": individuals(result, names),
        }
        return Result(tables, _words(result, len(names)))


def _words(result: Hierarchy, n: int) -> list[str]:
    k = max(range(len(result.models)), key=lambda i: result.protected[i])
    out = [
        f"Of {n} units, {result.models[k]} has an expected share of {result.frequency[k]:.2f} "
        f"(protected exceedance probability {result.protected[k]:.2f}, omnibus risk "
        f"{number(result.omnibus_risk, 2)})."
    ]
    for model, subjects in zip(result.models, result.subjects, strict=True):
        lost = int((~subjects.proper).sum())
        if lost:
            out.append(f"{lost} of {n} units have no posterior of their own under {model}.")
    if not result.converged:
        out.append("The sweeps ended before the groups stood still; give more sweeps.")
    return out
