"""Who stays after what, in the two-step task (Daw et al. 2011)."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ._base import AbstractLandmark, Measured, Panel, agree, at_least, at_most, bars, equal
from ._play import agent, play, task


_MEDIANS = {"alpha1": 0.54, "alpha2": 0.42, "lam": 0.57, "beta1": 5.19, "beta2": 3.69, "p": 0.11}
_PLAIN = {"alpha1": 0.5, "alpha2": 0.5, "lam": 1.0, "beta1": 5.0, "beta2": 5.0, "p": 0.0}
# Probability of repeating the first choice after a reward and a common transition, a reward
# and a rare one, no reward and a common one, no reward and a rare one.
_STAY = (
    ("medians, w = 0", _MEDIANS | {"w": 0.0}, (0.900, 0.894, 0.684, 0.682), 0.214, 0.003),
    ("medians, w = .39", _MEDIANS | {"w": 0.39}, (0.835, 0.783, 0.613, 0.665), 0.170, 0.052),
    ("medians, w = 1", _MEDIANS | {"w": 1.0}, (0.751, 0.595, 0.600, 0.748), -0.001, 0.153),
    ("plain, w = 0", _PLAIN | {"w": 0.0}, (0.908, 0.903, 0.569, 0.579), 0.331, 0.007),
    ("plain, w = 1", _PLAIN | {"w": 1.0}, (0.655, 0.442, 0.446, 0.650), 0.001, 0.208),
)
_AGENTS, _TRIALS = 4000, 201


class TwoStepStay(AbstractLandmark):
    """Stay probabilities of five kinds of agent."""

    title: ClassVar = "Two-step task: who stays after what"
    claim: ClassVar = (
        "A model-free agent repeats what was rewarded, whatever the transition; a model-based one "
        "heeds reward and transition together; a mixture does both. None earns more."
    )
    source: ClassVar = "Daw et al. 2011, Neuron 69:1204"
    models: ClassVar = ("two_step",)
    caution: ClassVar = (
        "Without eligibility (lambda = 0) a purely model-free agent shows a small interaction too, "
        "so an interaction alone is no sign of planning."
    )

    def measure(self) -> Measured:
        checks, marks = [], []
        found, earned = _stays()
        for (name, _, told, reward, interaction), cells in zip(_STAY, found, strict=True):
            checks.append(agree(f"{name}: four cells", told, cells, 0.01))
            a, b, c, d = cells
            checks.append(equal(f"{name}: effect of reward", reward, (a + b - c - d) / 2, 0.01))
            both = (a - b - c + d) / 2
            checks.append(equal(f"{name}: reward × transition", interaction, both, 0.01))
            marks.append(bars(range(4), cells, name))
        checks.append(
            at_most("rewards per trial, best less worst of medians", 0.004, np.ptp(earned[:3]))
        )
        checks.append(at_least("rewards per trial, worst", 0.5, earned.min()))
        ticks = ("rewarded, common", "rewarded, rare", "unrewarded, common", "unrewarded, rare")
        where, what = "trial before", "probability of staying"
        panels = [
            Panel("Group medians of Daw et al.", where, what, marks[:3], ticks=ticks),
            Panel("λ = 1, no perseveration", where, what, marks[3:], ticks=ticks),
        ]
        caption = (
            f"Two-step hybrid, {_AGENTS} agents of {_TRIALS} trials per bar (standard errors below "
            ".003); probability of repeating the first choice by reward and transition of the "
            "trial before. Left: α1 .54, α2 .42, λ .57, β1 5.19, β2 3.69, p .11. Right: rates .5, "
            "λ 1, β 5, p 0. w is the weight of the model-based values; reward "
            "probabilities walk with steps of sd .025 between .25 and .75."
        )
        return Measured(checks, panels, caption)


def _stays() -> tuple[np.ndarray, np.ndarray]:
    """Stay probabilities `[kinds, 4]` and rewards per trial `[kinds]`."""
    values = {
        f"model.{name}": jnp.repeat(jnp.asarray([agent[name] for _, agent, *_ in _STAY]), _AGENTS)
        for name in _STAY[0][1]
    }
    action, successor, paid = play(
        agent("two_step"),
        task("two_step"),
        2 * _TRIALS,
        lambda event, readout: (
            event.action.astype(jnp.int8),
            event.successor.astype(jnp.int8),
            event.reward > 0,
        ),
        name="two_step_stay",
        n_agents=len(_STAY) * _AGENTS,
        values=values,
    )
    first, reached, won = action[::2], successor[::2] - 1, paid[1::2]
    stayed, common = first[1:] == first[:-1], (reached == first)[:-1]
    cells, earned = [], []
    for kind in range(len(_STAY)):
        at = slice(kind * _AGENTS, (kind + 1) * _AGENTS)
        s, w, c = stayed[:, at], won[:-1, at], common[:, at]
        cells.append([s[(w == r) & (c == u)].mean() for r in (True, False) for u in (True, False)])
        earned.append(won[:, at].mean())
    return np.array(cells), np.array(earned)
