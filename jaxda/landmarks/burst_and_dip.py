"""Rewards unexpected, expected, left out and early (Schultz, Dayan & Montague 1997)."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ..types import Event
from ._base import AbstractLandmark, Measured, Panel, agree, equal, line
from ._play import agent, play, replay, task


_DELAY, _TAIL, _EARLY, _TRIALS, _ALPHA, _GAMMA, _DT = 10, 3, 4, 400, 0.2, 0.9, 0.2


class BurstAndDip(AbstractLandmark):
    """A session of rewards as expected, then one trial of each sort."""

    title: ClassVar = "A burst for the unexpected, a dip for what is left out"
    claim: ClassVar = (
        "After learning, an unannounced reward gives R, an expected one nothing, its omission "
        "-R at the usual time. A reward j bins early gives R and then -R if the delay line runs "
        "on, and R (1 - gamma^j) and no dip if the reward ends the expectation."
    )
    source: ClassVar = (
        "Schultz, Dayan & Montague 1997, Science 275:1593; "
        "Hollerman & Schultz 1998, Nat. Neurosci. 1:304"
    )
    models: ClassVar = ("td_zero",)
    caution: ClassVar = (
        "Recorded cells burst at an early reward and do not pause at the usual time: a delay line "
        "that runs on is wrong there. Recorded dips are also shallower than bursts, since firing "
        "cannot fall below zero."
    )

    def measure(self) -> Measured:
        learned = _trials(_TRIALS)
        probes = {
            "left out": {"omission": 1.0},
            "early, line runs on": {"early": _EARLY, "early_rate": 1.0},
            "early, line ends": {"early": _EARLY, "early_rate": 1.0, "reset": True},
            "no cue": {"unpredicted": 1.0},
        }
        bins = _DELAY + 2 + _TAIL
        lanes = {"expected": _joined((learned, jax.tree.map(lambda x: x[:bins], learned)), 0)}
        lanes |= {name: _joined((learned, _trials(1, **s)), 0) for name, s in probes.items()}
        env = task("pavlovian_trace", delay=_DELAY, tail=_TAIL).env
        keep = lambda event, readout: readout.rpe[0]
        who, events = agent("td_zero", alpha=_ALPHA, gamma=_GAMMA), _joined([*lanes.values()], -1)
        last = dict(zip(lanes, replay(who, env, events, keep)[-bins:].T, strict=True))
        at = np.arange(bins)
        due, soon, burst = _DELAY + 1, _DELAY + 1 - _EARLY, _GAMMA ** (_DELAY + 1)
        cue = burst * (at == 0)
        laws = {
            "expected": cue,
            "left out": cue - 1.0 * (at == due),
            "early, line runs on": cue + 1.0 * (at == soon) - 1.0 * (at == due),
            "early, line ends": cue + (1 - _GAMMA**_EARLY) * (at == soon),
            "no cue": 1.0 * (at == due),
        }
        checks = [agree(f"{name}: all errors", laws[name], last[name], 1e-9) for name in lanes]
        checks += [
            equal("burst at the cue, γ^(K+1)", burst, last["expected"][0], 1e-9),
            equal("unannounced reward, R", 1.0, last["no cue"][due], 1e-9),
            equal("omission, -R", -1.0, last["left out"][due], 1e-9),
            equal("4 bins early, line runs on", 1.0, last["early, line runs on"][soon], 1e-9),
            equal("... and then at the usual time", -1.0, last["early, line runs on"][due], 1e-9),
            equal("4 bins early, line ends, 1 - γ⁴", 0.3439, last["early, line ends"][soon], 1e-9),
        ]
        time = at * _DT
        words = "time since the cue (s)", "prediction error δ (rewards)"
        mark = lambda name, label="": line(time, last[name], label)
        usual = (_DELAY + 1) * _DT
        panels = [
            Panel(
                "Reward without a cue",
                "time since the cue would have come (s)",
                words[1],
                [mark("no cue")],
                zero=True,
            ),
            Panel(f"Reward as expected, at {usual:g} s", *words, [mark("expected")], zero=True),
            Panel("Reward left out", *words, [mark("left out")], zero=True),
            Panel(
                f"Reward {_EARLY * _DT:g} s early",
                *words,
                [
                    mark("early, line runs on", "delay line runs on"),
                    mark("early, line ends", "delay line ends"),
                ],
                zero=True,
            ),
        ]
        caption = (
            f"Errors of td_zero (α = {_ALPHA}, γ = {_GAMMA} per bin of {_DT} s, interval pinned at "
            f"0) in one trial after {_TRIALS} trials with a reward of 1 at {usual:g} s. "
            "Deterministic; each sort of trial follows the same session."
        )
        return Measured(checks, panels, caption)


def _trials(n: int, **settings: float) -> Event:
    what = task("pavlovian_trace", delay=_DELAY, tail=_TAIL, **{"omission": 0.0, **settings})
    keep = lambda event, readout: event
    return play(agent("td_zero"), what, what.events_for(n), keep, name="burst_and_dip")


def _joined(parts: list[Event] | tuple[Event, ...], axis: int) -> Event:
    return jax.tree.map(lambda *x: jnp.concatenate(x, axis=axis), *parts)
