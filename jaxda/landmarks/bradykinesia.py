"""Slowness as a low reward rate, by loss of terminals, and what levodopa gives back."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ..dopamine.kinetics import region, steady_state
from ..dopamine.levodopa import latency
from ..dopamine.progression import Progression
from ._base import (
    AbstractLandmark,
    Check,
    Measured,
    Numbers,
    Panel,
    agree,
    at_least,
    at_most,
    bars,
    equal,
    line,
    points,
    theory,
)
from ._group import group


_INDIVIDUALS, _TONIC = 200, 4.0
_SURVIVORS = (1.0, 0.8, 0.5, 0.3, 0.2, 0.1, 0.05)
# Tonic level, and latency over intact.
_TONES, _SLOWER = (0.846, 0.563, 0.25), (1.087, 1.333, 2.0)
# Release under levodopa over without it, and what it does to the tonic level at f = .2.
_LEFT, _PRECURSOR, _OFF, _ON = 0.2, 3.0, 0.846, 2.24
_FEWER = 2.5
# Taps per minute of 13 stable and 13 fluctuating patients, off and on.
_TAPS = {"stable": (122.5, 182.5), "fluct.": (101.0, 153.0)}
_BAND = (1.3, 1.8)
_COSTS = (1.0, 2.0, 4.0, 8.0)
_YEARS = np.arange(0.0, 31.0, 5.0)


class Bradykinesia(AbstractLandmark):
    """Latencies of a model of vigour whose reward rate follows tonic dopamine."""

    title: ClassVar = "Slow, not clumsy: latency follows the tonic level of dopamine"
    claim: ClassVar = (
        "Latency is sqrt(effort cost / reward rate), and tonic dopamine is felt as the rate: "
        "latencies stay near normal until most terminals are gone, then grow as 1 / sqrt(tone); "
        "more effort slows patients by more. Levodopa raises the rate of acting by about 1.6, in "
        "two groups of patients by 1.5."
    )
    source: ClassVar = (
        "Niv, Daw, Joel & Dayan 2007, Psychopharmacology 191:507; Mazzoni, Hristova & Krakauer "
        "2007, J. Neurosci. 27:7105; tapping: Ursino et al. 2020, PLoS ONE 15:e0229729"
    )
    models: ClassVar = ("niv_vigor",)
    caution: ClassVar = (
        "Rodent constants of the kinetics stand for humans. A change of effort cost or reward rate "
        "alone does not explain bradykinesia (Herz & Brown 2023). Tapping is a rate of movements "
        "in a row, not of decisions to act. The course over the years is a demonstration, never a "
        "forecast for a person."
    )

    def measure(self) -> Measured:
        intact = _latency(1.0)
        slower = [_latency(t) / intact for t in _TONES]
        loss, by_loss = _by_survivors(intact)
        medication, by_medication = _medication()
        effort, by_cost = _effort(intact)
        years, by_year = _years(intact)
        checks = [
            agree(
                "latency at tones .846, .563, .25, over intact; over expected",
                np.ones(3),
                np.divide(slower, _SLOWER),
                0.02,
            ),
            equal("at four times the tone", 0.5, _latency(4.0) / intact, 0.01),
            *loss,
            *medication,
            *effort,
            *years,
        ]
        caption = (
            "Simulation, no medical advice. Average-reward vigour at a known reward rate of .05 "
            "utility/s and a cost of speed of .05 utility s (best latency 1 s, 15 % between "
            f"individuals), the same {_INDIVIDUALS} individuals throughout; intervals would be "
            "smaller than the points. Tonic levels by the kinetics of dorsal striatum (rodent "
            f"constants, leak 1.15/s, {_TONIC:g} Hz). Rates on over off: {1 - _LEFT:.0%} of the "
            "terminals lost, levodopa multiplies release by π; patients: published means of 13 "
            "each. Years: demonstration, dorsal striatum .5 exp(−.065 t), ventral 1 − .4 (1 − "
            "dorsal); no forecast for anybody."
        ).replace("80%", "80 %")
        return Measured(checks, [by_loss, by_medication, by_cost, by_year], caption)


def _latency(tone: float, cost: float = 1.0, lesions: dict[str, float] | None = None) -> float:
    """Mean latency, s, at a tonic level over normal, or under `lesions` instead."""
    lesions = {"tonic": float(np.log(tone))} if lesions is None else lesions
    return group("vigor", _INDIVIDUALS, cost=cost, lesions=lesions)["latency"].mean


def _tones(survivors: Numbers, precursor: Numbers = 1.0) -> np.ndarray:
    """Tonic levels over intact, by the kinetics."""
    f, p = np.broadcast_arrays(survivors, precursor)
    # Intact first.
    both = {"survivors": np.append(1.0, f), "precursor": np.append(1.0, p)}
    level = np.asarray(steady_state(region("ds", "calibrated", **both), _TONIC))
    return level[1:] / level[0]


def _by_survivors(intact: float) -> tuple[list[Check], Panel]:
    kinetic = np.array([_latency(t) / intact for t in _tones(_SURVIVORS)])
    lesion = np.array([_latency(1.0, lesions={"snc_loss": 1 - f}) / intact for f in _SURVIVORS])
    grid = np.geomspace(0.04, 1, 60)
    law = np.asarray(latency(jnp.asarray(_tones(grid))))
    checks = [
        at_most("latency over intact with half of the terminals", 1.03, kinetic[2]),
        equal("with a twentieth of the terminals", _SLOWER[1], kinetic[-1], 0.02 * _SLOWER[1]),
        agree("by the lesion of learners, over this", np.ones(7), lesion / kinetic, 0.03),
    ]
    marks = [
        points(_SURVIVORS, kinetic, "kinetics"),
        line(_SURVIVORS, lesion, "lesion of learners"),
        theory(grid, law, "1 / √tone"),
    ]
    where = "share of terminals that survives"
    return checks, Panel("Latency by loss", where, "latency (times intact)", marks)


def _medication() -> tuple[list[Check], Panel]:
    release = (1.0, _FEWER, _PRECURSOR)
    tones = _tones(np.full(3, _LEFT), release)
    off, fewer, three = (_latency(t) for t in tones)
    lost = {"snc_loss": 1 - _LEFT}
    lesions = _latency(1.0, lesions=lost) / _latency(1.0, lesions=lost | {"levodopa": 1.0})
    taps = [on / off for off, on in _TAPS.values()]
    checks = [
        agree("tonic level off and on, over intact", (_OFF, _ON), tones[[0, 2]], 0.01),
        equal("rate on over off, release × 3", 1.63, off / three, 0.02 * 1.63),
        at_least("the same by lesions, at least", _BAND[0], lesions),
        at_most("the same by lesions, at most", _BAND[1], lesions),
        agree("release × 2.5 against patients", taps, [off / fewer] * 2, 0.03),
    ]
    names = ("π = 3", "π = 2.5", "lesions", *_TAPS)
    marks = [bars(range(5), [off / three, off / fewer, lesions, *taps])]
    title = "Levodopa: model (left three), patients"
    return checks, Panel(title, "who", "rate, on over off", marks, names, zero=True)


def _effort(intact: float) -> tuple[list[Check], Panel]:
    tones = {"intact": 1.0, "5 % survive": float(_tones(0.05)[0])}
    found = {n: np.array([_latency(t, c) for c in _COSTS]) for n, t in tones.items()}
    rise = [(x[-1] - x[0]) / intact for x in found.values()]
    law = np.sqrt(8.0) - 1
    checks = [
        agree("more latency at 8 times the cost, over intact", [law, law * _SLOWER[1]], rise, 0.06),
        at_least("the same, patients over intact", 1.25, rise[1] / rise[0]),
    ]
    marks = [line(_COSTS, x, n) for n, x in found.items()]
    return checks, Panel("Effort", "cost of speed (times normal)", "latency (s)", marks, zero=True)


def _years(intact: float) -> tuple[list[Check], Panel]:
    course = Progression()
    dorsal, ventral = (np.asarray(f(jnp.asarray(_YEARS))) for f in (course.dorsal, course.ventral))
    rate = np.array([intact / _latency(t) for t in _tones(dorsal)])
    checks = [
        equal("demonstration: dorsal terminals after 10 years", 0.261023, dorsal[2], 1e-6),
        equal("ventral cells after 10 years", 0.704409, ventral[2], 1e-6),
        at_least("rate of acting over intact after 10 years", 0.9, rate[2]),
    ]
    marks = [
        line(_YEARS, dorsal, "dorsal terminals"),
        line(_YEARS, ventral, "ventral cells"),
        line(_YEARS, rate, "rate of acting"),
    ]
    title, words = "Over the years: a demonstration", "times intact"
    return checks, Panel(title, "time since the first signs (years)", words, marks, zero=True)
