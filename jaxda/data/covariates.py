"""Covariates of units (group, drug, age), and how they enter a linear model. Imports no JAX.

A text is a category and a number is a quantity. Numbers of which there are two only, or for
which a reference is named, are categories as well: 0 and 1 are two groups and no scale.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float

from ..catalog import did_you_mean
from ..errors import InputError, Problem, shown


# What comes before the name of a covariate in a table of sessions.
PREFIX = "covariate_"
Value = str | float | None
Covariates = Mapping[str, Sequence[Value]]


class Design(NamedTuple):
    """A linear model: one column of `matrix` for each coefficient, one row per unit.

    The first is the intercept. A category has a coefficient for each of its levels but the
    reference (treatment coding); a quantity has one, for a change by one standard deviation
    around its mean. `contrast` says so of each coefficient and `categorical` which it is. The
    row of a unit that lacks a covariate is NaN, and `missing` names what it lacks.
    """

    coefficients: tuple[str, ...]
    contrast: tuple[str, ...]
    categorical: tuple[bool, ...]
    matrix: Float[np.ndarray, "units coefficients"]
    missing: tuple[str, ...]

    @property
    def complete(self) -> Bool[np.ndarray, " units"]:
        """Which units have all covariates."""
        return np.asarray([not m for m in self.missing], bool)


def of_units(sessions: pa.Table, names: Sequence[tuple[float, str, str]]) -> dict[str, list[Value]]:
    """The covariates of the units called `(dose, subject, session)` in a table of sessions.

    The name of the session is empty where sessions of a subject share their parameters.
    """
    columns = [n for n in sessions.column_names if n.startswith(PREFIX)]
    whose = [sessions.column(n).to_pylist() for n in ("dose", "subject", "session")]
    first: dict[tuple[float, str, str], int] = {}
    for row, (dose, subject, session) in enumerate(zip(*whose, strict=True)):
        for name in ((dose, subject, session), (dose, subject, "")):
            first.setdefault(name, row)
    values = {n: sessions.column(n).to_pylist() for n in columns}
    return {
        n.removeprefix(PREFIX): [cells[first[name]] for name in names]
        for n, cells in values.items()
    }


def design(
    covariates: Covariates, subjects: Sequence[str], reference: Mapping[str, str] | None = None
) -> Design:
    """The linear model of covariates, a value per unit and None where missing.

    `subjects[u]` is whose unit u is. `reference` names the level that the others of a category
    are compared with; it is the first of the sorted levels unless given. Means and standard
    deviations of quantities are those over the units that have all covariates.

    Raises:
        InputError: if a covariate is the same for all units or follows from the others, if a
            level has a single subject, or if a reference is no level.
    """
    n, reference = len(subjects), dict(reference or {})
    lacking = [[c for c, v in covariates.items() if v[u] is None] for u in range(n)]
    rows = [u for u in range(n) if not lacking[u]]
    wrong = [
        Problem(f"reference.{c}", "a reference of no covariate", did_you_mean(c, covariates))
        for c in reference
        if c not in covariates
    ]
    if not rows:
        found = f"no unit that has {', '.join(covariates) or 'choices'}"
        raise InputError([Problem("covariates", found, "values for at least some units")])
    columns = [("intercept", "", True, np.ones(len(rows)))]
    for name, values in covariates.items():
        known, owners = [values[u] for u in rows], [subjects[u] for u in rows]
        columns += _columns(name, known, owners, reference.get(name), wrong)
    matrix = np.full((n, len(columns)), np.nan)
    matrix[rows] = np.stack([c[-1] for c in columns], axis=1)
    for j in range(1, len(columns)):
        if not wrong and np.linalg.matrix_rank(matrix[rows, : j + 1]) <= j:
            found = f"{columns[j][0]} follows from {', '.join(c[0] for c in columns[:j])}"
            wrong.append(Problem("covariates", found, "covariates that tell units apart"))
    if wrong:
        raise InputError(wrong)
    names, contrasts, categorical, _ = zip(*columns, strict=True)
    missing = tuple(", ".join(names) for names in lacking)
    return Design(names, contrasts, categorical, matrix, missing)


def _columns(
    name: str,
    values: Sequence[Value],
    subjects: Sequence[str],
    reference: str | None,
    wrong: list[Problem],
) -> Iterator[tuple[str, str, bool, np.ndarray]]:
    """Coefficient, contrast, whether categorical, and column of one covariate."""
    distinct, where = set(values), f"covariates.{name}"
    if len(distinct) < 2:
        found = f"{shown(values[0])} for every unit"
        wrong.append(Problem(where, found, "a covariate that differs, or none"))
        return
    if reference is None and len(distinct) > 2 and all(isinstance(v, float) for v in distinct):
        x = np.asarray(values, float)
        centre, scale = x.mean(), x.std(ddof=1)
        yield name, f"+{scale:.4g}, one SD", False, (x - centre) / scale
        return
    spelt = [f"{v:g}" if isinstance(v, float) else str(v) for v in values]
    levels = sorted(set(spelt))
    if reference is not None and reference not in levels:
        found = f"{reference!r}, which is no {name}"
        wrong.append(Problem(f"reference.{name}", found, did_you_mean(reference, levels)))
        return
    base = reference or levels[0]
    for level in levels:
        if len({s for s, v in zip(subjects, spelt, strict=True) if v == level}) < 2:
            found = f"a single subject with {name} {level!r}"
            wrong.append(Problem(where, found, "at least two subjects in every group"))
        if level != base:
            column = np.asarray([float(v == level) for v in spelt])
            yield f"{name}[{level}]", f"{level} against {base}", True, column
