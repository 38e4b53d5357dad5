"""Which stimuli come on when a state is entered."""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from ..types import Env


def stimuli(env: Env) -> tuple[int, ...]:
    """`Env.stimuli`; a line of states that names none has one, which is on in state 1."""
    return env.stimuli or tuple(0 if cue == 1 else -1 for cue in range(env.n_cues))


def comes_on(table: tuple[int, ...], cue: Int[Array, "*lanes"]) -> Bool[Array, "stimuli *lanes"]:
    """Which stimuli of a static `table` come on when `cue` is entered."""
    on = [
        sum((cue == state for state, s in enumerate(table) if s == i), jnp.zeros_like(cue, bool))
        for i in range(max(table) + 1)
    ]
    return jnp.stack(on)
