"""What populations of dopamine channels have in common."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from ..types import Env, Event, Offer, Policy, lift
from ._base import AbstractModel


# Utility of this reward is half of the most there can be: Hill function, exponent 1/2.
_HALF, _POWER = 5.0, 0.5


class _State(eqx.Module):
    value: Float[Array, "cues channels *lanes"]


class AbstractPopulation(AbstractModel[_State]):
    """Channels that differ in how much they learn from good and from bad surprises.

    delta_i = u(r) + gamma V_i(s') - V_i(s);  V_i(s) += alpha_i f(delta_i), with alpha_i the
    channel's own rate for the sign of delta_i. Concrete populations differ in f.
    """

    rate: eqx.AbstractVar[Float[Array, ""]]
    gamma: eqx.AbstractVar[Float[Array, ""]]
    v0: eqx.AbstractVar[Float[Array, ""]]
    channels: eqx.AbstractVar[int]
    asymmetry: eqx.AbstractVar[str]
    taus: eqx.AbstractVar[tuple[float, ...]]
    seed: eqx.AbstractVar[int]
    utility: eqx.AbstractVar[str]

    def __check_init__(self):
        if self.asymmetry not in ("grid", "drawn"):
            raise ValueError(f"asymmetry is {self.asymmetry!r}; it is 'grid' or 'drawn'.")
        if self.utility not in ("linear", "hill", "log1p"):
            raise ValueError(f"utility is {self.utility!r}; it is 'linear', 'hill' or 'log1p'.")
        if (
            isinstance(self.channels, bool)
            or self.channels != int(self.channels)
            or self.channels < 1
        ):
            raise ValueError(f"channels is {self.channels!r}; it is a whole number of at least 1.")
        if self.taus and self.asymmetry == "drawn":
            raise ValueError("taus are given, and asymmetry is 'drawn'; leave out one of the two.")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}; it is a whole number, 0 or more.")
        for tau in self.taus:
            if not 0 < tau < 1:
                raise ValueError(f"one of taus is {tau}; each lies between 0 and 1.")

    @abc.abstractmethod
    def _drive(self, delta: Float[Array, "channels *lanes"]) -> Float[Array, "channels *lanes"]:
        """What a channel makes of the error that it receives."""

    def optimism(self) -> Float[Array, " channels"]:
        """Asymmetry tau of each channel: the share of its rates that good surprises have."""
        up, down = self._rates()
        return jnp.asarray(up / (up + down), dtype=float)

    def _rates(self) -> tuple[np.ndarray, np.ndarray]:
        """Rates for positive and negative errors `[channels]`, in units of `rate`."""
        if self.asymmetry == "drawn":
            up, down = np.random.default_rng(self.seed).uniform(size=(2, self.channels))
            return up, down
        even = (np.arange(self.channels) + 0.5) / self.channels
        tau = np.asarray(self.taus) if self.taus else even
        return tau, 1 - tau

    def _worth(self, reward: Float[Array, "*lanes"]) -> Float[Array, "*lanes"]:
        """Utility of a reward; a loss is a reward of the other sign."""
        if self.utility == "linear":
            return reward
        size = jnp.abs(reward)
        if self.utility == "log1p":
            return jnp.sign(reward) * jnp.log1p(size)
        return jnp.sign(reward) * size**_POWER / (size**_POWER + _HALF**_POWER)

    def init(self, env: Env) -> _State:
        return _State(value=jnp.full((env.n_cues, len(self._rates()[0])), self.v0))

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(jnp.zeros((1, *offer.cue.shape)))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        ahead = jnp.where(event.terminal, 0.0, _at(event.successor, state.value))
        gain = self._worth(event.reward) + self.gamma * ahead
        return gain - _at(event.cue, state.value)

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        rates = (self.rate * jnp.asarray(a, dtype=float) for a in self._rates())
        up, down = (lift(a, dopamine) for a in rates)
        step = jnp.where(dopamine > 0, up, down) * self._drive(dopamine)
        # The interval before an unpredictable cue (state 0) has no value of its own; a trial
        # of a single event is no interval.
        waits = (event.cue == 0) & ~(event.onset & event.terminal)
        step = jnp.where(waits, 0.0, step)
        here = _is(event.cue, state.value)
        return _State(value=jnp.where(here, state.value + step[None], state.value))

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"value": _at(offer.cue, state.value)}


# A population is too wide for the one-hots of `jaxda.types`: over lanes, masks that are compared
# in the shape of the values are several times as fast.
def _is(
    cue: Int[Array, "*lanes"], value: Float[Array, "cues channels *lanes"]
) -> Bool[Array, "cues channels *lanes"]:
    """Where in `value` the cue is."""
    cues = jax.lax.broadcasted_iota(cue.dtype, value.shape, 0)
    return cues == jnp.broadcast_to(cue, value.shape)


def _at(
    cue: Int[Array, "*lanes"], value: Float[Array, "cues channels *lanes"]
) -> Float[Array, "channels *lanes"]:
    """`value[cue]`."""
    here = value[0]
    for k in range(1, value.shape[0]):
        here = jnp.where(cue == k, value[k], here)
    return here
