"""What the baselines of one line of states share: the loop of a textbook."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ..types import Env, Event, Offer, Policy, one_hot, pick
from ._base import AbstractModel
from ._td import nothing_to_choose, td_error


class NoteState(eqx.Module):
    """One value per index of the array."""

    value: Float[Array, "cues *lanes"]


class AbstractNoteLine(AbstractModel[NoteState]):
    """`rpe = r[t] + gamma * V[t+1] - V[t]; V[t] += alpha * rpe` for all t but the last index."""

    alpha: eqx.AbstractVar[Float[Array, ""]]
    gamma: eqx.AbstractVar[Float[Array, ""]]
    padded: eqx.AbstractVar[bool]

    def init(self, env: Env) -> NoteState:
        return NoteState(jnp.zeros((env.n_cues,)))

    def policy(self, state: NoteState, offer: Offer) -> Policy:
        return nothing_to_choose(offer)

    def _met(self, state: NoteState, cue: Int[Array, "*lanes"]) -> Bool[Array, "*lanes"]:
        """Whether the loop comes to this index."""
        return jnp.asarray(self.padded) | (cue < state.value.shape[0] - 1)

    def rpe(self, state: NoteState, event: Event) -> Float[Array, "channels *lanes"]:
        error = td_error(state.value, event, self.gamma)
        return jnp.where(self._met(state, event.cue), error, 0.0)[None]

    def update(
        self, state: NoteState, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> NoteState:
        here = one_hot(event.cue, state.value.shape[0])
        rate = jnp.where(self._met(state, event.cue), self.alpha, 0.0)
        return NoteState(state.value + rate * dopamine[0] * here)

    def latents(self, state: NoteState, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"value": pick(state.value, offer.cue)}
