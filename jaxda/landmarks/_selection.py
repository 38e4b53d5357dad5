"""Choosing A and avoiding B in the test of probabilistic selection."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from ._play import play, task


def choose_avoid(
    who: Any, groups: Sequence[dict[str, float]], *, name: str, n_agents: int
) -> np.ndarray:
    """Probabilities `[groups, 2]` of choosing A and of avoiding B in pairs never trained.

    Each group of `n_agents` has parameters of its own, by path. Training has 360 trials with
    independent feedback; probabilities rather than choices, for less noise.
    """
    what = task("pst", feedback="bernoulli", repeats=1, criterion=())
    values = {p: jnp.repeat(jnp.asarray([g[p] for g in groups]), n_agents) for p in groups[0]}
    keep = lambda event, readout: (
        event.options.astype(jnp.int8),
        (readout.policy.logits[1] - readout.policy.logits[0]).astype(jnp.float32),
    )
    options, gap = play(
        who, what, what.n_events, keep, name=name, n_agents=len(groups) * n_agents, values=values
    )
    options, gap = options[what.n_training :], gap[what.n_training :].astype(float)
    each = (slice(g * n_agents, (g + 1) * n_agents) for g in range(len(groups)))
    return np.array([at_test(options[..., at], gap[..., at]) for at in each])


def at_test(options: np.ndarray, gap: np.ndarray) -> tuple[float, float]:
    """Probability of choosing A, and of avoiding B, in pairs never trained.

    `options [trials, 2, agents]` of a test phase, and `gap`, the logit of the second over the
    first.
    """
    second = 1 / (1 + np.exp(-gap))
    taken = np.stack([1 - second, second], axis=1)
    low, high = options.min(axis=1), options.max(axis=1)
    mean = []
    for item in (0, 1):
        tested = (low == item) & (high > 1)
        mean.append(np.where(options == item, taken, 0.0).sum(axis=1)[tested].mean())
    return float(mean[0]), float(1 - mean[1])
