"""The four dopamine pathways as objects, and one prediction error broadcast to all of them.

A pathway is where dopamine comes from and goes to, with the constants of its kinetics and
receptors, what a lesion or a drug has done to it, and what is read out of it. The error is one
and the same everywhere; how strongly a pathway hears it (`gain`) and how much of each channel
(`channels`) is its own. Tuberoinfundibular cells have a model of prolactin in place of kinetics
in striatum and no gain: nobody has found a prediction error there.

Constants of striatum are from rodents. A pathway is `about` humans or rodents, and whatever
comes out of it says whether constants of rodents stand for humans (`species_mixed`).
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from ._domain import Floats, constant, within
from .denervation import burst_gain
from .kinetics import Kinetics, burst, region, steady_state
from .levodopa import latency
from .presets import find, one_family
from .prolactin import HumanProlactin, RatProlactin, preset
from .receptors import Receptors, occupancy, receptors
from .transfer import balance


About = Literal["human", "rodent"]
# Hz at the terminals where nothing happens.
_TONIC = 4.0


class Reading(eqx.Module):
    """What is read out of a pathway, by name, and whether rodents stand for humans in it."""

    values: dict[str, Float[Array, "..."]]
    species_mixed: bool = eqx.field(static=True)

    def __getitem__(self, name: str) -> Float[Array, "..."]:
        return self.values[name]


class Terminals(eqx.Module):
    """What a lesion and drugs have done to the terminals of a pathway and its targets.

    `survivors` share of terminals; `precursor` filling of vesicles (1 normal); `uptake` factor
    on Vmax; `efflux` through the transporter as a share of Vmax; `transporter` occupancy by a
    blocker; `d1`, `d2` occupancy of receptors by an antagonist (without dopamine), D2 also
    those on the terminals.

    Raises:
        ValueError: if a known number is out of its domain.
    """

    survivors: Float[Array, "..."] = constant(1.0)
    precursor: Float[Array, "..."] = constant(1.0)
    uptake: Float[Array, "..."] = constant(1.0)
    efflux: Float[Array, "..."] = constant(0.0)
    transporter: Float[Array, "..."] = constant(0.0)
    d1: Float[Array, "..."] = constant(0.0)
    d2: Float[Array, "..."] = constant(0.0)

    def __check_init__(self) -> None:
        within("survivors", self.survivors, 0, 1)
        within("precursor", self.precursor, 0, np.inf, "[)")
        within("uptake", self.uptake, 0, np.inf, "()")
        for name in ("efflux", "transporter", "d1", "d2"):
            within(name, getattr(self, name), 0, 1, "[)")


class Pituitary(eqx.Module):
    """What a lesion and drugs have done to the inhibition of prolactin.

    `survivors` share of hypothalamic dopamine; `antagonist` concentration in the unit of the
    model of prolactin (human: ng/mL in plasma, rat: mg/L in brain extracellular fluid);
    `agonist` in units of baseline dopamine.

    Raises:
        ValueError: if a known number is out of its domain.
    """

    survivors: Float[Array, "..."] = constant(1.0)
    antagonist: Float[Array, "..."] = constant(0.0)
    agonist: Float[Array, "..."] = constant(0.0)

    def __check_init__(self) -> None:
        within("survivors", self.survivors, 0, 1)
        for name in ("antagonist", "agonist"):
            within(name, getattr(self, name), 0, np.inf, "[)")


class Pathway(eqx.Module):
    """A pathway to forebrain: `kinetics` and `receptors` as they are in health, and its `state`.

    `readout` names what a learner reads from it. `gain` and `channels` (a weight per channel
    of the error, or one for all) are what it hears of the broadcast.

    Raises:
        ValueError: if kinetics and receptors are of two families.
    """

    kinetics: Kinetics
    receptors: Receptors
    state: Terminals = eqx.field(default_factory=Terminals)
    gain: Float[Array, ""] = constant(1.0)
    channels: Float[Array, "..."] = constant(1.0)
    readout: tuple[str, ...] = eqx.field(static=True, default=("phasic", "tone"))
    about: About = eqx.field(static=True, default="rodent")

    def __check_init__(self) -> None:
        one_family(self.kinetics.family, self.receptors.family)
        if unknown := set(self.readout) - set(_READOUTS):
            raise ValueError(
                f"no readout {', '.join(sorted(unknown))}; there are {', '.join(_READOUTS)}."
            )

    @property
    def family(self) -> str:
        """The family of its constants."""
        return one_family(self.kinetics.family, self.receptors.family)

    @property
    def species_mixed(self) -> bool:
        """Whether constants of rodents stand for humans."""
        return self.about == "human"

    def replace(self, **state: Any) -> "Pathway":
        """A copy in another state; what is not given stays."""
        return eqx.tree_at(lambda p: p.state, self, dataclasses.replace(self.state, **state))

    def denervated(self, severity: ArrayLike) -> "Pathway":
        """With the fraction `severity` in [0, 1] of the terminals gone; survivors multiply."""
        left = self.state.survivors * (1 - within("severity", severity, 0, 1))
        return self.replace(survivors=left)

    @property
    def tissue(self) -> Kinetics:
        """The kinetics in this state."""
        k, s = self.kinetics, self.state
        vmax = k.vmax * s.uptake
        changed = k.replace(
            vmax=vmax,
            survivors=k.survivors * s.survivors,
            precursor=k.precursor * s.precursor,
            efflux=k.efflux + s.efflux * vmax,
            ec50=k.ec50 / (1 - s.d2),
        )
        return changed.blocked(s.transporter)

    @property
    def phasic(self) -> Float[Array, "..."]:
        """Height of a burst that the surviving terminals leave, relative to intact."""
        return burst_gain(self.state.survivors)

    def tonic(self, rate: ArrayLike = _TONIC) -> Reading:
        """Steady `dopamine` (nM) at `rate` Hz, and what it occupies of `d1` and `d2`."""
        level = steady_state(self.tissue, rate)
        d1, d2 = (
            occupancy(level, receptor.blocked(by).kd)
            for receptor, by in ((self.receptors.d1, self.state.d1), (self.receptors.d2, self.state.d2))
        )
        return Reading({"dopamine": level, "d1": d1, "d2": d2}, self.species_mixed)

    def burst(self, **course: Any) -> Reading:
        """`rise` (nM), `half_life` (s) and `area` (nM s) of a burst, as `kinetics.burst` has it."""
        return Reading(burst(self.tissue, **course)._asdict(), self.species_mixed)

    def read(self) -> Reading:
        """All of `readout`."""
        tone = steady_state(self.tissue, _TONIC) / steady_state(self.kinetics, _TONIC)
        values = {name: _READOUTS[name](self, tone) for name in self.readout}
        return Reading(values, self.species_mixed)


class Tuberoinfundibular(eqx.Module):
    """The pathway to the pituitary: a model of `prolactin` of one species, and its `state`.

    Raises:
        ValueError: if rats are asked for a loss of dopamine or an agonist, which their model
            does not have.
    """

    prolactin: HumanProlactin | RatProlactin
    state: Pituitary = eqx.field(default_factory=Pituitary)
    gain: Float[Array, ""] = constant(0.0)
    channels: Float[Array, "..."] = constant(1.0)
    readout: tuple[str, ...] = eqx.field(static=True, default=("level", "fold"))
    about: About = eqx.field(static=True, default="human")

    def __check_init__(self) -> None:
        if isinstance(self.prolactin, RatProlactin):
            within("survivors of rats", self.state.survivors, 1, 1)
            within("agonist of rats", self.state.agonist, 0, 0)

    family = ""

    @property
    def species_mixed(self) -> bool:
        """Whether the constants are of another species than what it is about."""
        return (self.prolactin.species == "human") != (self.about == "human")

    def replace(self, **state: Any) -> "Tuberoinfundibular":
        """A copy in another state; what is not given stays."""
        return dataclasses.replace(self, state=dataclasses.replace(self.state, **state))

    def denervated(self, severity: ArrayLike) -> "Tuberoinfundibular":
        """With the fraction `severity` in [0, 1) of the dopamine gone; what is left multiplies."""
        left = self.state.survivors * (1 - within("severity", severity, 0, 1))
        return self.replace(survivors=left)

    @property
    def phasic(self) -> Float[Array, "..."]:
        """What is left of the signal: the dopamine that is left."""
        return self.state.survivors

    def read(self) -> Reading:
        """Steady prolactin: `level` (ng/mL) and `fold` over baseline."""
        s = self.state
        if isinstance(self.prolactin, RatProlactin):
            level, _ = self.prolactin.steady(s.antagonist)
        else:
            level = self.prolactin.steady(s.antagonist, tone=s.survivors, agonist=s.agonist)
        values = {"level": level, "fold": level / self.prolactin.baseline}
        return Reading({name: values[name] for name in self.readout}, self.species_mixed)
