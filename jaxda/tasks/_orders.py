"""Orders of trials: types in blocks, each block shuffled by itself."""

from collections.abc import Sequence

import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray

from ..keys import fold_name


Design = Sequence[tuple[Sequence[int], int]]


def shuffled(key: PRNGKeyArray, design: Design, n_trials: int) -> Int[Array, " trials"]:
    """Types of trials: each phase is a block of types, shown so many times in orders of its own.

    Past the end of the design its last block goes on. The first trials do not depend on
    `n_trials`.
    """
    parts, left = [], n_trials
    for i, (block, times) in enumerate(design):
        if i == len(design) - 1:
            times = max(times, -(-left // len(block)))
        types = jnp.asarray(block, int)
        if len(set(block)) == 1:
            order = jnp.zeros((times, len(block)), int)
        else:
            # Places by the size of uniforms compile faster than a permutation does.
            u = jr.uniform(fold_name(key, f"phase {i}"), (times, len(block)))
            order = jnp.argsort(u, axis=1)
        parts.append(types[order].reshape(-1))
        left -= len(block) * times
    return jnp.concatenate(parts)[:n_trials]


def phase_of(design: Design, n_trials: int) -> np.ndarray:
    """Index of the phase of each trial."""
    ends = np.cumsum([len(block) * times for block, times in design])[:-1]
    return np.searchsorted(ends, np.arange(n_trials), side="right")


def length(design: Design) -> int:
    """Trials of the whole design."""
    return sum(len(block) * times for block, times in design)
