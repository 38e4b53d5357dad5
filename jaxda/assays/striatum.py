"""Tonic dopamine, one burst and one pause in a region of the striatum."""

from typing import ClassVar

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Key

from ..dopamine.kinetics import burst, pause, steady_state
from ._base import AbstractAssay, Outcomes
from ._striatum import TONIC, checked, striata


# Times after the burst: the half-life and the area are exact to .5 %.
_POINTS = 400


class Striatum(AbstractAssay):
    """Firing at 4 Hz; then six spikes at 20 Hz, or none for .3 s.

    `region` is a preset of kinetics and `leak` "measured" or "calibrated"; `survivors` the share
    of terminals that is left; `uptake` and `release` factors on Vmax and on release per spike;
    `precursor` the filling of vesicles (3 under L-DOPA); `occupancy` of the transporter by a
    competitive blocker; `efflux` through it as a share of Vmax (amphetamine). During the burst
    the autoreceptor stays as it was. Vmax, release and Km differ between individuals:
    log-normal, with `variation` as the standard deviation of the logarithm, a choice of jaxda.

    Raises:
        ValueError: if a setting is out of its domain.
    """

    title: ClassVar = "Tonic dopamine, a burst and a pause in striatum"
    outcomes: ClassVar = {
        "tonic": "tonic dopamine, nM",
        "burst": "rise of dopamine in a burst over tonic, nM",
        "burst_half_life": "half-life of the burst from its peak, s",
        "burst_area": "area of the burst over tonic, nM s",
        "pause_left": "dopamine left after .3 s without spikes, share of tonic",
        "contrast": "rise in a burst over tonic dopamine, ratio",
    }
    species: ClassVar = "rodent"
    source: ClassVar = "Dreyer's dopamine simulation toolbox; Ejdrup et al. (public code)"

    region: str = eqx.field(static=True, default="ds")
    leak: str = eqx.field(static=True, default="measured")
    survivors: float = eqx.field(static=True, default=1.0)
    uptake: float = eqx.field(static=True, default=1.0)
    release: float = eqx.field(static=True, default=1.0)
    precursor: float = eqx.field(static=True, default=1.0)
    occupancy: float = eqx.field(static=True, default=0.0)
    efflux: float = eqx.field(static=True, default=0.0)
    variation: float = eqx.field(static=True, default=0.1)

    def __check_init__(self) -> None:
        checked(self)

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        kinetics = striata(keys, self)
        tonic = steady_state(kinetics, TONIC)
        seen = burst(kinetics, tonic=TONIC, points=_POINTS)
        found = {
            "tonic": tonic,
            "burst": seen.rise,
            "burst_half_life": seen.half_life,
            "burst_area": seen.area,
            "pause_left": pause(kinetics, tonic=TONIC),
            "contrast": seen.rise / tonic,
        }
        return jax.tree.map(np.asarray, found)
