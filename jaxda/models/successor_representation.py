"""Sensory prediction errors that learn a successor representation (Gardner et al. 2018)."""

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import REAL, UNIT
from ..params import param
from ..priors import Beta, Normal
from ..types import Env, Event, Offer, Policy, dot, encoded
from ._base import AbstractModel


class _State(eqx.Module):
    future: Float[Array, "features features *lanes"]
    worth: Float[Array, "features *lanes"]
    table: tuple[tuple[float, ...], ...] = eqx.field(static=True)


class SuccessorRepresentation(AbstractModel[_State]):
    """Dopamine as a vector: how wrong was each expected feature, and how wrong the reward.

    M_ij is how much of feature j is to come after feature i, discounted; u_j is what j is
    worth; V = x . M u. The channels are an error for every feature and one of reward,
    delta_M = x + gamma x' M - x M (x' = 0 past the end of a trial), delta_u = r - x . u;
    M += alpha_m x (outer) delta_M, u += alpha_u x delta_u. Where features are one-hot the
    scalar error is a projection of the vector, r + gamma V' - V = u . delta_M + delta_u.

    With `rectification` "quarter" negative parts of every error are divided by 4, as cells
    that cannot fall far below their baseline would have it; "none" leaves them. M starts at 0,
    u too, but at `u0` for the features listed in `primary`, numbers from 0, such as that of
    food. Where the task says that light is on (`context` 1) phasic stimulation adds
    `opto_gain` x to delta_M, before rectification: present features seem to have come as a
    surprise. There is no eligibility trace. Rewards that change are known at once, paths that
    change only where they are walked.
    """

    tasks: ClassVar = ("sequence",)
    free: ClassVar = ("alpha_m", "alpha_u")
    source: ClassVar = (
        "Gardner, Schoenbaum & Gershman 2018, Proc. R. Soc. B 285:20181645; Dayan 1993, Neural "
        "Comput. 5:613"
    )

    alpha_m: Float[Array, ""] = param(
        UNIT,
        0.06,
        prior=Beta(1.1, 1.1),
        role="learning_rate",
        doc="Learning rate of what comes after what.",
    )
    alpha_u: Float[Array, ""] = param(
        UNIT,
        0.03,
        prior=Beta(1.1, 1.1),
        role="learning_rate",
        doc="Learning rate of what features are worth.",
    )
    gamma: Float[Array, ""] = param(
        UNIT, 0.95, prior=Beta(20.0, 1.0), role="discount", doc="Discount per event."
    )
    u0: Float[Array, ""] = param(
        REAL, 0.5, prior=Normal(0.5, 0.5), doc="Initial worth of primary features."
    )
    opto_gain: Float[Array, ""] = param(
        REAL,
        1.0,
        prior=Normal(0.0, 1.0),
        role="stimulation",
        doc="Error that light adds to each feature that is there.",
    )
    rectification: Literal["none", "quarter"] = eqx.field(static=True, default="none")
    primary: tuple[int, ...] = eqx.field(static=True, default=(), converter=tuple)

    def __check_init__(self):
        if self.rectification not in ("none", "quarter"):
            raise ValueError(f"rectification is {self.rectification!r}; it is 'none' or 'quarter'.")
        if any(not isinstance(i, int) or i < 0 for i in self.primary):
            raise ValueError(f"primary is {self.primary}; it lists features by number, from 0.")

    def init(self, env: Env) -> _State:
        table = env.feature_table
        n = len(table[0])
        if self.primary and max(self.primary) >= n:
            raise ValueError(f"primary is {self.primary}; the task has features 0 to {n - 1}.")
        known = jnp.asarray([float(i in self.primary) for i in range(n)], dtype=float)
        return _State(future=jnp.zeros((n, n)), worth=self.u0 * known, table=table)

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(jnp.zeros((1, *offer.cue.shape)))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        x = encoded(state.table, event.cue)
        ahead = jnp.where(event.terminal, 0.0, encoded(state.table, event.successor))
        sensory = x + self._expected(state, self.gamma * ahead - x)
        if event.context is not None:
            sensory = sensory + self.opto_gain * (event.context == 1).astype(float) * x
        error = jnp.concatenate([sensory, (event.reward - dot(state.worth, x))[None]])
        return jnp.where(error < 0, error / 4, error) if self.rectification == "quarter" else error

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        x = encoded(state.table, event.cue)
        return _State(
            future=state.future + self.alpha_m * x[:, None] * dopamine[None, :-1],
            worth=state.worth + self.alpha_u * x * dopamine[-1],
            table=state.table,
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        expected = self._expected(state, encoded(state.table, offer.cue))
        return {"value": dot(expected, state.worth), "expected": expected, "worth": state.worth}

    def _expected(
        self, state: _State, x: Float[Array, "features *lanes"]
    ) -> Float[Array, "features *lanes"]:
        """`x M`: what is to come, feature by feature, the present included."""
        return dot(x[:, None], state.future)
