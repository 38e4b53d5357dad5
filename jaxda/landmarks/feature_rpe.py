"""Channels that differ at a cue and agree on a reward (Lee et al. 2024)."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ..types import Env, Event
from ._base import AbstractLandmark, Measured, Panel, agree, at_least, at_most, bars, equal
from ._play import agent, play, replay, task


_F, _TRIALS, _ALPHA, _GAMMA = 8, 402, 0.1, 0.9
# Loadings of three cues on the features: each cell sees the cues in a way of its own.
_CUES = np.round(np.abs(np.sin(1.7 * np.arange(1, 3 * _F + 1))).reshape(3, _F), 2)
_PAYS = (1.0, 0.5, 0.0)


class FeatureRPE(AbstractLandmark):
    """Responses of all channels to three cues and to an unpredicted reward."""

    title: ClassVar = "Different at the cue, alike at the reward"
    claim: ClassVar = (
        "The errors of the features add up to the scalar error exactly; once cues are learned, "
        "channels respond to them each in its own way, and to an unpredicted reward all alike."
    )
    source: ClassVar = "Lee, Sagiv, Engelhard, Witten & Daw 2024, Nat. Neurosci. 27:1574"
    models: ClassVar = ("feature_rpe",)
    caution: ClassVar = (
        "The equal split of the reward is the simplest choice that makes channels add up; the "
        "split of the paper was not confirmed. A reward that its cue predicts is not shared "
        "equally here, as each channel subtracts its own prediction."
    )

    def measure(self) -> Measured:
        checks = [agree("sum of channels and scalar error", *_sums(), 1e-12)]
        found = _responses()
        at_cues, at_reward = found[:3], found[3]
        total = at_cues.sum(axis=1)
        checks += [
            agree("sum over channels at the cues", _GAMMA * np.array(_PAYS), total, 1e-3),
            equal("unpredicted reward, farthest channel from r / F", 0.0, _off(at_reward), 1e-12),
            at_least("spread over channels at cue 1 (sd over mean)", 0.5, _spread(at_cues[0])),
            at_most("spread over channels at the reward (sd over mean)", 1e-9, _spread(at_reward)),
        ]
        places = np.arange(_F)
        ticks = [str(i + 1) for i in places]
        cues = [
            bars(places, y, f"cue {i + 1}: reward {p:g}")
            for i, (y, p) in enumerate(zip(at_cues, _PAYS, strict=True))
        ]
        label = "error of the channel δ (rewards)"
        panels = [
            Panel("Coming on of a learned cue", "channel", label, cues, ticks=ticks, zero=True),
            Panel(
                "A reward that nothing predicted",
                "channel",
                label,
                [bars(places, at_reward, "reward 1 in the interval")],
                ticks=ticks,
                zero=True,
            ),
        ]
        caption = (
            f"Feature-specific errors with {_F} features, α = {_ALPHA}, γ = {_GAMMA} per step, one "
            f"deterministic record of {_TRIALS} trials in which three cues, each a fixed pattern "
            "over the features, come on in turn and end with rewards of 1, 0.5 and 0; then each "
            "cue once more, and a reward without a cue. Channels add up to the scalar error."
        )
        return Measured(checks, panels, caption)


def _spread(x: np.ndarray) -> float:
    return float(np.std(x) / np.mean(x))


def _off(x: np.ndarray) -> float:
    return float(np.max(np.abs(x - 1 / _F)))


def _sums() -> tuple[np.ndarray, np.ndarray]:
    """Scalar errors from the values of sessions of many features, and sums of channels."""
    what = task("sensory_preconditioning")
    who = agent("feature_rpe", alpha=_ALPHA, gamma=_GAMMA, w0=0.3)
    keep = lambda event, readout: (event, readout.latents["weight"], readout.rpe)
    event, weight, rpe = play(who, what, what.n_events, keep, name="feature_rpe", n_agents=20)
    table = np.array(what.env.features)
    worth = lambda state: np.sum(np.moveaxis(table[state], 2, 1) * weight, axis=1)
    ahead = np.where(event.terminal, 0.0, worth(event.successor))
    return event.reward + _GAMMA * ahead - worth(event.cue), rpe.sum(axis=1)


def _responses() -> np.ndarray:
    """Errors of all channels at the coming on of three cues and at a free reward, `[4, F]`."""
    env = Env(
        n_cues=4,
        n_items=1,
        n_actions=1,
        acts=False,
        features=((0.0,) * _F, *map(tuple, _CUES.tolist())),
    )
    # Two events per trial: the interval, which ends as the cue comes on, and the cue.
    cue = np.append(np.arange(_TRIALS) % 3, -1)
    n = 2 * len(cue)
    state = np.zeros(n, int)
    state[1::2] = cue + 1
    reward = np.zeros(n)
    reward[1::2] = [(*_PAYS, 0.0)[c] for c in cue]
    reward[-2] = 1.0
    column = lambda x, dtype: jnp.asarray(np.broadcast_to(x, (n,))[:, None], dtype)
    events = Event(
        cue=column(state, int),
        options=None,
        onset=column(np.arange(n) % 2 == 0, bool),
        action=column(0, int),
        choice=column(False, bool),
        latency=column(1.0, float),
        reward=column(reward, float),
        successor=column(np.append(state[1:], 0), int),
        terminal=column(np.arange(n) % 2 == 1, bool),
        feedback=column(True, bool),
        elapsed=column(1.0, float),
        valid=column(True, bool),
    )
    who = agent("feature_rpe", alpha=_ALPHA, gamma=_GAMMA)
    rpe = replay(who, env, events, lambda event, readout: readout.rpe)
    return rpe[[-8, -6, -4, -2], :, 0]
