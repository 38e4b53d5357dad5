"""Groups, drugs and other covariates as effects on parameters, by a hierarchical fit."""

from typing import Any, ClassVar

import equinox as eqx
import pyarrow as pa

from ..fit.hierarchical import Group, group_table, hierarchical, unit_table
from ..stages import problem_of
from ..wording import fixed, signed
from ._base import AbstractAnalysis, Inputs, Result
from ._designs import linear_model


class HierarchicalFit(AbstractAnalysis):
    """Parameters of all units with the distribution of their group, by empirical Bayes.

    Coordinates are normal around a linear model of the covariates of a data set and of the dose;
    where a subject has several units it has an effect of its own, so that on and off are compared
    within subjects. `full` lets parameters correlate. `reference` names the levels that others
    are compared with, as "group: controls".
    """

    title: ClassVar = "Groups, and what differs between them"
    source: ClassVar = "Huys et al. 2011 (empirical Bayes with Laplace's approximation)"
    tables: ClassVar = ("group", "units")
    shown: ClassVar = ("group",)
    reads: ClassVar = ()
    caution: ClassVar = (
        "A difference between groups is not a cause. Intervals take the model as right, and the "
        "estimates of single units are pulled towards their group."
    )

    full: bool = eqx.field(static=True, default=True)
    reference: tuple[str, ...] = eqx.field(static=True, default=())
    rounds: int = eqx.field(static=True, default=30)

    def run(self, given: Inputs) -> Result:
        (model,) = given.candidates
        problem, names = problem_of(given.config, given.scenario, model, given.sessions)
        group = hierarchical(
            problem,
            names,
            linear_model(given.sessions, names, self.reference),
            full=self.full,
            rounds=self.rounds,
            seed=given.config.seed,
            progress=given.progress,
        )
        table = group_table(group)
        return Result({"group": table, "units": unit_table(group)}, _words(group, table))


def _words(group: Group, table: pa.Table) -> list[str]:
    out = [
        f"{group.subjects} subjects, {int(group.used.sum())} of {len(group.used)} units in the "
        f"group; log evidence {fixed(group.log_evidence, 1)} nats."
    ]
    for row in table.to_pylist():
        if row["coefficient"] != "intercept":
            out.append(_effect(row))
    if group.singular:
        out.append(
            "Units do not differ in some combination of parameters as far as these data tell, so "
            "effects in units of their standard deviation are not given there."
        )
    if not group.converged:
        out.append("The fit has not converged; give more rounds.")
    return out


def _effect(row: dict[str, Any]) -> str:
    covariate, _, _ = row["coefficient"].partition("[")
    sure = row["lower"] > 0 or row["upper"] < 0
    text = (
        f"{row['parameter']}, {covariate} {row['contrast']}: {signed(row['estimate'])} in "
        f"its coordinate (95 % interval {signed(row['lower'])} to {signed(row['upper'])})"
    )
    if row["d"] is not None:
        text += f", d = {signed(row['d'])}"
    return text + ("." if sure else ", which may be none.")
