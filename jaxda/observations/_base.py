"""The observation interface: the log-probability of one kind of record."""

import abc
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Bool, Float

from ..types import Env, Event, Readout


class AbstractObservation(eqx.Module):
    """How a readout turns into a record, and how probable a record is.

    Arrays are events first and lanes last, `[events, ..., lanes]`.
    """

    source: ClassVar[str] = ""

    @abc.abstractmethod
    def applies(self, env: Env, readout: Readout) -> bool:
        """Whether this task records it and this model predicts it; static."""

    @abc.abstractmethod
    def present(self, event: Event) -> Bool[Array, "events lanes"]:
        """Which events carry this record."""

    @abc.abstractmethod
    def log_prob(self, event: Event, readout: Readout) -> Float[Array, "events lanes"]:
        """Log-probability of each record; finite wherever it is absent."""
