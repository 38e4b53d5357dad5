"""What a fit minimises: the negative log posterior of each unit's sessions.

A *unit* is whoever has parameters of their own (a subject, or a session). Its sessions start
from a fresh state and share its coordinates.
"""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ..devices import dealt, place
from ..params import Coordinates, Free, unpack
from ..rollout import Agent, log_probs, start
from ..types import Env, Event
from .penalties import AbstractPenalty, CataloguePrior


class Problem(eqx.Module):
    """A model, what is free in it, and the sessions it has to explain.

    `events` are `[events, sessions]`, `owner[s]` is the unit of session s, `values` natural
    values by path that are held fixed, one per session. With the catalogue's priors as
    `penalty` the estimate is the maximum a posteriori on the natural scale (no Jacobian), with
    a flat one that of the likelihood.
    """

    agent: Agent
    events: Event
    owner: Int[Array, " sessions"]
    values: dict[str, Float[Array, " sessions"]]
    env: Env
    frees: tuple[Free, ...] = eqx.field(static=True)
    n_units: int = eqx.field(static=True)
    penalty: AbstractPenalty = CataloguePrior()

    def log_probs(self, x: Float[Array, "units free"]) -> Float[Array, "events sessions"]:
        """Log-probability of every record, at coordinates of every unit."""
        values = self.natural({n: c[self.owner] for n, c in self.split(x).items()})
        return log_probs(self.agent, self.env, self.events, values)

    def natural(self, coords: Coordinates) -> dict[str, Float[Array, " sessions"]]:
        """Natural values by path in every session, at coordinates of its unit."""
        return self.values | unpack(self.frees, coords)

    def log_likelihood(self, x: Float[Array, "units free"]) -> Float[Array, " units"]:
        """Log-likelihood of every unit."""
        sessions = jnp.sum(self.log_probs(x), axis=0)
        return jax.ops.segment_sum(sessions, self.owner, num_segments=self.n_units)

    def loss(self, x: Float[Array, "units free"]) -> Float[Array, " units"]:
        """Negative log posterior of every unit, up to the evidence."""
        return self.penalty.value(self.frees, x) - self.log_likelihood(x)

    def split(self, x: Float[Array, "units free"]) -> Coordinates:
        """Columns of `x` by name."""
        return {f.name: x[:, i] for i, f in enumerate(self.frees)}

    def value_and_grad(
        self, x: Float[Array, "units free"]
    ) -> tuple[Float[Array, " units"], Float[Array, "units free"]]:
        """Loss and its gradient for every unit: units are independent, so one sweep serves all."""

        def total(x: Array) -> tuple[Array, Array]:
            each = self.loss(x)
            return jnp.sum(each), each

        grad, each = jax.grad(total, has_aux=True)(x)
        return each, grad

    def hessian(self, x: Float[Array, "units free"]) -> Float[Array, "units free free"]:
        """Second derivatives of the loss by the coordinates of each unit."""
        return self.curved(x)[2]

    def curved(
        self, x: Float[Array, "units free"]
    ) -> tuple[Float[Array, " units"], Float[Array, "units free"], Float[Array, "units free free"]]:
        """Loss, gradient and Hessian of every unit."""

        # One copy of the model in the program, which also compiles in a third of the time.
        def along(axis: Array) -> tuple[Array, Array, Array]:
            tangent = (jnp.broadcast_to(axis, x.shape),)
            (loss, grad), (_, slope) = jax.jvp(self.value_and_grad, (x,), tangent)
            return loss, grad, slope

        loss, grad, slopes = jax.lax.map(along, jnp.eye(len(self.frees), dtype=x.dtype))
        return loss[0], grad[0], jnp.moveaxis(slopes, 0, -1)

    def score(self, x: Float[Array, "units free"]) -> Float[Array, "events sessions free"]:
        """Derivative of every record's log-probability by its unit's coordinates."""
        # One after the other in one program: as many copies would compile as long.
        axes = jnp.eye(len(self.frees), dtype=x.dtype)
        push = lambda e: jax.jvp(self.log_probs, (x,), (jnp.broadcast_to(e, x.shape),))[1]
        return jnp.moveaxis(jax.lax.map(push, axes), 0, -1)

    def of_units(self, units: Int[Array, " some"] | np.ndarray) -> "Problem":
        """The same for some units, by their indices, in that order; one may come repeatedly.

        With sessions of all units of the same number, indices may be traced.
        """
        here = np.asarray(self.owner)
        count = np.bincount(here, minlength=self.n_units)
        most = int(count.max())
        rank = np.arange(len(here)) - np.repeat(np.cumsum(count) - count, count)
        table = np.zeros((self.n_units, most), int)
        order = np.argsort(here, kind="stable")
        table[here[order], rank] = order
        real = np.arange(most) < count[:, None]
        lanes = jnp.asarray(table)[units].reshape(-1)
        there = jnp.asarray(real)[units].reshape(-1)
        events, values = _of_lanes((self.events, self.values), lanes)
        events = eqx.tree_at(lambda e: e.valid, events, events.valid & there)
        return dataclasses.replace(
            self,
            events=events,
            owner=jnp.repeat(jnp.arange(len(units)), most),
            values=values,
            penalty=self.penalty.of_units(jnp.asarray(units)),
            n_units=len(units),
        )

    def shares(self) -> "Problem":
        """The same for the units that each device has, as `devices.on_lanes` takes it."""
        mine = dealt(self.n_units)
        if len(mine) == 1:
            return self
        stack = lambda *x: jnp.stack(x) if eqx.is_array(x[0]) else x[0]
        return place(jax.tree.map(stack, *map(self.of_units, mine)))

    def carried(self) -> int:
        """How many numbers a session carries from event to event."""
        state = jax.eval_shape(lambda: start(self.agent, self.env))
        return sum(x.size for x in jax.tree.leaves(state))

    def records(self) -> Int[Array, " units"]:
        """Number of recorded actions of each unit."""
        each = jnp.sum(self.events.valid & self.events.choice, axis=0)
        return jax.ops.segment_sum(each, self.owner, num_segments=self.n_units)


# One program: array by array the same takes a tenth of the time of a fit.
@jax.jit
def _of_lanes(tree: Any, lanes: Int[Array, " some"]) -> Any:
    """Those lanes of every array; one may come repeatedly."""
    return jax.tree.map(lambda x: jnp.take(x, lanes, axis=-1, mode="clip"), tree)
