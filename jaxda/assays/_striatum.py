"""A striatum of every individual: published constants, what was done to them, and variation."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from ..dopamine.kinetics import Kinetics, region
from ..dopamine.presets import REGIONS
from ..keys import normal, uniforms
from ._settings import choice, number


TONIC = 4.0
LEAKS = ("measured", "calibrated")
# What differs between individuals, each on its own.
_VARIED = ("vmax", "release", "km")


def checked(assay: Any) -> None:
    """Refuse settings of a striatum that have no meaning.

    Raises:
        ValueError: if a number is out of its domain, or a region or leak is unknown.
    """
    choice(assay, "region", tuple(REGIONS))
    choice(assay, "leak", LEAKS)
    number(assay, "survivors", 0, 1, "(]")
    for name in ("uptake", "release"):
        number(assay, name, 0, ends="()")
    number(assay, "precursor", 0, ends="[)")
    number(assay, "occupancy", 0, 1, "[)")
    number(assay, "efflux", 0, 1, "[)")
    number(assay, "variation", 0, 1)


def log_normal(
    keys: Key[Array, " individuals"], names: tuple[str, ...], sd: float
) -> dict[str, Float[Array, " individuals"]]:
    """A factor by name for each individual: log-normal with median 1, `sd` of its logarithm."""
    z = normal(uniforms(keys, jnp.arange(1), len(names)))[0]
    return dict(zip(names, jnp.exp(sd * z), strict=True))


def striata(keys: Key[Array, " individuals"], assay: Any) -> Kinetics:
    """Constants `[individuals]` of the region of `assay` under its settings.

    `uptake` multiplies Vmax, `release` what a spike sets free; `efflux` is a share of Vmax.
    Vmax, release per spike and Km vary between individuals.
    """
    factor = log_normal(keys, _VARIED, assay.variation)
    base = region(assay.region, assay.leak)
    vmax = base.vmax * factor["vmax"] * assay.uptake
    each = lambda x: np.full(keys.shape, float(x))
    return base.replace(
        vmax=vmax,
        release=base.release * factor["release"] * assay.release,
        km=base.km * factor["km"],
        survivors=each(assay.survivors),
        precursor=each(assay.precursor),
        efflux=vmax * assay.efflux,
        occupancy=each(assay.occupancy),
    )
