"""Going to win and holding back to avoid: a Pavlovian bias (Guitart-Masip et al. 2012)."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ._base import AbstractLandmark, Measured, Panel, agree, bars, equal
from ._play import agent, play, task


# b, pi, accuracies of the four cues (where they are known), Pavlovian index.
_AGENTS = 4000
_TABLE = (
    ((0.0, 0.0), (0.908, 0.837, 0.908, 0.837), 0.0),
    ((0.0, 0.3), (0.933, 0.791, 0.849, 0.865), 0.080),
    ((0.5, 0.5), (0.956, 0.784, 0.673, 0.861), 0.180),
    ((0.0, -0.3), None, -0.080),
    ((1.0, 0.0), None, 0.039),
)


class PavlovianGoNogo(AbstractLandmark):
    """Accuracies of the four cues, for biases of two kinds."""

    title: ClassVar = "Go to win, hold back to avoid"
    claim: ClassVar = (
        "A Pavlovian weight helps going for rewards and holding back from punishments and hurts "
        "the other two; a mere bias toward going moves the Pavlovian index too."
    )
    source: ClassVar = (
        "Guitart-Masip et al. 2012, NeuroImage 62:154; Cavanagh et al. 2013, J. Neurosci. 33:8541"
    )
    models: ClassVar = ("pavlovian_bias",)
    caution: ClassVar = (
        "The index mixes the Pavlovian weight with the response bias: fit the model instead."
    )

    def measure(self) -> Measured:
        checks, marks = [], []
        for (both, told, expected), cells in zip(_TABLE, _accuracies(), strict=True):
            name = "b = {:g}, π = {:g}".format(*both)
            if told is not None:
                checks.append(agree(f"{name}: four accuracies", told, cells, 0.01))
            go_win, go_avoid, hold_win, hold_avoid = cells
            index = (go_win + hold_avoid - go_avoid - hold_win) / 2
            checks.append(equal(f"{name}: Pavlovian index", expected, index, 0.01))
            marks.append(bars(range(4), cells, name))
        ticks = ("go to win", "go to avoid", "no-go to win", "no-go to avoid")
        panel = Panel("Accuracy by cue", "cue", "share of right responses", marks, ticks=ticks)
        caption = (
            f"Go/no-go model with ε = .2, ρ = 6 for rewards and punishments, ξ = .05; {_AGENTS} "
            "agents per bar, 60 trials per cue, the right response brings the better outcome in 8 "
            "of 10 (standard errors below .002). b is a bias toward going, π the weight of the "
            "value of the cue."
        )
        return Measured(checks, [panel], caption)


def _accuracies() -> np.ndarray:
    """Shares of right responses `[biases, cues]`."""
    biases = jnp.repeat(jnp.asarray([both for both, *_ in _TABLE]), _AGENTS, axis=0)
    what = task("go_nogo")
    cue, action = play(
        agent("pavlovian_bias", epsilon=0.2, rho_rew=6.0, rho_pun=6.0, xi=0.05),
        what,
        what.n_events,
        lambda event, readout: (event.cue.astype(jnp.int8), event.action.astype(jnp.int8)),
        name="pavlovian_go_nogo",
        n_agents=len(biases),
        values={"model.b": biases[:, 0], "model.pi": biases[:, 1]},
    )
    right = (action == 1) == (cue < 2)
    group = lambda x, i: x[:, i * _AGENTS : (i + 1) * _AGENTS]
    return np.array(
        [[group(right, i)[group(cue, i) == c].mean() for c in range(4)] for i in range(len(_TABLE))]
    )
