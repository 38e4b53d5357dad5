"""The four dopamine pathways as objects, and one prediction error broadcast to all of them.

A pathway is where dopamine comes from and goes to: the constants of its kinetics and receptors,
what lesions and drugs have done to it (`state`), and what is read out of it. The error is one
and the same everywhere; how strongly a pathway hears it (`gain`) and how much of each channel
(`channels`) is its own. Tuberoinfundibular cells have a model of prolactin in place of kinetics
in forebrain, and no gain: a prediction error has not been found there.

Constants of forebrain are from rodents. A pathway is `about` humans or rodents, and whatever
comes out of it says whether constants of one stand for the other (`species_mixed`).
"""

import abc
import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from ._domain import constant, within
from .denervation import burst_gain
from .kinetics import Kinetics, burst, region, steady_state
from .levodopa import latency
from .presets import one_family
from .prolactin import PRESETS, HumanProlactin, RatProlactin, preset
from .receptors import Receptor, occupancy, receptors
from .transfer import balance, inverted_u


About = Literal["human", "rodent"]
P = TypeVar("P", bound="AbstractPathway")
# Hz at the terminals where nothing happens.
_TONIC = 4.0


class Reading(eqx.Module):
    """Numbers by name, and whether constants of another species stand for the one meant."""

    values: dict[str, Float[Array, "..."]]
    species_mixed: bool = eqx.field(static=True)

    def __getitem__(self, name: str) -> Float[Array, "..."]:
        return self.values[name]


class Terminals(eqx.Module):
    """What lesions and drugs have done to terminals in forebrain and to their targets.

    `survivors` share of terminals; `precursor` filling of vesicles (1 normal); `uptake` factor
    on Vmax; `efflux` through the transporter as a share of Vmax; `transporter` occupancy by a
    blocker; `d1`, `d2` occupancy of receptors by an antagonist (without dopamine), D2 also of
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
    """What lesions and drugs have done to the inhibition of prolactin.

    `survivors` share of hypothalamic dopamine; `antagonist` concentration in the unit of the
    model of prolactin (human: ng/mL in plasma; rat: mg/L in brain extracellular fluid);
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


class AbstractPathway(eqx.Module):
    """What all pathways have.

    `gain` and `channels` (a weight for each channel of the error, or one for all) say what it
    hears of the broadcast; `readout` names what a learner or a clinician reads from it.
    """

    family: eqx.AbstractVar[str]
    state: eqx.AbstractVar[Any]
    gain: eqx.AbstractVar[Float[Array, ""]]
    channels: eqx.AbstractVar[Float[Array, "..."]]
    readout: eqx.AbstractVar[tuple[str, ...]]
    about: eqx.AbstractVar[About]

    @property
    @abc.abstractmethod
    def species_mixed(self) -> bool:
        """Whether its constants are of another species than the one it is about."""

    @property
    @abc.abstractmethod
    def phasic(self) -> Float[Array, "..."]:
        """The share of a burst that a loss of cells leaves."""

    @abc.abstractmethod
    def read(self) -> Reading:
        """All of `readout`."""

    def put(self: P, **state: Any) -> P:
        """A copy in another state; what is not given stays as it is."""
        # Built anew, so that it is checked.
        return dataclasses.replace(self, state=dataclasses.replace(self.state, **state))

    def denervated(self: P, severity: ArrayLike) -> P:
        """With the fraction `severity` in [0, 1] of what is left gone; survivors multiply."""
        lost = within("severity", severity, 0, 1)
        return self.put(survivors=self.state.survivors * (1 - lost))


class Forebrain(AbstractPathway):
    """A pathway to striatum or cortex, with its `kinetics` and receptors as they are in health.

    It reads out `phasic` (share of a burst that is left), `tone` (tonic dopamine at 4 Hz over
    that of health), `rho` (the balance of Go over NoGo at that tone), `latency` (of action,
    times healthy) and `weight` (of working memory, see `transfer.inverted_u`).

    Raises:
        ValueError: if kinetics and receptors are of two families, or a readout is unknown.
    """

    kinetics: Kinetics = eqx.field(kw_only=True)
    d1: Receptor = eqx.field(kw_only=True)
    d2: Receptor = eqx.field(kw_only=True)
    family: str = eqx.field(kw_only=True, static=True)
    state: Terminals = eqx.field(default_factory=Terminals)
    gain: Float[Array, ""] = constant(1.0)
    channels: Float[Array, "..."] = constant(1.0)
    readout: tuple[str, ...] = eqx.field(static=True, default=("phasic", "tone"))
    about: About = eqx.field(static=True, default="rodent")

    def __check_init__(self) -> None:
        one_family(self.kinetics.family, self.family)
        _known(self.readout, ("phasic", "tone", "rho", "latency", "weight"))

    @property
    def species_mixed(self) -> bool:
        """Whether constants of rodents stand for humans."""
        return self.about == "human"

    @property
    def phasic(self) -> Float[Array, "..."]:
        """The share of a burst that is left, by `denervation.burst_gain`."""
        return burst_gain(self.state.survivors)

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

    def tonic(self, rate: ArrayLike = _TONIC) -> Reading:
        """Steady `dopamine` (nM) at `rate` Hz, and the shares of `d1` and `d2` it occupies."""
        level = steady_state(self.tissue, rate)
        values = {
            "dopamine": level,
            "d1": occupancy(level, self.d1.blocked(self.state.d1).kd),
            "d2": occupancy(level, self.d2.blocked(self.state.d2).kd),
        }
        return Reading(values, self.species_mixed)

    def burst(self, **course: Any) -> Reading:
        """`rise` nM, `half_life` s and `area` nM s of a burst; settings as `kinetics.burst`."""
        return Reading(burst(self.tissue, **course)._asdict(), self.species_mixed)

    def read(self) -> Reading:
        """All of `readout`."""
        tone = steady_state(self.tissue, _TONIC) / steady_state(self.kinetics, _TONIC)
        of = {
            "phasic": lambda: self.phasic,
            "tone": lambda: tone,
            "rho": lambda: balance(tone, 1.0),
            "latency": lambda: latency(tone),
            "weight": lambda: inverted_u(tone),
        }
        return Reading({name: of[name]() for name in self.readout}, self.species_mixed)


class Tuberoinfundibular(AbstractPathway):
    """The pathway to the pituitary: a model of `prolactin` of one species.

    It reads out steady prolactin: `level` (ng/mL) and `fold` (over baseline).

    Raises:
        ValueError: if rats have lost dopamine or have an agonist, for which their model has no
            place, or a readout is unknown.
    """

    prolactin: HumanProlactin | RatProlactin = eqx.field(kw_only=True)
    family: str = eqx.field(static=True, default="")
    state: Pituitary = eqx.field(default_factory=Pituitary)
    gain: Float[Array, ""] = constant(0.0)
    channels: Float[Array, "..."] = constant(1.0)
    readout: tuple[str, ...] = eqx.field(static=True, default=("level", "fold"))
    about: About = eqx.field(static=True, default="human")

    def __check_init__(self) -> None:
        _known(self.readout, ("level", "fold"))
        if isinstance(self.prolactin, RatProlactin):
            within("survivors in the model of rats", self.state.survivors, 1, 1)
            within("agonist in the model of rats", self.state.agonist, 0, 0)

    @property
    def species_mixed(self) -> bool:
        """Whether the model of prolactin is of another species than the one it is about."""
        return (self.prolactin.species == "human") != (self.about == "human")

    @property
    def phasic(self) -> Float[Array, "..."]:
        """The dopamine that is left."""
        return self.state.survivors

    def read(self) -> Reading:
        """All of `readout`."""
        s, model = self.state, self.prolactin
        if isinstance(model, RatProlactin):
            level, _ = model.steady(s.antagonist)
        else:
            level = model.steady(s.antagonist, tone=s.survivors, agonist=s.agonist)
        of = {"level": level, "fold": level / model.baseline}
        return Reading({name: of[name] for name in self.readout}, self.species_mixed)


class Anatomy(NamedTuple):
    """Where a pathway comes from and goes to, its preset of constants, and what is read."""

    cells: str
    target: str
    preset: str
    readout: tuple[str, ...]


PATHWAYS: Mapping[str, Anatomy] = MappingProxyType(
    {
        "mesolimbic": Anatomy(
            "ventral tegmental area", "nucleus accumbens", "nac", ("phasic", "tone")
        ),
        "mesocortical": Anatomy(
            "ventral tegmental area", "prefrontal cortex", "pfc", ("phasic", "weight")
        ),
        "nigrostriatal": Anatomy(
            "substantia nigra", "dorsal striatum", "ds", ("phasic", "rho", "latency")
        ),
        "tuberoinfundibular": Anatomy(
            "arcuate nucleus", "anterior pituitary", "healthy_men", ("level", "fold")
        ),
    }
)


def pathway(
    name: str,
    about: About = "human",
    receptor: str = "fast",
    leak: str = "measured",
    prolactin: str = "",
    **fields: Any,
) -> Forebrain | Tuberoinfundibular:
    """The pathway `name` of `PATHWAYS`, about humans or rodents.

    `receptor` is a preset of receptors and `leak` that of kinetics, for pathways to forebrain;
    `prolactin` a preset of prolactin, by default of the species meant. `fields` are those of
    the pathway, such as `gain`.

    Raises:
        ValueError: if there is no such pathway or preset, or families mix.
    """
    if name not in PATHWAYS:
        raise ValueError(f"no pathway {name!r}; there are {', '.join(PATHWAYS)}.")
    if about not in ("human", "rodent"):
        raise ValueError(f"a pathway is about human or rodent, not {about!r}.")
    known = PATHWAYS[name]
    given: dict[str, Any] = {"readout": known.readout, "about": about} | fields
    if name == "tuberoinfundibular":
        found = prolactin or (known.preset if about == "human" else "remoxipride_rat")
        rat = PRESETS.get(found, ("",))[0] == "rat"
        kind: Any = RatProlactin if rat else HumanProlactin
        return Tuberoinfundibular(prolactin=preset(kind, found), **given)
    kinetics, bound = region(known.preset, leak), receptors(receptor)
    family = one_family(kinetics.family, bound.family)
    return Forebrain(kinetics=kinetics, d1=bound.d1, d2=bound.d2, family=family, **given)


def pathways(about: About = "human", **settings: Any) -> dict[str, Forebrain | Tuberoinfundibular]:
    """All four, intact; settings as of `pathway`."""
    return {name: pathway(name, about, **settings) for name in PATHWAYS}


def broadcast(
    rpe: Float[Array, "channels *lanes"], pathways: Mapping[str, AbstractPathway]
) -> dict[str, Reading]:
    """What each of `pathways` hears of the one error `rpe`: its `delta`, of the same shape.

    gain phasic channels rpe: a loss of cells shrinks what is heard long before it shrinks the
    tonic level.

    Raises:
        ValueError: if constants of two families are among the pathways, or the weights of a
            pathway are not one for each channel.
    """
    one_family(*(p.family for p in pathways.values()))
    return {name: _heard(name, rpe, p) for name, p in pathways.items()}


def _heard(name: str, rpe: Float[Array, "channels *lanes"], p: AbstractPathway) -> Reading:
    if p.channels.ndim > 1 or p.channels.size not in (1, rpe.shape[0]):
        raise ValueError(f"{name} weighs {p.channels.size} channels, the error has {rpe.shape[0]}.")
    weights = jnp.broadcast_to(p.channels, rpe.shape[:1]).reshape(-1, *[1] * (rpe.ndim - 1))
    return Reading({"delta": p.gain * p.phasic * weights * rpe}, p.species_mixed)


def _known(readout: tuple[str, ...], known: tuple[str, ...]) -> None:
    if unknown := sorted(set(readout) - set(known)):
        raise ValueError(f"no readout {', '.join(unknown)}; there are {', '.join(known)}.")
