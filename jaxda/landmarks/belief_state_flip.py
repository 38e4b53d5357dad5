"""The response to a reward falls with its delay if it is sure to come, and rises if it may not."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ._base import AbstractLandmark, Measured, Panel, at_least, at_most, equal, line
from ._play import agent, play, task


_AGENTS, _TRIALS, _LEARNED = 48, 3000, 1500
# Bins from the odour to the reward, and seconds.
_BINS = np.arange(6, 15)
_TIMES = 0.2 * _BINS
_SLOPES = {0.0: -0.080, 0.1: 0.249}
_ENDS = {0.0: (0.126, 0.0), 0.1: (0.223, 0.697)}


class BeliefStateFlip(AbstractLandmark):
    """Mean error at the reward by its time, with all rewards and with one in ten withheld."""

    title: ClassVar = "The time course of the reward response flips with its certainty"
    claim: ClassVar = (
        "If every odour is rewarded, a later reward surprises less; if one in ten is not, the "
        "belief that none will come grows while waiting, and a later reward surprises more."
    )
    source: ClassVar = "Starkweather et al. 2017, Nat. Neurosci. 20:581"
    models: ClassVar = ("belief_state",)
    caution: ClassVar = (
        "The animal is told how trials are made. Learning rate and discount are not those of the "
        "publication, and slopes are of the model: the cells' are in spikes per second."
    )

    def measure(self) -> Measured:
        checks, marks = [], []
        for omission, slope in _SLOPES.items():
            found = _responses(omission)
            mean = found.mean(axis=1)
            label = f"{100 * (1 - omission):.0f} % rewarded"
            slopes = np.polyfit(_TIMES, found, 1)[0]
            first, last = _ENDS[omission]
            checks += [
                equal(f"slope, {label} (per s)", slope, slopes.mean(), 0.15 * abs(slope)),
                equal(f"response at 1.2 s, {label}", first, mean[0], 0.02),
                equal(f"response at 2.8 s, {label}", last, mean[-1], 0.02),
            ]
            # The sign is that of every agent.
            if slope < 0:
                checks.append(at_most(f"largest slope of an agent, {label}", 0, slopes.max()))
            else:
                checks.append(at_least(f"smallest slope of an agent, {label}", 0, slopes.min()))
            low, high = np.percentile(found, [2.5, 97.5], axis=1)
            marks.append(line(_TIMES, mean, label, low=low, high=high))
        panel = Panel(
            "Response to the reward",
            "time of the reward since the odour (s)",
            "prediction error δ (rewards)",
            marks,
            zero=True,
        )
        caption = (
            f"TD on beliefs, α = 0.1, γ = 0.98 per bin of 0.2 s; reward after N(2 s, 0.5 s) on "
            f"1.2 ... 2.8 s, an odour with 1/65 per bin of the interval. Mean over {_AGENTS} agents"
            f" of the rewards after about {_LEARNED} of about {_TRIALS} trials; bands hold 95 % of "
            "the agents."
        )
        return Measured(checks, [panel], caption)


def _responses(omission: float) -> np.ndarray:
    """Mean error at a reward after learning, `[time, agent]`."""
    delays = task("uncertain_delay", omission=omission)
    # An interval of 65 bins on average, after an odour and ten bins of waiting.
    per_trial = 75
    keep = lambda event, readout: (
        jnp.where(event.reward > 0, event.cue, 0).astype(jnp.int8),
        readout.rpe[0].astype(jnp.float32),
    )
    paid, error = play(
        agent("belief_state", alpha=0.1, gamma=0.98, omission=omission),
        delays,
        per_trial * _TRIALS,
        keep,
        name="belief_state_flip",
        n_agents=_AGENTS,
    )
    paid, error = (x[per_trial * _LEARNED :] for x in (paid, error))
    return np.stack([_mean(error, paid == k) for k in _BINS])


def _mean(x: np.ndarray, where: np.ndarray) -> np.ndarray:
    return np.where(where, x, 0).sum(axis=0, dtype=float) / where.sum(axis=0)
