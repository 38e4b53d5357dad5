"""The assay interface: one protocol on one system, run on many individuals at once.

A condition of the clinic is told by running an assay twice, once as control and once changed,
on the same individuals with the same random numbers.
"""

import abc
from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from ..catalog import load
from ..lesions._combined import compose
from ..lesions.intact import Intact
from ..params import put, resolve
from ..rollout import Agent


Outcomes = dict[str, Float[np.ndarray, " individuals"]]


class AbstractAssay(eqx.Module):
    """A protocol. Fields are its settings, static and with defaults: the control.

    Class-level facts, all literals (the catalogue reads them without running the file):
    `title` for a reader, `outcomes` what is measured, as words with the unit, by name;
    `species` "rodent", "human" or "any" (a model of learning with no constants of a species);
    `models` the models that are played, `source` the publications.
    """

    title: eqx.AbstractClassVar[str]
    outcomes: eqx.AbstractClassVar[dict[str, str]]
    species: eqx.AbstractClassVar[str]
    source: eqx.AbstractClassVar[str]
    models: ClassVar[tuple[str, ...]] = ()

    @abc.abstractmethod
    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual.

        What is random depends on the key alone, never on the settings, so two assays with the
        same keys differ only by what was changed.
        """


def patient(
    model: str,
    settings: Mapping[str, Any],
    lesions: Mapping[str, float] | None,
    values: Mapping[str, float] | None = None,
) -> Agent:
    """A model of the catalogue with `settings`, after `lesions` (doses by name) have acted.

    `values` are parameters by name that a condition changes without a mechanism.

    Raises:
        KeyError: if there is no such model or lesion.
        ValueError: if there is no such parameter, a lesion has nothing in the model to act on,
            or a number is out of its domain.
    """
    damage = [load("lesions", name)(dose) for name, dose in (lesions or {}).items()]
    agent = Agent(
        load("models", model)(**settings), lesion=compose(*damage) if damage else Intact()
    )
    given = (values or {}).items()
    return put(agent, {resolve(agent, n): jnp.asarray(v, dtype=float) for n, v in given})
