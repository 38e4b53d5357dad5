"""D2 antagonists by occupancy: what is left of dopamine's hold, and what else the drug does."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ..assays.d2_tone import D2Tone
from ..assays.prolactin_level import ProlactinLevel
from ..assays.striatal_rhythm import StriatalRhythm
from ..dopamine.kinetics import region, steady_state
from ..dopamine.receptors import activity, blocked_kd
from ..keys import named_keys
from ._base import AbstractLandmark, Measured, Panel, agree, at_least, line, points, theory


_WINDOWS = {0.65: "response", 0.72: "prolactin", 0.78: "extrapyramidal signs"}
_TONE = {0.0: 0.833, 0.65: 0.636, 0.72: 0.583, 0.78: 0.524}
_TONIC = {0.5: 1.22, 0.65: 1.34, 0.78: 1.51}
_PEOPLE = 2000
_POWER = 1 / 2.44


class AntipsychoticOccupancy(AbstractLandmark):
    """The same drug on D2 receptors of striatum, on its terminals and on the pituitary."""

    title: ClassVar = "D2 antagonists: three windows of occupancy"
    claim: ClassVar = (
        "At 65, 72 and 78 % occupancy by a D2 antagonist, where response, raised prolactin and "
        "extrapyramidal signs begin, dopamine still occupies .64, .58 and .52 of the receptors; "
        "blocked autoreceptors raise tonic dopamine by a third to a half, cells of the indirect "
        "pathway are disinhibited, and prolactin rises by (1 + C/KI)^0.41."
    )
    source: ClassVar = (
        "Kapur et al. 2000, Am. J. Psychiatry 157:514; Friberg et al. 2009, Clin. Pharmacol. "
        "Ther. 86:82; Cheng & Prusoff 1973; constants: Dreyer's toolbox"
    )
    models: ClassVar = ()
    caution: ClassVar = (
        "Rodent constants of striatum stand for humans; prolactin is human. The windows are group "
        "findings with haloperidol in a first episode. The rise of tonic dopamine is acute: "
        "depolarisation block ends it. That occupancy of the pituitary is that of striatum is "
        "an assumption: the pituitary lies outside the blood-brain barrier."
    )

    def measure(self) -> Measured:
        keys = named_keys(0, [("antipsychotic_occupancy", str(i)) for i in range(_PEOPLE)])
        at = {
            theta: {
                n: x[0] for n, x in D2Tone(antagonist=theta, variation=0.0).run(keys[:1]).items()
            }
            for theta in sorted({*_TONE, *_TONIC})
        }
        share = np.array([0.0, 0.2, 0.4, 0.5, 0.6, *_WINDOWS, 0.85])
        drives = [
            StriatalRhythm(d2_blocked=float(theta), variation=0.0).run(keys[:1])["d2_drive"][0]
            for theta in share
        ]
        fold = np.array([ProlactinLevel(drug=float(t / (1 - t))).run(keys)["fold"] for t in share])
        typical = [
            ProlactinLevel(drug=x, variation=0.0).run(keys[:1])["fold"][0] for x in (5.0, 15.0)
        ]
        risen = np.array([at[t]["tonic"] for t in _TONIC]) / at[0.0]["tonic"]
        checks = [
            agree(
                "D2 tone at 0, 65, 72, 78 % (50 nM, K_D 10 nM)",
                list(_TONE.values()),
                [at[t]["d2_tone"] for t in _TONE],
                5e-4,
            ),
            agree(
                "tonic level at 50, 65, 78 %, over expected",
                np.ones(3),
                risen / list(_TONIC.values()),
                0.02,
            ),
            agree("prolactin at C/KI = 5 and 15, over baseline", (2.084, 3.115), typical, 1e-3),
            at_least("D2 drive at 72 % over none", 1.0, drives[6] / drives[0]),
            at_least("prolactin at 72 %: people above baseline, share", 0.99, (fold[6] > 1).mean()),
            at_least("least rise of D2 drive from step to step, 1/s", 0.0, np.diff(drives).min()),
        ]
        caption = (
            "Simulation, no medical advice, and not for the choice of a dose. Dashed verticals: "
            "65, 72 and 78 % occupancy, where response, raised prolactin and extrapyramidal signs "
            "begin. First: D2 receptors that 50 nM dopamine occupies (K_D 10 nM, rodent). Second: "
            "tonic dopamine of dorsal striatum at 4 Hz (rodent constants of Dreyer's toolbox, "
            "leak .04/s), acute. Third: mean drive of adenylate cyclase in D2 cells with a burst "
            "and a pause in every 6 s (leak 1.15/s). Lines without noise. Fourth: steady "
            f"prolactin of {_PEOPLE} virtual people (published variances), median with the middle "
            "80 %; C/KI is taken as θ/(1 − θ); points: (1 + C/KI)^0.41 of the typical person."
        )
        return Measured(
            checks, [_hold(at), _level(at), _drive(share, drives), _prolactin(share, fold)], caption
        )


def _windows(top: float, bottom: float = 0.0) -> list:
    """The three occupancies as verticals."""
    return [
        theory((w, w), (bottom, top), "65, 72, 78 %" if i == 0 else "")
        for i, w in enumerate(_WINDOWS)
    ]


def _hold(at: dict) -> Panel:
    grid = np.linspace(0, 0.95, 96)
    marks = [
        line(grid, activity(50.0, 10.0, grid), "50 nM"),
        points(list(_TONE), [at[t]["d2_tone"] for t in _TONE], "", color=0),
        *_windows(0.85),
    ]
    return Panel("D2 receptors", "occupied by the drug θ", "occupied by dopamine", marks, zero=True)


def _level(at: dict) -> Panel:
    grid, base = np.linspace(0, 0.95, 96), region("ds")
    blocked = base.replace(ec50=blocked_kd(base.ec50, jnp.asarray(grid)))
    rise = np.asarray(steady_state(blocked, 4.0))
    marks = [
        line(grid, rise / rise[0], "dorsal striatum"),
        points(list(_TONIC), list(_TONIC.values()), "expected", color=0),
        *_windows(rise[-1] / rise[0], 1.0),
    ]
    return Panel(
        "Blocked autoreceptors", "occupied by the drug θ", "tonic dopamine × without drug", marks
    )


def _drive(share: np.ndarray, drives: list) -> Panel:
    marks = [
        line(share, drives, "D2 cells"),
        points(share, drives, "", color=0),
        *_windows(max(drives)),
    ]
    return Panel("The indirect pathway", "occupied by the drug θ", "drive (1/s)", marks, zero=True)


def _prolactin(share: np.ndarray, fold: np.ndarray) -> Panel:
    low, middle, high = np.quantile(fold, [0.1, 0.5, 0.9], axis=1)
    law = (1 / (1 - share)) ** _POWER
    marks = [
        line(share, middle, "people", low=low, high=high, color=0),
        points(share, law, "typical person", color=1),
        *_windows(high.max(), 1.0),
    ]
    return Panel("Prolactin", "occupied by the drug θ", "prolactin (times baseline)", marks)
