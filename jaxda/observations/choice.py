"""Which action was taken."""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..types import Env, Event, Readout
from ._base import AbstractObservation


class Choice(AbstractObservation):
    """Categorical likelihood of the action under the policy's logits."""

    def applies(self, env: Env, readout: Readout) -> bool:
        return env.acts and env.n_actions > 1

    def present(self, event: Event) -> Bool[Array, "events lanes"]:
        return event.choice

    def log_prob(self, event: Event, readout: Readout) -> Float[Array, "events lanes"]:
        logits = readout.policy.logits
        places = jnp.arange(logits.shape[1], dtype=event.action.dtype)[None, :, None]
        taken = jnp.sum(jnp.where(event.action[:, None, :] == places, logits, 0.0), axis=1)
        return taken - jax.nn.logsumexp(logits, axis=1)

    def derivatives(
        self, event: Event, readout: Readout, along: Readout
    ) -> tuple[Array, Array, list[tuple[Array, Array]]]:
        # One action after the other: a reduction over so short an axis is slow.
        n_actions = readout.policy.logits.shape[1]
        logits = [readout.policy.logits[:, a] for a in range(n_actions)]
        moved = [along.policy.logits[:, :, a] for a in range(n_actions)]
        taken = [event.action == a for a in range(n_actions)]
        if n_actions == 2:
            ahead = logits[1] - logits[0]
            ahead = jnp.where(taken[1], ahead, -ahead)
            odds = jnp.exp(-jnp.abs(ahead))
            other = jnp.where(ahead > 0, odds, 1.0) / (1 + odds)
            apart = moved[1] - moved[0]
            score = jnp.where(taken[1], other, -other) * apart
            return (
                jnp.minimum(ahead, 0.0) - jnp.log1p(odds),
                score,
                [(other * (1 - other), apart)],
            )
        total = functools.reduce(jnp.logaddexp, logits)
        p = [jnp.exp(each - total) for each in logits]
        mean = functools.reduce(jnp.add, [each * m for each, m in zip(p, moved, strict=True)])
        value = _picked(taken, logits) - total
        score = _picked(taken, moved) - mean
        return value, score, [(each, m - mean) for each, m in zip(p, moved, strict=True)]


def _picked(taken: list[Array], values: list[Array]) -> Array:
    """Of values by action, that of the action taken."""
    parts = [jnp.where(t, x, 0.0) for t, x in zip(taken, values, strict=True)]
    return functools.reduce(jnp.add, parts)
