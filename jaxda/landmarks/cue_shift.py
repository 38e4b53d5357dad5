"""Three ways to treat the interval before a cue, and what each leaves of the burst at it."""

from typing import ClassVar

import numpy as np

from ..theory import cue
from ..theory.wave import errors
from ._base import AbstractLandmark, Check, Measured, Panel, agree, equal, line, theory
from ._play import agent, play, task


_DELAY, _GAMMA = 10, 0.9
# Rates from which the limit of slow learning is taken, and one to be seen.
_RATES, _SEEN = cue.rates_towards_zero(10, 0.05, 0.4), 0.2
_CYCLES, _ITI = 4_000, 20


class CueShift(AbstractLandmark):
    """Discounted with the interval pinned, discounted and learned, and average-reward TD.

    The limit of slow learning is extrapolated from ten learning rates, each run until nothing
    changes any more, with intervals that all last as long as they do on average: what a state
    expects depends on how often it is followed by what, not on the order.
    """

    title: ClassVar = "The burst at the cue depends on the interval before it"
    claim: ClassVar = (
        "With the interval pinned at 0 the burst ends as gamma^(K+1) R. A discounted model that "
        "learns the interval keeps the share (1 - gamma)(1 - h) / (1 - gamma (1 - h)) of it, h = "
        "1 / mean interval. Average-reward TD keeps R (1/h - 1) / (K + 1 + 1/h)."
    )
    source: ClassVar = (
        "Schultz, Dayan & Montague 1997, Science 275:1593; "
        "Daw & Touretzky 2002, Neural Comput. 14:2567"
    )
    models: ClassVar = ("td_zero", "average_reward_td")
    caution: ClassVar = (
        "That the interval is not learned is an assumption of the first model. With short "
        "intervals the second has almost no burst, which recordings do not show."
    )

    def measure(self) -> Measured:
        checks: list[Check] = _pinned_checks()
        limit = {(m, iti): _run(m, iti) for m in ("learned", "average") for iti in (5, _ITI)}
        for (model, iti), found in limit.items():
            law = cue.learned(_DELAY, _GAMMA, iti)
            if model == "average":
                law = cue.average_reward(_DELAY, iti)
            interval, burst, rest = np.split(cue.at_zero(_RATES, found[-1]), (iti - 1, iti))
            where = f"{model}, interval of {iti}"
            checks.append(equal(f"{where}: burst at the cue", law.burst, burst, 1e-9))
            checks.append(
                agree(f"{where}: bins without a cue", 0 * interval + law.stay, interval, 1e-9)
            )
            checks.append(agree(f"{where}: all other errors", 0 * rest, rest, 1e-9))
            if model == "learned":
                share = {5: 0.2857, _ITI: 0.6552}[iti]
                got = float(burst[0]) / (_GAMMA * law.cue)
                checks.append(equal(f"{where}: burst as a share of γV(cue)", share, got, 5e-5))
        runs = {
            "Interval pinned at 0": (_run("pinned", _ITI), cue.pinned(_DELAY, _GAMMA)),
            "Interval learned": (limit["learned", _ITI], cue.learned(_DELAY, _GAMMA, _ITI)),
            "Average reward": (limit["average", _ITI], cue.average_reward(_DELAY, _ITI)),
        }
        panels = [_panel(title, *run) for title, run in runs.items()]
        caption = (
            f"Errors in one deterministic session of td_zero (γ = {_GAMMA} per bin; interval "
            f"pinned, then learned) and average_reward_td (R learned at 0.05 α), α = "
            f"{_RATES.min():.3f}, a reward of 1 {_DELAY} bins after the cue, intervals of {_ITI} "
            "bins. Dashed: slow learning, exact (Schultz et al. 1997; Daw & Touretzky 2002)."
        )
        return Measured(checks, panels, caption)


def _run(model: str, iti: int) -> np.ndarray:
    """Errors `[cycles, bins, rates]` with intervals of `iti` bins."""
    values = {"model.alpha": _RATES}
    if model == "average":
        who = agent("average_reward_td")
        values["model.alpha_r"] = 0.05 * _RATES
    else:
        who = agent("td_zero", gamma=_GAMMA, iti=model)
    what = task("pavlovian_trace", delay=_DELAY, omission=0.0, iti=iti, interval="fixed")
    keep = lambda event, readout: readout.rpe[0]
    n_events, n = what.events_for(_CYCLES), len(_RATES)
    found = play(who, what, n_events, keep, name="cue_shift", n_agents=n, values=values)
    return found.reshape(_CYCLES, -1, n)


def _pinned_checks() -> list[Check]:
    what = task("pavlovian_trace", delay=_DELAY, omission=0.0)
    keep = lambda event, readout: readout.rpe[0]
    who = agent("td_zero", alpha=_SEEN, gamma=_GAMMA)
    found = play(who, what, what.events_for(400), keep, name="cue_shift").reshape(400, -1)
    at_cue, at_reward = found[:, 0], found[:, -1]
    law = errors(400, _DELAY, _SEEN, _GAMMA, 0.0)
    known = {0: 0.0, 30: 0.008039, 50: 0.130683, 60: 0.212323, 80: 0.296093, 100: 0.312023}
    return [
        agree("pinned: error of every state and trial", law, found, 1e-12),
        equal("pinned: burst at the cue, γ^(K+1)", _GAMMA ** (_DELAY + 1), at_cue[-1], 1e-9),
        agree(
            f"pinned, α = {_SEEN}: burst after {', '.join(map(str, known))} trials",
            list(known.values()),
            at_cue[list(known)],
            5e-7,
        ),
        equal(
            "pinned: trials before the cue exceeds the reward",
            27,
            np.argmax(at_cue > at_reward),
            0,
        ),
        equal(
            "pinned: trials to half the burst",
            54,
            np.argmax(at_cue > at_cue[-1] / 2),
            0,
        ),
    ]


def _panel(title: str, found: np.ndarray, law: cue.Cue) -> Panel:
    slow = int(np.argmin(_RATES))
    before = 6
    shown = found[:, _ITI - before :, slow]
    # The transition into the cue is at 0.
    bins = np.arange(shown.shape[1]) - (before - 1)
    expected = np.where(bins < 0, law.stay, np.where(bins == 0, law.burst, 0.0))
    marks = [line(bins, shown[n], f"trial {n + 1:,}") for n in (0, 100, 200, _CYCLES - 1)]
    marks.append(theory(bins, expected, "slow learning"))
    return Panel(
        title,
        "time since the cue (bins; reward at 11)",
        "prediction error δ (rewards)",
        marks,
        zero=True,
    )
