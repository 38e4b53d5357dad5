"""Where extracellular dopamine settles, and how fast a pulse of it is taken up."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ..dopamine.kinetics import (
    decay,
    firing,
    region,
    regions,
    release_rate,
    simulate,
    soma,
    soma_steady_state,
    steady_state,
    steady_state_without_leak,
)
from ._base import (
    AbstractLandmark,
    Check,
    Measured,
    Panel,
    agree,
    at_least,
    equal,
    line,
    points,
    theory,
)


_TONIC = 4.0
_NAMES = {"ds": "dorsal striatum", "nac": "nucleus accumbens", "pfc": "cortex"}


class DopamineKinetics(AbstractLandmark):
    """Release, autoreceptors and uptake, integrated in time, beside their closed forms."""

    title: ClassVar = "Uptake and autoreceptors set the level of dopamine"
    claim: ClassVar = (
        "Where nothing leaks, dopamine settles at the root of a quadratic, RK/(V − R) without "
        "autoreceptor; a pulse falls by the Lambert function; transients last longer in ventral "
        "than in dorsal striatum and longest in cortex."
    )
    source: ClassVar = (
        "Constants of two public simulations: Dreyer's dopamine simulation toolbox and Ejdrup et "
        "al.; closed forms are exact"
    )
    models: ClassVar = ()
    caution: ClassVar = (
        "Rodent constants. The two families disagree on the tonic level by a factor of two to "
        "five, and microdialysis finds less than either (.3 to 15 nM). Constants of cortex are an "
        "order of magnitude."
    )

    def measure(self) -> Measured:
        checks = [*_release(), *_levels(), *_pulses(), *_soma()]
        panels = [_settling(), _uptake(), _families()]
        caption = (
            "Simulation with rodent constants (Dreyer's toolbox on the left and in the middle), "
            "no medical advice. Left: steady dopamine by firing at the terminals; without "
            "autoreceptor dashed, as far as uptake keeps up with release. Middle: 500 nM with "
            "no further release, integrated (lines) and by the Lambert function (dashed). Right: "
            f"the two families of constants at {_TONIC:g} Hz, never combined."
        )
        return Measured(checks, panels, caption)


def _release() -> list[Check]:
    found = [release_rate(per_um3) for per_um3 in (1 / 25, 0.9 / 25)]
    return [
        equal("release from counts of molecules, dorsal, nM/s", 227.7, found[0], 0.2),
        equal("the same, ventral", 205.0, found[1], 0.2),
    ]


def _levels() -> list[Check]:
    dorsal, ventral = (
        float(steady_state(kinetics, release_rate(per_um3) / float(kinetics.release)))
        for kinetics, per_um3 in zip(
            regions("ds_ej", "vs_ej").values(), (1 / 25, 0.9 / 25), strict=True
        )
    )
    checks = [
        equal("tonic level without autoreceptor, dorsal (Ejdrup), nM", 8.29, dorsal, 0.02),
        equal("the same, ventral", 23.98, ventral, 0.05),
        equal("ventral over dorsal", 2.9, ventral / dorsal, 0.02 * 2.9),
    ]
    for name, on, off in (("ds", 42.72, 106.7), ("nac", 55.50, 182.9)):
        kinetics = region(name, k_out=0.0)
        alone = kinetics.without_autoreceptor()
        where = f"{_NAMES[name]} at {_TONIC:g} Hz, no leak"
        checks += [
            equal(f"{where}, nM", on, steady_state(kinetics, _TONIC), 0.02),
            equal(f"{where}, without autoreceptor, nM", off, steady_state(alone, _TONIC), 0.1),
        ]
    few = region("ds", k_out=0.0, survivors=np.geomspace(1e-3, 1, 50))
    found = np.asarray(steady_state(few, _TONIC))
    law = np.full(found.shape, float(steady_state_without_leak(few, _TONIC)))
    return [*checks, agree("few terminals settle where all do, nM", law, found, 1e-8)]


def _pulses() -> list[Check]:
    ds = region("ds", k_out=0.0)
    checks = [equal("500 nM after .2 s in dorsal striatum, nM", 54.53, decay(ds, 500.0, 0.2), 0.02)]
    tau = {name: float(region(name).decay_time) for name in _NAMES}
    for name, expected in (("ds", 0.040), ("nac", 0.107), ("pfc", 0.800)):
        what = f"time constant where dopamine is scarce, {_NAMES[name]}, s"
        checks.append(equal(what, expected, tau[name], 0.02 * expected))
    times, found, law = _decays()
    checks.append(agree("integrated and by the Lambert function, nM", law, found, 1e-4))
    half = times[np.argmax(found < 250, axis=1)]
    return [
        *checks,
        at_least("half-life of 500 nM, ventral over dorsal", 1, half[1] / half[0]),
        at_least("the same, cortex over ventral", 1, half[2] / half[1]),
    ]


def _decays() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, and 500 nM in the three regions: integrated, and in closed form."""
    vmax = jnp.stack([region(name).vmax for name in _NAMES])
    kinetics = region("ds", k_out=0.0, vmax=vmax)
    times = np.linspace(0, 4, 801)
    seen = simulate(kinetics, firing((4.0, 0.0)), times, start=500.0).dopamine
    return times, np.asarray(seen), np.asarray(decay(kinetics, 500.0, times[:, None])).T


def _soma() -> list[Check]:
    rest = soma_steady_state(soma(), 5.0)
    return [
        equal("soma that receives 5 Hz: dopamine there, nM", 107.8, rest.dopamine, 0.1),
        equal("firing that is left, Hz", 4.03, rest.rate, 0.01),
    ]


def _settling() -> Panel:
    rate, marks = np.linspace(0.1, 10, 200), []
    for name in ("ds", "nac"):
        kinetics = region(name)
        marks.append(line(rate, steady_state(kinetics, rate), _NAMES[name]))
    for name in ("ds", "nac"):
        alone = steady_state_without_leak(region(name).without_autoreceptor(), rate)
        shown = np.asarray(alone) < 2000
        label = "without autoreceptor" if name == "ds" else ""
        marks.append(theory(rate[shown], alone[shown], label))
    return Panel("Steady state", "firing (Hz)", "dopamine (nM)", marks, log="y")


def _uptake() -> Panel:
    times, found, law = _decays()
    shown = times <= 3
    marks = [
        line(times[shown], row[shown], name)
        for name, row in zip(_NAMES.values(), found, strict=True)
    ]
    marks += [
        theory(times[shown], row[shown], "Lambert function" if i == 0 else "")
        for i, row in enumerate(law)
    ]
    return Panel("Uptake of a pulse", "time (s)", "dopamine (nM)", marks)


def _families() -> Panel:
    marks, ticks = [], ("dorsal, Dreyer", "ventral, Dreyer", "dorsal, Ejdrup", "ventral, Ejdrup")
    families = (("Dreyer", ("ds", "nac")), ("Ejdrup", ("ds_ej", "vs_ej")))
    for i, (family, names) in enumerate(families):
        level = [float(steady_state(k, _TONIC)) for k in regions(*names).values()]
        marks.append(points((2 * i, 2 * i + 1), level, family))
    return Panel("Two families of constants", "preset", "tonic dopamine (nM)", marks, ticks=ticks)
