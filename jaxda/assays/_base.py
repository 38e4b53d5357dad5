"""The assay interface: one protocol on one system, run on many individuals at once.

A condition of the clinic is told by running an assay twice, once as control and once changed,
on the same individuals with the same random numbers.
"""

import abc
from typing import ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, Key

from ..keys import named_keys


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


def individuals(name: str, n: int) -> Key[Array, " individuals"]:
    """Keys of the first `n` individuals of the assay, or of the landmark, called `name`."""
    return named_keys(0, [(name, str(i + 1)) for i in range(n)])
