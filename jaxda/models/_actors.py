"""Opponent actors, Go (D1) and NoGo (D2), in the two forms that OpAL and its controls use."""

from typing import Literal

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..types import offered


# Hebbian weights grow in proportion to themselves, additive ones do not.
Actors = Literal["hebbian", "additive"]


def check_actors(actors: str) -> None:
    """Refuse an unknown form of the actors.

    Raises:
        ValueError: if `actors` is neither.
    """
    if actors not in ("hebbian", "additive"):
        raise ValueError(f"actors is {actors!r}; it is 'hebbian' or 'additive'.")


def first_weights(n_items: int, actors: Actors) -> Float[Array, " items"]:
    """Weights of 1, as they are stored: Hebbian ones by their logarithms."""
    return jnp.zeros((n_items,)) if actors == "hebbian" else jnp.ones((n_items,))


def weights(
    stored: Float[Array, "items *lanes"],
    options: Int[Array, "actions *lanes"] | None,
    actors: Actors,
) -> Float[Array, "actions *lanes"]:
    """Weights of what each action would take."""
    shown = offered(stored, options)
    return jnp.exp(shown) if actors == "hebbian" else shown


def taught(
    stored: Float[Array, "items *lanes"],
    chosen: Float[Array, "items *lanes"],
    change: Float[Array, "*lanes"],
    actors: Actors,
) -> Float[Array, "items *lanes"]:
    """Stored weights after the chosen one, w, became w (1 + change), or w + change.

    The Hebbian factor is floored at 1e-6, so that a weight never changes its sign.
    """
    if actors == "hebbian":
        change = jnp.log(jnp.maximum(1 + change, 1e-6))
    return stored + chosen * change
