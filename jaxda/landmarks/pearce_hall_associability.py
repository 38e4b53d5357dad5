"""Associability follows surprise (Pearce & Hall 1980)."""

from typing import ClassVar

import numpy as np

from ..types import dot
from ._base import AbstractLandmark, Measured, Panel, agree, at_least, equal, line
from ._play import agent, play, task


_PERIOD, _TRIALS, _AGENTS = 40, 120, 2000


class PearceHallAssociability(AbstractLandmark):
    """Three trials by hand, the mean associability, and what a reversal does to it."""

    title: ClassVar = "Associability follows surprise"
    claim: ClassVar = (
        "Associability falls while a reward is predicted better and better, settles on the mean "
        "size of the error, and rises again when the world changes."
    )
    source: ClassVar = "Pearce & Hall 1980, Psychol. Rev. 87:532; Li et al. 2011"
    models: ClassVar = ("pearce_hall",)

    def measure(self) -> Measured:
        sure = play(
            agent("pearce_hall", k=0.3, eta=0.5, a0=1.0, q0=0.0),
            task("bandit", p=(1.0,)),
            4,
            lambda event, readout: (readout.latents["q"][0], readout.latents["associability"][0]),
            name="pearce_hall_associability, sure",
        )
        told = ((0.3, 0.51, 0.63495), (1.0, 0.85, 0.67))
        checks = [
            agree(f"{what} after 1, 2 and 3 sure rewards", law, got[1:, 0], 1e-12)
            for what, law, got in zip(("value", "associability"), told, sure, strict=True)
        ]

        a, error = play(
            agent("pearce_hall", k=0.3, eta=0.3, beta=0.0),
            task("bandit", p=(0.7,)),
            600,
            lambda event, readout: (readout.latents["associability"][0], abs(readout.rpe[0])),
            name="pearce_hall_associability, noise",
            n_agents=_AGENTS,
        )
        checks.append(
            equal(
                "mean A is mean |δ|, reward of 7 in 10", error[200:].mean(), a[200:].mean(), 0.002
            )
        )

        taken, surprise = _reversals()
        for swap in (_PERIOD, 2 * _PERIOD):
            before, after = taken[swap - 5 : swap].mean(), taken[swap + 3 : swap + 8].mean()
            name = f"A of what is chosen, after the swap at trial {swap} over before"
            checks.append(at_least(name, 1.5, after / before))
        trial = np.arange(1, _TRIALS + 1)
        marks = [line(trial, taken, "associability A"), line(trial, surprise, "surprise |δ|")]
        panel = Panel(
            f"Reversals every {_PERIOD} trials",
            "trial",
            "of the item chosen (rewards)",
            marks,
            zero=True,
        )
        caption = (
            f"Pearce–Hall (k = .5, η = .3, A₀ = 1, β = 5): means of {_AGENTS} agents on a bandit "
            f"whose good arm pays 1 with probability .9 and whose bad arm pays with .1; they swap "
            f"every {_PERIOD} trials. Associability and size of the error of the item that is "
            "chosen, before the trial."
        )
        return Measured(checks, [panel], caption)


def _reversals() -> tuple[np.ndarray, np.ndarray]:
    """Associability and surprise of the chosen item, means per trial."""
    taken, surprise = play(
        agent("pearce_hall", k=0.5, eta=0.3, a0=1.0, beta=5.0),
        task("reversal_bandit", p_high=0.9, p_low=0.1, period=_PERIOD),
        _TRIALS,
        lambda event, readout: (
            dot(event.chosen(2), readout.latents["associability"]),
            abs(readout.rpe[0]),
        ),
        name="pearce_hall_associability, reversals",
        n_agents=_AGENTS,
    )
    return taken.mean(axis=1), surprise.mean(axis=1)
