"""Fits inside an analysis, with the solver and settings of the experiment."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
import pyarrow as pa
from jaxtyping import Array, Float

from .. import catalog
from ..config import Config
from ..fit.coordinates import coordinates
from ..fit.estimate import Estimates
from ..fit.objective import Problem
from ..fit.solvers._base import AbstractSolver
from ..params import Free
from ._base import WrongSetting


# A coordinate beyond which a rate is 0 or 1.
_FAR = 15.0


def solver(config: Config) -> AbstractSolver:
    """The solver of the experiment."""
    return catalog.load("solvers", config.fit.solver)()


def found(problem: Problem, fits: pa.Table) -> Float[Array, "units free"]:
    """Coordinates of the estimates in a table of fits, whose rows go by unit and parameter.

    An estimate at an end of its domain is brought inside, where its coordinate is finite.
    """
    value = np.asarray(fits.column("estimate").to_numpy(zero_copy_only=False))
    return _coordinates(problem.frees, value.reshape(-1, len(problem.frees)))


def fitted_coordinates(frees: Sequence[Free], found: Estimates) -> Float[Array, "units free"]:
    """The same of estimates that are in no table."""
    return _coordinates(frees, found.value)


def _coordinates(
    frees: Sequence[Free], value: Float[np.ndarray, "units free"]
) -> Float[Array, "units free"]:
    return jnp.clip(coordinates(frees, value), -_FAR, _FAR)


def at_dose(table: pa.Table, dose: float) -> pa.Table:
    """The rows at a dose, or all of a table that has one dose only.

    Raises:
        WrongSetting: if there is no such dose among several.
    """
    doses = table.column("dose").to_pylist()
    if len(set(doses)) < 2:
        return table
    if dose not in doses:
        have = ", ".join(f"{d:g}" for d in sorted(set(doses)))
        raise WrongSetting(f"dose is {dose:g}; it is one of {have}.")
    return table.filter(pa.array([d == dose for d in doses]))
