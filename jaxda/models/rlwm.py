"""Reinforcement learning beside a working memory of limited capacity (Collins & Frank 2012)."""

from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..bijectors import POSITIVE, REAL, UNIT
from ..params import param
from ..priors import Beta, Gamma, LogNormal, Normal
from ..types import Env, Event, Offer, Policy, dot, one_hot
from ._base import AbstractModel


class _State(eqx.Module):
    memory: Float[Array, "items *lanes"]
    q: Float[Array, "items *lanes"]
    last: Float[Array, "actions *lanes"]


class RLWM(AbstractModel[_State]):
    """A slow learner and a fast, leaky memory of what each stimulus asked for.

    With n stimuli in the block (`context`) and A actions,

        w = rho_wm * min(1, capacity / n);  P = w * P_W + (1 - w) * P_Q;
        P_X = (1 - epsilon) * softmax(beta * (X(s, .) + omega * [. is the last action]))
        + epsilon / A;
        every trial, all entries: W += phi * (1 / A - W);  then for what was done
        W(s, a) += eta_W * (r - W(s, a));  Q(s, a) += alpha * eta_Q * (u - Q(s, a)),

    eta = 1 after a reward; without, eta_W = b_wm, eta_Q = b_rl and u = r0 (0: learns that it was
    wrong; 1: a habit learner that counts actions). All start at 1 / A, and the state starts anew
    with each block (`fresh`). With `interaction` "cooperative" the learner's error is taken
    from w * W + (1 - w) * Q instead of Q: what memory holds is no surprise.

    The broadcast is the learner's error. Memory stores the outcome itself and needs no
    dopamine, so a lesion of the broadcast reaches Q alone; what prefrontal dopamine does is in
    rho_wm, capacity and phi. Capacity is a number and not an integer; where it exceeds the
    largest n it has no effect, and where it is below the smallest only rho_wm * capacity has.
    The authors hold beta at 25. Stickiness omega, r0, one neglect b per learner and the
    cooperative error are those of the code that A. Collins published in 2024.
    """

    tasks: ClassVar = ("set_size",)
    free: ClassVar = ("alpha", "rho_wm", "capacity", "phi", "epsilon", "b_wm=b_rl")
    source: ClassVar = (
        "Collins & Frank 2012, Eur. J. Neurosci. 35:1024; Collins et al. 2014, J. Neurosci. "
        "34:13747"
    )
    identifiability: ClassVar = (
        "capacity, rho_wm, phi and the neglect b trade off: all lower what memory gives in large "
        "sets. Which of them differs between groups depends on the variant that is fitted."
    )

    alpha: Float[Array, ""] = param(
        UNIT, 0.05, prior=Beta(1.1, 5.0), role="learning_rate", doc="Rate of the slow learner."
    )
    beta: Float[Array, ""] = param(
        POSITIVE, 25.0, prior=Gamma(25.0, 1.0), role="choice_gain", doc="Inverse temperature."
    )
    rho_wm: Float[Array, ""] = param(
        UNIT, 0.9, prior=Beta(3.0, 1.1), role="wm_weight", doc="Weight of memory within capacity."
    )
    capacity: Float[Array, ""] = param(
        POSITIVE,
        3.0,
        prior=LogNormal(1.1, 0.3),
        role="wm_capacity",
        doc="Stimuli that memory holds, K.",
    )
    phi: Float[Array, ""] = param(
        UNIT, 0.2, prior=Beta(1.1, 3.0), role="wm_decay", doc="Decay of memory, per trial."
    )
    epsilon: Float[Array, ""] = param(
        UNIT, 0.02, prior=Beta(1.0, 10.0), role="lapse", doc="Share of choices made at random."
    )
    omega: Float[Array, ""] = param(
        REAL, 0.0, prior=Normal(0.0, 0.1), role="perseveration", doc="Bonus of the last action."
    )
    b_wm: Float[Array, ""] = param(
        UNIT, 0.3, prior=Beta(1.1, 1.1), doc="What memory takes in of an error, of 1."
    )
    b_rl: Float[Array, ""] = param(
        UNIT, 0.3, prior=Beta(1.1, 1.1), doc="Rate after an error over the rate after a reward."
    )
    r0: Float[Array, ""] = param(
        UNIT, 0.0, prior=Beta(1.0, 10.0), doc="What an error is worth to the slow learner."
    )
    interaction: Literal["none", "cooperative"] = eqx.field(static=True, default="none")

    def __check_init__(self):
        if self.interaction not in ("none", "cooperative"):
            raise ValueError(f"interaction is {self.interaction!r}; it is 'none' or 'cooperative'.")

    def init(self, env: Env) -> _State:
        start = jnp.full((env.n_items,), 1 / env.n_actions)
        return _State(memory=start, q=start, last=jnp.zeros((env.n_actions,)))

    def policy(self, state: _State, offer: Offer) -> Policy:
        stay = self.omega * state.last
        n, w = stay.shape[0], self._weight(offer.context)
        share = lambda items, weight: _softmax(
            self.beta * (_shown(items, offer.cue, n) + stay), (1 - self.epsilon) * weight
        )
        p = share(state.memory, w) + share(state.q, 1 - w) + self.epsilon / n
        return Policy(jnp.log(p + jnp.finfo(p.dtype).tiny))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        n = state.last.shape[0]
        done = one_hot(event.action, n)
        expected = dot(done, _shown(state.q, event.cue, n))
        if self.interaction == "cooperative":
            w = self._weight(event.context)
            kept = self._faded(dot(done, _shown(state.memory, event.cue, n)), n)
            expected = w * kept + (1 - w) * expected
        return (jnp.where(event.reward > 0, event.reward, self.r0) - expected)[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        n, right = state.last.shape[0], event.reward > 0
        item = one_hot(n * event.cue + event.action, state.q.shape[0])
        step = self.alpha * jnp.where(right, 1.0, self.b_rl) * dopamine[0]
        stored = jnp.where(right, 1.0, self.b_wm)
        faded = self._faded(state.memory, n)
        return _State(
            memory=faded + item * stored * (event.reward - faded),
            q=state.q + item * step,
            last=one_hot(event.action, n),
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        n = state.last.shape[0]
        return {
            "q": _shown(state.q, offer.cue, n),
            "memory": _shown(state.memory, offer.cue, n),
            "memory_weight": self._weight(offer.context),
        }

    def _weight(self, context: Int[Array, "*lanes"] | None) -> Float[Array, "*lanes"]:
        assert context is not None, "the number of stimuli in the block comes with the offer"
        n = jnp.maximum(context.astype(float), 1.0)
        return self.rho_wm * jnp.minimum(1.0, self.capacity / n)

    def _faded(self, memory: Float[Array, "..."], n_actions: int) -> Float[Array, "..."]:
        return memory + self.phi * (1 / n_actions - memory)


def _shown(
    items: Float[Array, "items *lanes"], cue: Int[Array, "*lanes"], n_actions: int
) -> Float[Array, "actions *lanes"]:
    """What is held of each action for the stimulus that is shown."""
    here = one_hot(cue, items.shape[0] // n_actions)
    # By slices: a sum over a long axis would not stay elementwise over lanes.
    return jnp.stack([dot(here, items[a::n_actions]) for a in range(n_actions)])


def _softmax(
    x: Float[Array, "actions *lanes"], total: Float[Array, "*lanes"]
) -> Float[Array, "actions *lanes"]:
    """Softmax times `total`; spelt out, it stays elementwise over lanes and divides once."""
    e = jnp.exp(x - jax.lax.stop_gradient(jnp.max(x, axis=0)))
    return e * (total / jnp.sum(e, axis=0))
