"""A value-free habit: its error is of action, and no reward can teach it (Miller et al. 2019)."""

from typing import ClassVar

import numpy as np

from ..theory.choice import action_error
from ..types import pick
from ._base import AbstractLandmark, Measured, Panel, agree, at_most, equal, line, points, theory
from ._play import agent, play, replay, task
from ._records import TWO_ARMS, random_choices


_SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_EVENTS, _KEPT, _AGENTS, _TRIALS = 300, 150, 500, 200


class ActionErrors(AbstractLandmark):
    """Size of the error by how settled behaviour is, and what reward does to it."""

    title: ClassVar = "Errors of action teach habits, not values"
    claim: ClassVar = (
        "The error of the action taken settles at 2q(1 - q) where one of two actions is taken with "
        "probability q, and fades as behaviour becomes stereotyped; rewards alone teach nothing."
    )
    source: ClassVar = (
        "Miller, Shenhav & Ludvig 2019, Psychol. Rev. 126:292; Greenstreet et al. 2025, Nature 643"
    )
    models: ClassVar = ("action_prediction_error",)
    caution: ClassVar = (
        "That dopamine in the tail of the striatum carries such an error is recent, and found in "
        "mice that learn to tell sounds apart."
    )

    def measure(self) -> Measured:
        share = np.array(_SHARES)
        events = random_choices(_SHARES, _EVENTS, _AGENTS, 0.0, name="action_prediction_error")
        keep = lambda event, readout: abs(pick(readout.rpe, event.action))
        error = replay(agent("action_prediction_error"), TWO_ARMS, events, keep)
        late = error[-_KEPT:].reshape(_KEPT, len(_SHARES), _AGENTS).mean(axis=(0, 2))
        checks = [
            agree(
                "size of the error of the action taken, 2q(1 − q)", action_error(share), late, 0.005
            )
        ]

        good, size = play(
            agent("action_prediction_error", alpha=0.1, beta=6.0),
            task("bandit", p=(0.9, 0.1)),
            _TRIALS,
            lambda event, readout: (event.action == 0, abs(pick(readout.rpe, event.action))),
            name="action_prediction_error",
            n_agents=4000,
        )
        chosen, fading = good.mean(axis=1), size.mean(axis=1)
        checks.append(
            equal("chooses the arm that pays .9, trials 101 to 200", 0.5, chosen[100:].mean(), 0.02)
        )
        checks.append(
            at_most(
                "error in the last 20 trials over the first 20",
                0.5,
                fading[-20:].mean() / fading[:20].mean(),
            )
        )

        trial = np.arange(1, _TRIALS + 1)
        panels = [
            Panel(
                "Watching choices of a fixed policy",
                "probability of the more frequent action, q",
                "size of the error, action taken",
                [points(share, late, "agents"), theory(share, action_error(share), "2q(1 − q)")],
            ),
            Panel(
                "Left to itself",
                "trial",
                "probability, or size of the error",
                [line(trial, chosen, "chooses the arm that pays .9"), line(trial, fading, "error")],
                zero=True,
            ),
        ]
        caption = (
            "Action prediction errors, α = .1. Left: shown records of random choices, mean of the "
            f"last {_KEPT} of {_EVENTS} trials and {_AGENTS} records. Right: 4000 agents, β = 6, "
            "on a bandit that pays with .9 and .1; each settles on an arm, no more often the "
            "better one."
        )
        return Measured(checks, panels, caption)
