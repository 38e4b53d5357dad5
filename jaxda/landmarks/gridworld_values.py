"""The value of a place is discounted by its distance from the goal."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ..theory.choice import grid_values
from ._base import AbstractLandmark, Measured, Panel, agree, at_most, line, points, theory
from ._play import agent, play, task


_SIZE, _GAMMA = 5, 0.95
_AGENTS, _EVENTS = 20, 8000
_WALKERS, _TRIALS = 100, 60


class GridworldValues(AbstractLandmark):
    """Learned values of every place, and how many steps a learner needs."""

    title: ClassVar = "Values on a grid"
    claim: ClassVar = (
        "Q-learning that wanders at random finds the best value of every place, gamma^(d - 1) at "
        "d steps from the goal; one that follows its values finds the shortest way."
    )
    source: ClassVar = "Watkins & Dayan 1992, Mach. Learn. 8:279"
    models: ClassVar = ("q_learning", "sarsa", "expected_sarsa", "actor_critic")

    def measure(self) -> Measured:
        value, law = _wander(), grid_values(_SIZE, _GAMMA)
        checks = [
            agree("values of the places, γ^(d − 1)", np.tile(law[:-1, None], _AGENTS), value, 1e-6)
        ]
        marks = []
        for name, settings in _LEARNERS.items():
            steps = _steps(name, settings)
            label = name.replace("_", " ").replace("sarsa", "SARSA")
            checks.append(at_most(f"{label}: steps of trials 51 to 60", 10.0, steps[-10:].mean()))
            marks.append(line(np.arange(1, _TRIALS + 1), steps, label))
        shortest = 2 * (_SIZE - 1)
        marks.append(theory((1, _TRIALS), (shortest, shortest), "shortest way"))
        distance = np.round(1 + np.log(law[:-1]) / np.log(_GAMMA))
        order = np.argsort(distance)
        panels = [
            Panel(
                "What Q-learning finds",
                "steps from the goal",
                "value of a place (rewards)",
                [
                    points(distance[order], value[order, 0], "places, one agent"),
                    theory(distance[order], law[:-1][order], "γ^(d − 1)"),
                ],
            ),
            Panel("Finding the way", "trial", "steps to the goal", marks, log="y"),
        ]
        caption = (
            f"A grid of {_SIZE} × {_SIZE} places with a reward of 1 in one corner, γ = {_GAMMA}. "
            f"Left: largest value of each place after {_EVENTS} random steps (Q-learning, α = .5, "
            f"starts anywhere; all of {_AGENTS} agents agree). Right: mean steps per trial of 100 "
            "agents that begin in the opposite corner and follow their values: rates .5, β = 30; "
            "actor-critic α_A = .9, α_C = .3, β = 10 and traces of .8."
        )
        return Measured(checks, panels, caption)


_LEARNERS = {
    "q_learning": {"alpha_pos": 0.5, "alpha_neg": 0.5, "beta": 30.0, "q0": 0.0},
    "sarsa": {"alpha": 0.5, "beta": 30.0, "q0": 0.0},
    "expected_sarsa": {"alpha": 0.5, "beta": 30.0, "q0": 0.0},
    "actor_critic": {
        "alpha_a": 0.9,
        "alpha_c": 0.3,
        "beta": 10.0,
        "lam_v": 0.8,
        "lam_theta": 0.8,
    },
}


def _wander() -> np.ndarray:
    """Largest value of each place but the goal at its last visit, `[places, agents]`."""
    who = agent("q_learning", alpha_pos=0.5, alpha_neg=0.5, beta=0.0, q0=0.0, gamma=_GAMMA)
    cue, best = play(
        who,
        task("gridworld", size=_SIZE, start="anywhere"),
        _EVENTS,
        lambda event, readout: (event.cue, jnp.max(readout.latents["q"], axis=0)),
        name="gridworld_values",
        n_agents=_AGENTS,
    )
    out = np.full((_SIZE**2 - 1, _AGENTS), np.nan)
    for agent_, place in np.ndindex(_AGENTS, _SIZE**2 - 1):
        visits = np.flatnonzero(cue[:, agent_] == place)
        out[place, agent_] = best[visits[-1], agent_]
    return out


def _steps(name: str, settings: dict[str, float]) -> np.ndarray:
    """Mean steps to the goal of each of the first trials."""
    n = 2500
    terminal = play(
        agent(name, gamma=_GAMMA, **settings),
        task("gridworld", size=_SIZE),
        n,
        lambda event, readout: event.terminal,
        name=f"gridworld_values, {name}",
        n_agents=_WALKERS,
    )
    out = np.empty((_TRIALS, _WALKERS))
    for lane in range(_WALKERS):
        ends = np.flatnonzero(terminal[:, lane])[:_TRIALS]
        out[:, lane] = np.diff(ends, prepend=-1)
    return out.mean(axis=1)
