"""What more transporters, or a blocker of them, do to tonic and phasic dopamine in the striatum.

Smooth surrogates, relative to normal, of the kinetic model with terminal autoreceptor,
Michaelis-Menten uptake and leak (parameters of dorsal striatum, Dreyer's toolbox; bursts of six
spikes at 20 Hz over 4 Hz, `jaxda.dopamine.kinetics.burst`). The area of a burst is what it adds
to tonic dopamine over time. Each is 1 where nothing is changed, with a finite slope everywhere.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float


# Slope and curvature of the logarithm by that of Vmax.
_AREA, _AREA_BEND = 1.229, 0.098
_TONIC, _TONIC_BEND = 0.913, -0.058
_BLOCKED_AREA, _BLOCKED_AREA_HALF = 0.1623, 0.451
_BLOCKED_TONIC, _BLOCKED_TONIC_MORE, _BLOCKED_TONIC_HALF = 0.460, 0.242, 2.76
# Without it the apparent Km, and all that follows, would be infinite at full occupancy.
_UNBLOCKED = 0.005


def burst_area(log_uptake: Float[Array, "..."]) -> Float[Array, "..."]:
    """Area of a burst where Vmax is exp(`log_uptake`) times normal; within 3 % from -1 to 1."""
    return jnp.exp(-log_uptake * (_AREA + _AREA_BEND * log_uptake))


def tonic_level(log_uptake: Float[Array, "..."]) -> Float[Array, "..."]:
    """Tonic dopamine where Vmax is exp(`log_uptake`) times normal; within 1 % from -1 to 1."""
    return jnp.exp(-log_uptake * (_TONIC + _TONIC_BEND * log_uptake))


def _lengthened(occupancy: Float[Array, "..."]) -> Float[Array, "..."]:
    """By how much the apparent Km is above Km, in units of Km."""
    return occupancy / (1 - occupancy + _UNBLOCKED)


def blocked_burst_area(occupancy: Float[Array, "..."]) -> Float[Array, "..."]:
    """Area of a burst with a blocker at `occupancy` of the transporters; within 1 % up to .9."""
    x = _lengthened(occupancy)
    return 1 + _BLOCKED_AREA * x * x / (x + _BLOCKED_AREA_HALF)


def blocked_tonic_level(occupancy: Float[Array, "..."]) -> Float[Array, "..."]:
    """Tonic dopamine with a blocker at `occupancy` of the transporters; within 1 % up to .9."""
    x = _lengthened(occupancy)
    more = _BLOCKED_TONIC_MORE * _BLOCKED_TONIC_HALF / (x + _BLOCKED_TONIC_HALF)
    return 1 + x * (_BLOCKED_TONIC + more)
