"""What a partial loss of nigral cells does to tonic and phasic dopamine in the striatum.

Release and uptake fall together, so the tonic level holds until few terminals are left while
the burst shrinks early. Both curves are one-parameter surrogates, f (1 + c) / (f + c) in the
surviving fraction f, of the kinetic model with terminal autoreceptor, Michaelis-Menten
uptake and leak (parameters of dorsal striatum, Dreyer's toolbox): smooth, 1 at f = 1, 0 at
f = 0, with a finite slope everywhere.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float


_BURST = 1.4
_TONIC = 0.048


def burst_gain(survivors: Float[Array, "..."]) -> Float[Array, "..."]:
    """Height of a six-spike burst over tonic, relative to intact; within 5 % for f >= .2."""
    return survivors * (1 + _BURST) / (survivors + _BURST)


def tonic_level(survivors: Float[Array, "..."]) -> Float[Array, "..."]:
    """Extracellular tonic dopamine relative to intact; within 3 % for f >= .1."""
    return survivors * (1 + _TONIC) / (survivors + _TONIC)


def shift_balance(rho: Float[Array, "..."], tone: Float[Array, "..."]) -> Float[Array, "..."]:
    """Go-NoGo balance after tonic dopamine changed by the factor `tone`.

    rho = tanh(ln C/C*), so a change of tone adds to atanh(rho) (on Collins & Frank 2014). In
    this form the slope is finite down to tone = 0, and changes compose by multiplying tones.
    """
    up, down = (1 + rho) * jnp.square(tone), 1 - rho
    return (up - down) / (up + down)
