"""Q-learning with a softmax policy (Watkins & Dayan 1992), one rate or two."""

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import POSITIVE, REAL, UNIT
from ..params import param
from ..priors import Beta, Gamma, LogNormal, Normal
from ..types import Env, Event, Offer, Policy, dot, offered, one_hot
from ._base import AbstractModel
from ._sequences import ahead


class _State(eqx.Module):
    q: Float[Array, "items *lanes"]
    # Actions per state of a decision process; 0 where trials end at once.
    n_actions: int = eqx.field(static=True)


class QLearning(AbstractModel[_State]):
    """Values of the items, learned from the chosen one.

    delta = sensitivity * r - Q(c);  Q(c) += alpha_pos * delta if delta > 0 else
    alpha_neg * delta;  P(a) = softmax(beta * Q). Items not chosen decay,
    Q(i) <- (1 - forget) * Q(i) + forget * rest, where rest is 0 or, with `forget_to` "initial",
    q0. In a decision process gamma * max_a Q(s', a) is added to the
    reward, 0 past the end. With one rate this is the Q-learning of Watkins & Dayan, on trials that
    end at once eq. 2.3 of Sutton & Barto (2018); two rates after Frank et al. (2007) and Niv et
    al. (2012). The broadcast error is signed, so a lesion that scales it leaves the choice of rate
    alone.

    `fictive` is for outcomes of +1 and -1 on trials that end at once: what was on offer and not
    taken is taught that it would have brought the opposite, Q(i) += fictive * (-r - Q(i))
    (Glascher, Hampton & O'Doherty 2009; `prl_fictitious` of hBayesDM). The r in it is read back
    from the signal that arrived, as delta + Q(c), so that a lesion bends this too. Give
    decay or the fictive update, not both: both move what was not taken.

    Adding a constant to all values changes no policy. Where q0 is 0 (and there is no other
    unit of value) only the product beta * sensitivity enters the policy: fix one of them.
    """

    tasks: ClassVar = ("choice", "go_nogo", "mdp")
    free: ClassVar = ("alpha_pos=alpha_neg", "beta")
    source: ClassVar = (
        "Watkins & Dayan 1992, Mach. Learn. 8:279; Niv et al. 2012, J. Neurosci. 32:551"
    )
    identifiability: ClassVar = (
        "In 200 trials of one bandit the standard deviation of logit alpha is about 0.4 and that "
        "of log beta 0.14; with two rates alpha_neg and beta trade off (r about -.7). A left-out "
        "perseveration passes for alpha_pos above alpha_neg: give the candidate the habit. With "
        "q0 = 0 only beta * sensitivity enters."
    )

    alpha_pos: Float[Array, ""] = param(
        UNIT, 0.3, prior=Beta(1.1, 1.1), role="learning_rate", doc="Rate for positive errors."
    )
    alpha_neg: Float[Array, ""] = param(
        UNIT, 0.3, prior=Beta(1.1, 1.1), role="learning_rate", doc="Rate for negative errors."
    )
    beta: Float[Array, ""] = param(
        POSITIVE, 3.0, prior=Gamma(1.2, 5.0), role="choice_gain", doc="Inverse temperature."
    )
    forget: Float[Array, ""] = param(
        UNIT, 0.0, prior=Beta(1.1, 1.1), doc="Decay of the items not chosen, per event."
    )
    fictive: Float[Array, ""] = param(
        UNIT, 0.0, prior=Beta(1.1, 1.1), doc="Rate toward -r for what was offered and not taken."
    )
    sensitivity: Float[Array, ""] = param(
        POSITIVE,
        1.0,
        prior=LogNormal(0.0, 0.5),
        role="reward_sensitivity",
        doc="Value per unit of reward.",
    )
    gamma: Float[Array, ""] = param(
        UNIT,
        0.95,
        prior=Beta(20.0, 1.0),
        role="discount",
        doc="Discount per event of a decision process.",
    )
    q0: Float[Array, ""] = param(REAL, 0.5, prior=Normal(0.5, 0.5), doc="Initial value.")
    forget_to: Literal["zero", "initial"] = eqx.field(static=True, default="zero")

    def __check_init__(self):
        if self.forget_to not in ("zero", "initial"):
            raise ValueError(f"forget_to is {self.forget_to!r}; it is 'zero' or 'initial'.")

    def init(self, env: Env) -> _State:
        n_actions = env.n_actions if env.sequential else 0
        return _State(q=jnp.full((env.n_items,), self.q0), n_actions=n_actions)

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(self.beta * offered(state.q, offer.options))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        target = self.sensitivity * event.reward
        if state.n_actions:
            best = jnp.max(ahead(state.q, state.n_actions, event), axis=0)
            target = target + self.gamma * best
        return (target - dot(event.chosen(state.q.shape[0]), state.q))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        n_items, delta = state.q.shape[0], dopamine[0]
        chosen = event.chosen(n_items)
        alpha = jnp.where(delta > 0, self.alpha_pos, self.alpha_neg)
        rest = self.q0 if self.forget_to == "initial" else 0.0
        lost = self.forget * (state.q - rest)
        if not state.n_actions:
            opposite = self.fictive * (delta + dot(chosen, state.q) + state.q)
            if event.options is not None:
                opposite = opposite * sum(one_hot(o, n_items) for o in event.options)
            lost = lost + opposite
        q = state.q + alpha * delta * chosen - (1 - chosen) * lost
        return _State(q=q, n_actions=state.n_actions)

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"q": offered(state.q, offer.options)}
