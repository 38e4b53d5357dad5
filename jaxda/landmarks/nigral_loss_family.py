"""Loss of nigral cells in steps: dopamine, the drive of both pathways, learning and vigour."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ..assays.selection import Selection
from ..assays.striatal_rhythm import StriatalRhythm
from ..assays.striatum import Striatum
from ..assays.vigor import Vigor
from ..dopamine.denervation import burst_gain, tonic_level
from ..dopamine.pathways import Forebrain, pathway
from ..dopamine.transfer import Drive, rates
from ..keys import named_keys
from ..lesions._combined import compose
from ..lesions.snc_loss import SNcLoss
from ._base import (
    AbstractLandmark,
    Check,
    Measured,
    Panel,
    agree,
    at_least,
    at_most,
    equal,
    line,
    points,
    theory,
)


_LOST = np.array([0.0, 0.2, 0.5, 0.7, 0.8, 0.9, 0.95])
_LEFT = 1 - _LOST
_STRIATA, _LEARNERS, _MOVERS = 200, 2000, 500
# Mean drive of D1 and D2 cells at the losses 0, .5, .8, .9, .95.
_KNOWN = np.array([0, 2, 4, 5, 6])
_D1 = (0.178, 0.135, 0.076, 0.032, 0.003)
_D2 = (0.551, 0.580, 0.694, 0.855, 1.093)


class NigralLossFamily(AbstractLandmark):
    """One lesion from none to 95 %, in a striatum and in learners and movers with that lesion."""

    title: ClassVar = "Loss of nigral cells: what fails early and what fails late"
    claim: ClassVar = (
        "Bursts and with them Go learning fall from the first loss on; pauses fill up, Go drive "
        "falls and NoGo drive rises; tonic dopamine and vigour hold until few cells are left. "
        "Half of what half leaves is a quarter."
    )
    source: ClassVar = (
        "Bergstrom & Garris 2003, J. Neurochem. 87:1224; Frank, Seeberger & O'Reilly 2004, "
        "Science 306:1940; Niv, Daw, Joel & Dayan 2007; constants: Dreyer's toolbox"
    )
    models: ClassVar = ("opal", "niv_vigor")
    caution: ClassVar = (
        "Rodent constants of striatum stand for humans, with a leak that is calibrated. Nothing "
        "adapts. Learners have a healthy critic. Effects of Parkinson's disease and its "
        "medication on learning from gains and losses are contested: Grogan et al. 2017 found "
        "none in three experiments."
    )

    def measure(self) -> Measured:
        keys = named_keys(0, [("nigral_loss_family", str(i)) for i in range(_LEARNERS)])
        striata = [
            Striatum(leak="calibrated", survivors=float(f)).run(keys[:_STRIATA]) for f in _LEFT
        ]
        rhythms = [StriatalRhythm(survivors=float(f)).run(keys[:_STRIATA]) for f in _LEFT]
        seen = {n: np.array([s[n] for s in striata]) for n in Striatum.outcomes}
        seen |= {n: np.array([s[n] for s in rhythms]) for n in ("d1_drive", "d2_drive")}
        lesions = [{"snc_loss": float(d)} for d in _LOST]
        learned = [Selection(lesions=d).run(keys) for d in lesions]
        moved = [Vigor(lesions=d).run(keys[:_MOVERS]) for d in lesions]
        choose, avoid = (np.array([x[n] for x in learned]) for n in ("choose_a", "avoid_b"))
        latency = np.array([x["latency"] for x in moved])
        checks = [*_algebra(keys), *_tissue(seen), *_behaviour(choose, avoid, latency)]
        panels = [_dopamine(seen), _drives(seen), _learning(choose, avoid), _vigour(latency)]
        caption = (
            "Simulation, no medical advice. By the share of nigral cells that is lost. First and "
            f"second: {_STRIATA} virtual dorsal striata (rodent constants of Dreyer's toolbox, "
            "leak 1.15/s; Vmax, Km and release differ by 10 %), mean and middle 95 %; drive of "
            "adenylate cyclase with a burst and a pause in every 6 s; α_G is what that drive "
            "makes of its learning rate. Third: OpAL (α_C = .1, α_G = α_N = .2, β = 1, 60 trials "
            f"per pair) with the lesion snc_loss, {_LEARNERS} agents, the same at each loss, 95 % "
            f"intervals of the mean. Fourth: average-reward vigour with it, {_MOVERS} agents; "
            "dashed: 1/√tone."
        )
        return Measured(checks, panels, caption)


def _algebra(keys) -> list[Check]:
    half = SNcLoss(dose=jnp.asarray(0.5))
    twice = compose(half, half)
    usual = Striatum(survivors=0.25, variation=0.0).run(keys[:_STRIATA])["tonic"][0]
    again = pathway("nigrostriatal").denervated(0.5).denervated(0.5)
    assert isinstance(again, Forebrain)
    both, once = (
        Selection(lesions={"snc_loss": d}).run(keys)["choose_a"].mean()
        for d in (float(twice.dose), 0.75)
    )
    return [
        equal("half of what half leaves, survivors", 0.25, 1 - float(twice.dose), 1e-12),
        equal(
            "tonic level of the pathway after both over that at .25",
            1,
            again.tonic()["dopamine"] / usual,
            1e-9,
        ),
        equal("choosing A after both, less at .25", 0, both - once, 1e-12),
    ]


def _tissue(seen: dict) -> list[Check]:
    mean = {n: x.mean(axis=1) for n, x in seen.items()}
    ratio = lambda n: mean[n] / mean[n][0]
    d1, d2 = (mean[n][_KNOWN] for n in ("d1_drive", "d2_drive"))
    return [
        # Individuals differ, so their mean is near the known numbers, which are without variation.
        agree("mean drive of D1 cells at 0, 50, 80, 90, 95 %, 1/s", _D1, d1, 0.01),
        agree("mean drive of D2 cells, 1/s", _D2, d2, 0.03),
        at_least("tonic level over intact at 50 %", 0.9, ratio("tonic")[2]),
        equal("tonic level over intact at 95 %", 0.563, ratio("tonic")[-1], 0.02),
        equal("height of a burst over intact at 80 %", 0.32, ratio("burst")[4], 0.02),
        at_most("greatest step of a burst with loss, nM", 0.0, np.diff(mean["burst"]).max()),
        at_least("least step of what a pause leaves", 0.0, np.diff(mean["pause_left"]).min()),
        at_most("greatest step of D1 drive, 1/s", 0.0, np.diff(mean["d1_drive"]).max()),
        at_least("least step of D2 drive, 1/s", 0.0, np.diff(mean["d2_drive"]).min()),
    ]


def _behaviour(choose: np.ndarray, avoid: np.ndarray, latency: np.ndarray) -> list[Check]:
    c, a, t = (x.mean(axis=1) for x in (choose, avoid, latency))
    law = 1 / np.sqrt(np.asarray(tonic_level(jnp.asarray(_LEFT))))
    return [
        at_most("choosing A at 50 % less intact", -0.02, c[2] - c[0]),
        at_most("greatest step of choosing A with loss", 0.01, np.diff(c).max()),
        at_least("avoiding B less choosing A, at 80 % less intact", 0.05, (a - c)[4] - (a - c)[0]),
        agree("latency over intact: 1/√tone of the lesion", law, t / t[0], 0.02),
        at_most("latency over intact at 50 %", 1.05, t[2] / t[0]),
        equal("latency over intact at 95 %", 1.333, t[-1] / t[0], 0.08),
    ]


def _band(label: str, values: np.ndarray, color: int):
    low, high = np.quantile(values, [0.025, 0.975], axis=1)
    return line(_LOST, values.mean(axis=1), label, low=low, high=high, color=color)


def _sure(label: str, values: np.ndarray, color: int):
    mean, error = values.mean(axis=1), 1.96 * values.std(axis=1) / np.sqrt(values.shape[1])
    return line(_LOST, mean, label, low=mean - error, high=mean + error, color=color)


def _dopamine(seen: dict) -> Panel:
    marks = [
        _band("tonic", seen["tonic"] / seen["tonic"][0], 0),
        _band("burst", seen["burst"] / seen["burst"][0], 1),
        _band("left after a pause (of tonic)", seen["pause_left"], 2),
    ]
    return Panel("Dopamine", "nigral cells lost", "relative to intact", marks, zero=True)


def _drives(seen: dict) -> Panel:
    d1, d2 = (seen[n].mean(axis=1) for n in ("d1_drive", "d2_drive"))
    go = rates(Drive(d1, d2), Drive(d1[0], d2[0]))
    marks = [
        _band("D1 drive (1/s)", seen["d1_drive"], 0),
        _band("D2 drive (1/s)", seen["d2_drive"], 1),
        line(_LOST, go.go, "α_G (times intact)", color=2),
        line(_LOST, go.nogo, "α_N (times intact)", color=3),
    ]
    return Panel("Both pathways", "nigral cells lost", "drive and learning rates", marks, zero=True)


def _learning(choose: np.ndarray, avoid: np.ndarray) -> Panel:
    marks = [_sure("choose A", choose, 0), _sure("avoid B", avoid, 1)]
    return Panel("Pairs never trained", "nigral cells lost", "probability", marks)


def _vigour(latency: np.ndarray) -> Panel:
    grid = np.linspace(0, 0.95, 96)
    marks = [
        points(_LOST, latency.mean(axis=1) / latency[0].mean(), "latency", color=0),
        theory(grid, 1 / np.sqrt(np.asarray(tonic_level(jnp.asarray(1 - grid)))), "1/√tone"),
        line(
            grid,
            1 / np.asarray(burst_gain(jnp.asarray(1 - grid))),
            "1/burst, for comparison",
            color=1,
        ),
    ]
    return Panel("Vigour", "nigral cells lost", "times intact", marks, log="y")
