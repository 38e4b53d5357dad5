"""Beside a cliff: what the next step is worth, for one who may fall (Sutton & Barto 2018)."""

import math
from typing import ClassVar

import numpy as np

from ..theory.choice import edge_value
from ._base import AbstractLandmark, Measured, Panel, at_most, equal, line, theory
from ._play import agent, play, task


# Of the two actions at the edge the wrong one is taken once in ten.
_GAMMA, _SLIP = 0.9, 0.1
_BETA = math.log((1 - _SLIP) / _SLIP) / 2
_LEARNERS = ("q_learning", "sarsa", "expected_sarsa")
_AGENTS, _EVENTS, _KEPT = 2000, 1500, 500


class OnPolicyGap(AbstractLandmark):
    """Value of walking to the edge, by three learners."""

    title: ClassVar = "On or off policy: beside a cliff"
    claim: ClassVar = (
        "With one misstep in ten, SARSA and expected SARSA value the edge at .72 and Q-learning at "
        ".9: only the latter prefers it to a detour worth .8."
    )
    source: ClassVar = "Sutton & Barto 2018, example 6.6; Rummery & Niranjan 1994"
    models: ClassVar = ("q_learning", "sarsa", "expected_sarsa")
    caution: ClassVar = (
        "The value of SARSA is .72 on average over visits. Over all trials it lies lower, because "
        "what has just gone wrong is tried less often (Denrell & March 2001)."
    )

    def measure(self) -> Measured:
        checks, marks = [], []
        on, off = edge_value(_GAMMA, 1.0, -1.0, _SLIP), edge_value(_GAMMA, 1.0, -1.0, 0.0)
        checks += [equal("on policy", 0.72, on, 1e-12), equal("off policy", 0.9, off, 1e-12)]
        for name in _LEARNERS:
            edge, detour = _values(name)
            last = edge[-_KEPT:].mean(), detour[-_KEPT:].mean()
            expected = off if name == "q_learning" else on
            label = name.replace("_", " ").replace("sarsa", "SARSA").replace("q l", "Q-l")
            checks.append(equal(f"{label}: the edge", expected, last[0], 0.01))
            checks.append(equal(f"{label}: the detour", 0.8, last[1], 1e-6))
            marks.append(line(np.arange(1, 401, 2), edge[:400:2], label))
        safer = checks[4].got - checks[5].got, checks[2].got - checks[3].got
        checks.append(at_most("SARSA: edge less detour", -0.05, safer[0]))
        checks.append(at_most("Q-learning: detour less edge", -0.05, -safer[1]))
        for value, label in ((off, "off policy, .9"), (0.8, "detour, .8"), (on, "on policy, .72")):
            marks.append(theory((1, 400), (value, value), label))
        panel = Panel("The short way beside a cliff", "step", "value of walking to the edge", marks)
        caption = (
            f"Means of {_AGENTS} agents per learner with rate .2, discount {_GAMMA:g} and β = "
            f"{_BETA:.3f}, at which the wrong step at the edge (−1 instead of +1) is taken in one "
            "of ten; at each step, of the agents that walk to the edge. Steps count both events "
            "of a walk. Dashed: exact values."
        )
        return Measured(checks, [panel], caption)


def _values(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean values of the edge and of the detour per event, over the agents that now go there."""
    rates = {"alpha_pos": 0.2, "alpha_neg": 0.2} if name == "q_learning" else {"alpha": 0.2}
    q, cue, action = play(
        agent(name, gamma=_GAMMA, beta=_BETA, q0=0.0, **rates),
        task("cliff"),
        _EVENTS,
        lambda event, readout: (readout.latents["q"], event.cue, event.action),
        name=f"on_policy_gap, {name}",
        n_agents=_AGENTS,
    )
    went = [(cue == 0) & (action == a) for a in (0, 1)]
    mean = lambda x, at: np.where(at, x, 0.0).sum(axis=1) / np.maximum(at.sum(axis=1), 1)
    return mean(q[:, 0], went[0]), mean(q[:, 1], went[1])
