"""Bursts and pauses over tonic firing, as dopamine and as the drive of both pathways."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from ..dopamine.kinetics import contrast, rhythm, simulate
from ..dopamine.receptors import blocked_kd
from ..dopamine.transfer import Transfer
from ._base import AbstractAssay, Outcomes
from ._settings import number
from ._striatum import checked, striata


# After two cycles of 6 s the third is within .3 % of the mean over two minutes.
_CYCLES, _CYCLE, _STEP = 3, 6.0, 0.01


class StriatalRhythm(AbstractAssay):
    """In every 6 s of 4 Hz a burst of .25 s (20 Hz) and a pause of .5 s.

    Settings as in `striatum`; `d1_blocked` and `d2_blocked` are the shares of the receptors that
    an antagonist occupies (without dopamine), D2 also those on the terminals, which release
    more then. Drive is that of adenylate cyclase in cells of the direct (D1) and of the
    indirect pathway (D2), the mean over a cycle.

    Raises:
        ValueError: if a setting is out of its domain.
    """

    title: ClassVar = "Bursts and pauses in striatum, and the drive of both pathways"
    outcomes: ClassVar = {
        "tonic": "tonic dopamine (median of a cycle), nM",
        "peak": "peak of dopamine (99.9th percentile), nM",
        "low": "lowest dopamine in a cycle, nM",
        "contrast": "peak over tonic dopamine, ratio",
        "d1_drive": "mean drive of D1 cells, 1/s",
        "d2_drive": "mean drive of D2 cells, 1/s",
    }
    species: ClassVar = "rodent"
    source: ClassVar = (
        "Dreyer's dopamine simulation toolbox (public code), after Yapo et al. 2017, J. Physiol. "
        "595:7451"
    )

    region: str = eqx.field(static=True, default="ds")
    leak: str = eqx.field(static=True, default="calibrated")
    survivors: float = eqx.field(static=True, default=1.0)
    uptake: float = eqx.field(static=True, default=1.0)
    release: float = eqx.field(static=True, default=1.0)
    precursor: float = eqx.field(static=True, default=1.0)
    occupancy: float = eqx.field(static=True, default=0.0)
    efflux: float = eqx.field(static=True, default=0.0)
    d1_blocked: float = eqx.field(static=True, default=0.0)
    d2_blocked: float = eqx.field(static=True, default=0.0)
    variation: float = eqx.field(static=True, default=0.1)

    def __check_init__(self) -> None:
        checked(self)
        for name in ("d1_blocked", "d2_blocked"):
            number(self, name, 0, 1, "[)")

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        kinetics = striata(keys, self)
        kinetics = kinetics.replace(ec50=blocked_kd(kinetics.ec50, self.d2_blocked))
        first, last = ((_CYCLES - n) * round(_CYCLE / _STEP) for n in (1, 0))
        times = np.arange(first, last) * _STEP
        course = simulate(kinetics, rhythm(repeat=_CYCLES), times).dopamine
        found = _read(course, np.asarray(self.d1_blocked), np.asarray(self.d2_blocked))
        return jax.tree.map(np.asarray, found)


@jax.jit
def _read(course: Array, blocked_1: Array, blocked_2: Array) -> dict[str, Array]:
    seen = contrast(course)
    # A narrow bend at the thresholds, as the published drive has none.
    drive = Transfer(width=jnp.asarray(0.01))(course, blocked_1, blocked_2)
    return {
        "tonic": seen.tonic,
        "peak": seen.peak,
        "low": seen.low,
        "contrast": seen.peak / seen.tonic,
        "d1_drive": drive.d1.mean(axis=-1),
        "d2_drive": drive.d2.mean(axis=-1),
    }
