"""The observation interface: the log-probability of one kind of record."""

import abc
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
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

    def derivatives(
        self, event: Event, readout: Readout, along: Readout
    ) -> tuple[
        Float[Array, "events lanes"],
        Float[Array, "free events lanes"],
        list[tuple[Float[Array, "events lanes"], Float[Array, "free events lanes"]]],
    ]:
        """Log-probability, its derivatives along each direction, and the information in parts.

        `along` holds the derivatives of the readout, each with a first axis of directions. The
        information about directions i and j is the sum of w v_i v_j over the parts (w, v). Here
        it is that of a single record, whose score is squared.
        """
        push = lambda d: jax.jvp(lambda r: self.log_prob(event, r), (readout,), (d,))
        value, score = jax.vmap(push, out_axes=(None, 0))(along)
        return value, score, [(jnp.ones_like(value), score)]
