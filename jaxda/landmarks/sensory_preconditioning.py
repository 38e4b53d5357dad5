"""Light on dopamine cells lets a blocked cue learn about a neutral one (Sharpe et al. 2017)."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ._base import AbstractLandmark, Measured, Panel, at_least, at_most, bars, equal
from ._play import agent, play, task


_AGENTS = 2000
_PROBES = ("F", "D", "C")
_EXPECTED = {"light": (0.053, 0.023, 0.059), "control": (0.052, 0.022, 0.022)}
# Entries into the food port of rats with ChR2 and with eYFP, as tabulated with the simulation.
_RATS = {"light": (2.05, 1.66, 2.66), "control": (2.15, 1.47, 1.52)}


class SensoryPreconditioning(AbstractLandmark):
    """Values of F, D and C at their first probe, with and without light."""

    title: ClassVar = "A sensory surprise can be made by light"
    claim: ClassVar = (
        "Light at X on AC trials lets C predict X and later food although A had blocked it "
        "(V_C more than doubles); the same light after X on AD trials changes nothing, nor does "
        "it change the unblocked F."
    )
    source: ClassVar = (
        "Sharpe et al. 2017, Nat. Neurosci. 20:735; Gardner, Schoenbaum & Gershman 2018, Proc. R. "
        "Soc. B 285:20181645 (parameters and design of their simulation)"
    )
    models: ClassVar = ("successor_representation",)
    caution: ClassVar = (
        "The model gets the order of the probes right and not their ratios: in rats D and F "
        "differ less, and C with light exceeds F more."
    )

    def measure(self) -> Measured:
        found = dict(zip(("light", "control"), _values((1.0, 0.0)), strict=True))
        checks = [
            equal(f"V of {probe}, {group}", want, found[group][i].mean(), 0.001)
            for group, values in _EXPECTED.items()
            for i, (probe, want) in enumerate(zip(_PROBES, values, strict=True))
        ]
        f, d, c = (found["light"][i].mean() / found["control"][i].mean() for i in range(3))
        checks += [
            at_least("V of C, light over control", 2.0, c),
            at_most("V of F, light against control", 0.15, abs(f - 1)),
            at_most("V of D, light against control", 0.15, abs(d - 1)),
        ]
        places = np.arange(3)
        model = [
            bars(
                places,
                found[group].mean(axis=1),
                group,
                low=np.percentile(found[group], 2.5, axis=1),
                high=np.percentile(found[group], 97.5, axis=1),
            )
            for group in found
        ]
        rats = [bars(places, np.array(_RATS[group]), group) for group in found]
        ticks = ("F (with E → X)", "D (with A, light after X)", "C (with A, light at X)")
        panels = [
            Panel("Model", "probe", "value at the first probe (rewards)", model, ticks=ticks),
            Panel("Rats", "probe", "entries into the food port", rats, ticks=ticks),
        ]
        caption = (
            f"Left: successor representation, mean of {_AGENTS:,} agents and 95 % range over "
            "random orders of trials; α_M = 0.06, α_u = 0.03, γ = 0.95, negative errors divided by "
            "4, food worth 0.5 at the start, light adding 1 to the error of present features (0 in "
            "the control). 24 A → X; 8 each of EF, AD and AC → X; 96 X → food; probes. Right: "
            "group means published with that simulation (Sharpe et al. 2017), without intervals."
        )
        return Measured(checks, panels, caption)


def _values(gains: tuple[float, ...]) -> np.ndarray:
    """V of each probe at its first trial, `[gains, probes, agents]`."""
    what, n = task("sensory_preconditioning", probes=1), _AGENTS * len(gains)
    food = what.stimuli.index("food")
    who = agent("successor_representation", rectification="quarter", primary=(food,))
    value, cue = play(
        who,
        what,
        what.n_events,
        lambda event, readout: (readout.latents["value"], event.cue),
        name="sensory_preconditioning",
        n_agents=n,
        values={"model.opto_gain": jnp.repeat(jnp.asarray(gains), _AGENTS)},
    )
    first = [np.argmax(cue == what.states.index(probe), axis=0) for probe in _PROBES]
    values = np.stack([value[at, np.arange(n)] for at in first])
    return values.reshape(len(_PROBES), len(gains), _AGENTS).swapaxes(0, 1)
