"""Which action was taken."""

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
