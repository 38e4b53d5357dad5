"""Learning at a rate set by surprise and by what outcomes confirm (Kirschner et al. 2025)."""

from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import POSITIVE, REAL, UNIT
from ..params import param
from ..priors import Beta, Gamma, Normal
from ..types import Env, Event, Offer, Policy, lift, offered, one_hot
from ._base import AbstractModel


class _State(eqx.Module):
    q: Float[Array, "items *lanes"]
    associability: Float[Array, "items *lanes"]


class PearceHallConfirmation(AbstractModel[_State]):
    """Values of all items on offer, learned from an outcome and its opposite.

    An outcome is good, u = 1 (a reward above 0), or bad, u = -1. The item taken is taught u, the
    others on offer are taught -u: delta(i) = +-u - Q(i), one channel of dopamine per item. With
    x = drive + confirmation / 2 after a good outcome, which confirms the choice, and drive -
    confirmation / 2 after a bad one,

        rate(i) = sigmoid(x * A(i));  Q(i) += rate(i) * delta(i);
        A(i) <- eta * |delta(i)| + (1 - eta) * rate(i);
        P(a) = softmax(beta * (Q + bias * [a is not the first action])).

    Q starts at 0 and A at 1. Where A is small the rate is near one half whatever the drive,
    and with eta = 0 the rate alone decides how fast the next outcome is learned.

    In the source one symbol is gambled on (action 1) or avoided (action 0), and the outcome of
    the gamble is shown either way: `shows` "gamble" reads rewards so, "choice" as what the
    action brought. The two items then mirror each other, and the value of a symbol there is
    that of its gamble here; its inverse temperature is 2 * beta, its bias toward playing is
    bias / 2, and its regressor, z-scored over the trials of a session with mean m and standard
    deviation s, has an intercept of drive + confirmation * (m - 1 / 2) and a weight of
    confirmation * s.
    """

    tasks: ClassVar = ("choice",)
    free: ClassVar = ("drive", "confirmation", "eta", "beta", "bias")
    source: ClassVar = "Kirschner et al. 2025, eLife 13:RP101413"
    identifiability: ClassVar = (
        "drive and confirmation tell apart where there are outcomes of both kinds; eta shows "
        "only where surprises change."
    )

    drive: Float[Array, ""] = param(
        REAL, -1.5, prior=Normal(-1.0, 3.0), role="learning_rate", doc="Logit of the first rate."
    )
    confirmation: Float[Array, ""] = param(
        REAL, 5.0, prior=Normal(0.0, 5.0), doc="What a confirming outcome adds to the drive."
    )
    eta: Float[Array, ""] = param(
        UNIT, 0.2, prior=Beta(2.0, 5.0), doc="Rate at which A follows surprise."
    )
    beta: Float[Array, ""] = param(
        POSITIVE, 1.5, prior=Gamma(3.0, 0.5), role="choice_gain", doc="Inverse temperature."
    )
    bias: Float[Array, ""] = param(
        REAL, 0.0, prior=Normal(0.0, 1.0), doc="Bonus of all but the first action, as a value."
    )
    shows: Literal["choice", "gamble"] = eqx.field(static=True, default="choice")

    def __check_init__(self):
        if self.shows not in ("choice", "gamble"):
            raise ValueError(f"shows is {self.shows!r}; it is 'choice' or 'gamble'.")

    def init(self, env: Env) -> _State:
        each = jnp.ones((env.n_items,))
        return _State(q=0 * each, associability=each)

    def policy(self, state: _State, offer: Offer) -> Policy:
        q = offered(state.q, offer.options)
        later = (jnp.arange(q.shape[0]) > 0).astype(float)
        return Policy(self.beta * (q + self.bias * lift(later, q)))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        n = state.q.shape[0]
        taught = self._outcome(event) * (2 * event.chosen(n) - 1)
        return (taught - state.q) * _on_offer(event, n)

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        a = state.associability
        rate = jax.nn.sigmoid((self.drive + 0.5 * self.confirmation * self._outcome(event)) * a)
        followed = self.eta * jnp.abs(dopamine) + (1 - self.eta) * rate
        return _State(
            q=state.q + rate * dopamine,
            associability=a + (followed - a) * _on_offer(event, a.shape[0]),
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {
            "q": offered(state.q, offer.options),
            "associability": offered(state.associability, offer.options),
        }

    def _outcome(self, event: Event) -> Float[Array, "*lanes"]:
        """1 where the outcome was good for what was done, -1 where it was not."""
        outcome = jnp.where(event.reward > 0, 1.0, -1.0)
        if self.shows == "gamble":
            outcome = outcome * jnp.where(event.action > 0, 1.0, -1.0)
        return outcome


def _on_offer(event: Event, n_items: int) -> Float[Array, "items *#lanes"]:
    """1 for the items that the event offered, 0 for the others."""
    if event.options is None:
        return lift(jnp.ones(n_items), event.chosen(n_items))
    return sum((one_hot(option, n_items) for option in event.options), jnp.zeros(()))
