"""What cue and reward evoke when time is told from decaying traces."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ._base import AbstractLandmark, Check, Measured, Panel, at_least, at_most, equal, line
from ._play import agent, play, replay, task


_DELAYS = (20, 40, 80)
_TAIL, _EARLY, _LATE, _DT = 60, 500, 5000, 0.05
# By delay: cue and reward after 500 trials, the same after 5000, then the dip and its lag.
_TABLE = {
    20: (0.606, 0.217, 0.6325, 0.0775, -0.065, 8),
    40: (0.387, 0.261, 0.4237, 0.0927, -0.051, 10),
    80: (0.172, 0.347, 0.1854, 0.1394, -0.033, 14),
}


class MicrostimuliResponses(AbstractLandmark):
    """Errors after 500 and 5000 trials at three delays, without the reward, and with it early."""

    title: ClassVar = "Blurred time: both responses stay, and omission leaves a late shallow dip"
    claim: ClassVar = (
        "Microstimuli have no travelling bump; the cue's response falls and the reward's rises "
        "with the delay; a missing reward leaves a small dip that comes later and lasts longer "
        "the longer the delay, and an early one leaves next to none at the usual time."
    )
    source: ClassVar = "Ludvig, Sutton & Kehoe 2008, Neural Comput. 20:3034"
    models: ClassVar = ("microstimuli",)

    def measure(self) -> Measured:
        early, late, dip, advanced = _errors()
        checks: list[Check] = []
        for i, delay in enumerate(_DELAYS):
            row = _TABLE[delay]
            near = lambda what, expected, got, delay=delay: equal(
                f"{what}, reward after {delay} bins", expected, got, 0.02 * abs(expected)
            )
            at = int(np.argmin(dip[:, i]))
            checks += [
                near("cue after 500 trials", row[0], early[0, i]),
                near("reward after 500 trials", row[1], early[delay, i]),
                near("cue after 5000 trials", row[2], late[0, i]),
                near("reward after 5000 trials", row[3], late[delay, i]),
                near("dip without the reward", row[4], dip[at, i]),
                equal(f"lag of the dip, reward after {delay} bins", row[5], at - delay, 0),
            ]
        inside = [np.abs(x[1:d, i]).max() for i, d in enumerate(_DELAYS) for x in (early, late)]
        wide = (dip < dip.min(axis=0) / 2).sum(axis=0)
        checks += [
            at_most("largest error between cue and reward", 0.06, np.max(inside)),
            at_least("least gain in width of the dip (bins)", 1, np.diff(wide).min()),
            equal("reward 20 bins early, after 500 trials", 0.302, advanced[20], 0.02 * 0.302),
            equal("at the usual time after that", -0.021, advanced[40], 0.001),
        ]
        after = np.arange(-1, len(late) - 1) * _DT
        seconds = "time since the cue came on (s)"
        error = "prediction error δ (rewards)"
        # The error of the cue is that of entering its first bin.
        shown = lambda x, stop: (after[1:stop], x[: stop - 1])
        name = lambda delay: f"reward after {delay * _DT:g} s"
        panels = [
            Panel(
                f"After {n} trials",
                seconds,
                error,
                [line(*shown(x[:, i], 100), name(d)) for i, d in enumerate(_DELAYS)],
                zero=True,
            )
            for n, x in ((_EARLY, early), (_LATE, late))
        ]
        panels += [
            Panel(
                "Without the reward",
                seconds,
                error,
                [line(*shown(dip[:, i], 140), name(d)) for i, d in enumerate(_DELAYS)],
                zero=True,
            ),
            Panel(
                "Reward after 1 s instead of 2 s",
                seconds,
                error,
                [
                    line(*shown(early[:, 1], 100), "at the usual time"),
                    line(*shown(advanced, 100), "early"),
                ],
                zero=True,
            ),
        ]
        caption = (
            "TD(λ) on 50 microstimuli of the cue and 50 of the reward, α = 0.01, γ = 0.98, λ = "
            "0.95, d = 0.985 per bin of 50 ms, σ = 0.08; traces start anew in each trial and run "
            f"on for {_TAIL * _DT:g} s past the longest delay. One deterministic session per "
            "delay. First bins hold the error on entering the cue. Without the reward: one "
            f"trial after {_LATE}; early reward: one trial after {_EARLY}."
        )
        return Measured(checks, panels, caption)


def _errors() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Errors by bin `[bins, delay]` of trials 501, 5001 and 5002, which has no reward.

    The last are the errors `[bins]` of trial 501 with the reward of 40 bins after 20.
    """
    # One line as long as the longest delay; in each session the reward has its own place.
    line_ = task("variable_delay", delays=(max(_DELAYS) * _DT,), dt=_DT, tail=_TAIL)
    learner = agent("microstimuli", alpha=0.01, gamma=0.98, lam=0.95, d=0.985, sigma=0.08, m=50)
    keep = lambda event, readout: event
    bins = line_.events_per_trial
    trial = play(learner, line_, bins, keep, name="microstimuli_responses")
    usual = (*_DELAYS, 40)
    reward = np.zeros((_LATE + 2, bins, len(usual)))
    for i, delay in enumerate(usual):
        reward[:, delay, i] = 1
    reward[_LATE + 1] = 0
    reward[_EARLY, :, -1] = np.arange(bins) == 20
    many = lambda x: jnp.asarray(np.tile(x, (_LATE + 2, len(usual))))
    events = jax.tree.map(many, trial)
    rewards = jnp.asarray(reward.reshape(-1, len(usual)))
    events = eqx.tree_at(lambda e: e.reward, events, rewards)
    error = replay(learner, line_.env, events, lambda event, readout: readout.rpe[0])
    error = error.reshape(_LATE + 2, bins, -1)
    n = len(_DELAYS)
    # Past its end a trial is worth nothing; the error of that is none of the reward's.
    dip = error[_LATE + 1, :-1, :n]
    return error[_EARLY, :, :n], error[_LATE, :, :n], dip, error[_EARLY, :, n]
