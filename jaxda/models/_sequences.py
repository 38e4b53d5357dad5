"""What models of decision processes share: the values that lie ahead."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..types import Event, pick


def ahead(
    q: Float[Array, "items *lanes"], n_actions: int, event: Event
) -> Float[Array, "actions *lanes"]:
    """Values of the actions in the state that `event` leads to; 0 past the end.

    Item `state * n_actions + a` is action a (`Env.sequential`).
    """
    there = pick(q.reshape(-1, n_actions, *q.shape[1:]), event.successor)
    return jnp.where(event.terminal, 0.0, there)
