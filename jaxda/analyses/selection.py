"""Which models a population uses: random-effects Bayesian model selection."""

from typing import Any, ClassVar, Literal

import equinox as eqx
import pyarrow as pa

from ..data.covariates import PREFIX
from ..fit.selection import assignment, condition_difference, group_difference, selection
from ..wording import level, number
from ._base import AbstractAnalysis, Inputs, Result, WrongSetting


# From this probability on a statement is made.
_SURE = 0.95


class ModelSelection(AbstractAnalysis):
    """Frequencies of the candidates in the population, and the probability that one leads.

    The evidence of a candidate for a subject is what `criterion` says. `families` puts
    candidates together, as "q: value", "opal: opponent", one for each candidate. With `group`, a
    covariate of the data set, its groups are asked whether they share their frequencies.
    """

    title: ClassVar = "Which models a population uses"
    source: ClassVar = "Stephan et al. 2009; Rigoux et al. 2014; families: Penny et al. 2010"
    tables: ClassVar = ("models", "assignment", "conditions", "groups")
    shown: ClassVar = ("models", "conditions", "groups")
    together: ClassVar = True
    caution: ClassVar = (
        "Frequencies among the candidates that were tried. A high omnibus risk means that equal "
        "frequencies explain the evidence as well."
    )

    criterion: Literal["bic", "aic", "laplace"] = eqx.field(static=True, default="bic")
    families: tuple[str, ...] = eqx.field(static=True, default=())
    group: str = eqx.field(static=True, default="")

    def run(self, given: Inputs) -> Result:
        fits = pa.concat_tables(t.replace_schema_metadata() for t in given.fits.values())
        families = self._families(given.candidates)
        seed = given.config.seed
        models = selection(fits, self.criterion, families, seed)
        conditions = condition_difference(fits, "dose", self.criterion, families, seed)
        tables = {
            "models": models,
            "assignment": assignment(fits, self.criterion),
            "conditions": conditions,
            "groups": group_difference(fits, self._groups(given.sessions), self.criterion),
        }
        kind = "family" if families else "model"
        told = _words(models, kind)
        for row in tables["groups"].to_pylist():
            told.append(
                f"{row['one']} and {row['other']} share their frequencies with probability "
                f"{row['same']:.2f}."
            )
        return Result(tables, told)

    def _groups(self, sessions: pa.Table) -> dict[str, str]:
        """The group of each subject; empty without groups."""
        if not self.group:
            return {}
        column = PREFIX + self.group
        if column not in sessions.column_names:
            have = [n.removeprefix(PREFIX) for n in sessions.column_names if n.startswith(PREFIX)]
            raise WrongSetting(
                f"group is {self.group!r}; it is a covariate of the data set: {have or 'none'}."
            )
        rows = (sessions.column(n).to_pylist() for n in ("subject", column))
        return {s: str(g) for s, g in zip(*rows, strict=True) if g is not None}

    def _families(self, candidates: tuple[str, ...]) -> dict[str, str] | None:
        if not self.families:
            return None
        split = (f.partition(":") for f in self.families)
        pairs = {model.strip(): family.strip() for model, _, family in split}
        if set(pairs) != set(candidates):
            raise WrongSetting(
                f"families name {', '.join(pairs)}; they name {', '.join(candidates)}."
            )
        return pairs


def _words(models: pa.Table, kind: str) -> list[str]:
    cells: dict[float, list[dict[str, Any]]] = {}
    for row in models.to_pylist():
        cells.setdefault(row["dose"], []).append(row)
    at = (f"At dose {level(dose)}: " if len(cells) > 1 else "" for dose in cells)
    return [a + _leader(rows, kind) for a, rows in zip(at, cells.values(), strict=True)]


def _leader(rows: list[dict[str, Any]], kind: str) -> str:
    best = max(rows, key=lambda r: r["protected"])
    risk = best["omnibus_risk"]
    sure = best["protected"] >= _SURE
    return (
        f"{best[kind]} is {'the' if sure else 'not surely the'} most frequent {kind} "
        f"(frequency {best['frequency']:.2f}, protected exceedance probability "
        f"{best['protected']:.2f}, omnibus risk {number(risk, 2)}, n = {best['n']}"
        + (f", {best['left_out']} left out" if best["left_out"] else "")
        + ")."
    )
