"""What the models of a line of states have in common."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..types import Event, Offer, Policy, pick


def td_error(
    value: Float[Array, "cues *lanes"],
    event: Event,
    discount: Float[Array, "*#lanes"],
) -> Float[Array, "*lanes"]:
    """r + discount V(s') - V(s), with V(s') = 0 past the end of a trial."""
    ahead = jnp.where(event.terminal, 0.0, pick(value, event.successor))
    return event.reward + discount * ahead - pick(value, event.cue)


def nothing_to_choose(offer: Offer) -> Policy:
    """The policy of a model that only watches."""
    return Policy(jnp.zeros((1, *offer.cue.shape)))


def check_interval(iti: str) -> None:
    """Refuse an unknown treatment of the interval between trials.

    Raises:
        ValueError: if it is neither "pinned" nor "learned".
    """
    if iti not in ("pinned", "learned"):
        raise ValueError(f"iti is {iti!r}; it is 'pinned' or 'learned'.")


def after_interval(values: Float[Array, "cues *lanes"]) -> Float[Array, "cues *lanes"]:
    """`values` with 0 for the interval, state 0."""
    # Setting an element would be a scatter, many times dearer.
    later = jnp.arange(values.shape[0]) > 0
    return jnp.where(later.reshape(-1, *(1,) * (values.ndim - 1)), values, 0.0)
