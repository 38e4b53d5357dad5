"""Responses to a cue fall, and to the reward rise, with the delay (Kobayashi & Schultz 2008)."""

from typing import ClassVar

import numpy as np

from ._base import AbstractLandmark, Measured, Panel, agree, at_least, at_most, points, theory
from ._play import agent, play, task


_DT, _GAMMA, _TRIALS, _LATE, _AGENTS = 0.2, 0.98, 1_500, 300, 8


class DelayDiscounting(AbstractLandmark):
    """Late responses to four cues and to their rewards, 2 to 16 s apart."""

    title: ClassVar = "Delayed rewards: less at the cue, more at the reward"
    claim: ClassVar = (
        "The response to a cue is discounted by gamma per bin of its delay. With a delay line "
        "nothing is left at the reward; where time is told from decaying traces, the response to "
        "the reward grows with the delay."
    )
    source: ClassVar = (
        "Kobayashi & Schultz 2008, J. Neurosci. 28:7837; microstimuli of Ludvig et al. 2008"
    )
    models: ClassVar = ("td_zero", "microstimuli")
    caution: ClassVar = (
        "Recorded responses to cues fall like a hyperbola, 1 / (1 + kD), steeply at first and then "
        "little; models with one discount factor fall exponentially."
    )

    def measure(self) -> Measured:
        what = task("variable_delay", dt=_DT, tail=30)
        delays, bins = np.asarray(what.delays), np.asarray(what.bins)
        lined = _late(what, agent("td_zero", alpha=0.6, gamma=_GAMMA))
        blurred = _late(
            what, agent("microstimuli", alpha=0.05, gamma=_GAMMA, lam=0.95, d=0.97, m=20)
        )
        discounted = _GAMMA ** bins.astype(float)
        checks = [
            agree("delay line: cues, γ^(D / dt)", discounted, lined[0], 1e-6),
            agree("delay line: rewards", np.zeros(4), lined[1], 1e-6),
            at_most(
                "microstimuli: least fall at the cue, 2 to 16 s", -0.1, np.diff(blurred[0]).max()
            ),
            at_least("microstimuli: least rise at the reward", 0.005, np.diff(blurred[1]).min()),
            at_least("microstimuli: rise at the reward, 2 to 16 s", 0.05, np.ptp(blurred[1])),
        ]
        fine = np.linspace(delays[0], delays[-1], 100)
        k = np.linspace(0.005, 1, 2_000)
        miss = ((1 / (1 + np.outer(k, delays)) - discounted) ** 2).sum(axis=1)
        nearest = k[np.argmin(miss)]
        words = "delay D from cue to reward (s)", "prediction error δ (rewards)"
        panels = [
            Panel(
                name,
                *words,
                [
                    points(delays, lined[i], "delay line (td_zero)"),
                    points(delays, blurred[i], "microstimuli"),
                    *curves,
                ],
                zero=True,
            )
            for i, (name, curves) in enumerate(
                (
                    (
                        "At the cue",
                        [
                            theory(fine, _GAMMA ** (fine / _DT), "γ^(D / dt)"),
                            theory(fine, 1 / (1 + nearest * fine), "nearest hyperbola"),
                        ],
                    ),
                    ("At the reward", []),
                )
            )
        ]
        caption = (
            f"Four cues at random, one reward size; mean error in the last {_LATE} of {_TRIALS:,} "
            f"trials of {_AGENTS} sessions, which differ too little to show. γ = {_GAMMA} per bin "
            f"of {_DT} s, interval pinned at 0; td_zero: α = 0.6; microstimuli: α = 0.05, λ = "
            "0.95, d = 0.97 per bin, σ = 0.08, 20 per stimulus. The hyperbola nearest to the "
            f"exponential is 1 / (1 + {nearest:.2f} D)."
        )
        return Measured(checks, panels, caption)


def _late(what, who) -> np.ndarray:
    """Mean late errors `[cue and reward, delays]`."""
    keep = lambda event, readout: (readout.rpe[0], event.cue)
    n_events = what.events_for(_TRIALS)
    played = play(who, what, n_events, keep, name="delay_discounting", n_agents=_AGENTS)
    errors, states = (x.reshape(_TRIALS, -1, _AGENTS)[-_LATE:] for x in played)
    shown = [states[:, 1] == first for first in what.first]
    return np.array(
        [
            [errors[:, 0][s].mean() for s in shown],
            [errors[:, n][s].mean() for s, n in zip(shown, what.bins, strict=True)],
        ]
    )
