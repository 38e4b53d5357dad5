"""Trials until a reversal of what pays is followed."""

from typing import ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool, Key

from .. import rollout
from ..catalog import load
from ..rollout import Agent
from ._base import AbstractAssay, Outcomes
from ._changes import patient, settled
from ._settings import number


_RATE, _BETA = 0.3, 5.0
_BEFORE, _AFTER, _IN_A_ROW = 60, 100, 8


class Reversal(AbstractAssay):
    """Q-learning, alpha = .3 and beta = 5, on two arms that pay in 80 and 20 % of trials.

    They swap after 60 trials; the criterion is 8 choices in a row of the arm that is now the
    better, within 100 trials (100 where it is never met). `positive` and `negative` multiply
    the rates for positive and negative errors: .4 for the negative is a circuit whose dips are
    filled, as a spared ventral striatum under levodopa, .4 for the positive one whose bursts
    are lost. `lesions` are doses by name.

    Raises:
        ValueError: if a factor takes a rate out of 0 to 1, or a lesion is unknown or its dose
            out of its domain.
    """

    title: ClassVar = "Reversal: trials until the new rule is followed"
    outcomes: ClassVar = {"trials_to_criterion": "trials from the reversal to 8 in a row, count"}
    species: ClassVar = "any"
    source: ClassVar = (
        "Cools, Barker, Sahakian & Robbins 2001, Cereb. Cortex 11:1136; Graef et al. 2010"
    )
    models: ClassVar = ("q_learning",)

    positive: float = eqx.field(static=True, default=1.0)
    negative: float = eqx.field(static=True, default=1.0)
    lesions: dict[str, float] | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        for name in ("positive", "negative"):
            number(self, name, 0, 1 / _RATE)
        self._learner()

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        right = np.asarray(_played(settled(self._learner()), keys))
        return {"trials_to_criterion": to_criterion(right, _IN_A_ROW)}

    def _learner(self) -> Agent:
        rates = {"alpha_pos": _RATE * self.positive, "alpha_neg": _RATE * self.negative}
        return patient("q_learning", {"beta": _BETA, "q0": 0.5} | rates, self.lesions)


def to_criterion(right: Bool[np.ndarray, "trials individuals"], run: int) -> np.ndarray:
    """Trials up to and with the last of the first `run` in a row; all trials where there are none.

    `[individuals]`, floats.
    """
    streak, met = np.zeros(right.shape[1], int), np.full(right.shape[1], len(right), float)
    for trial, hit in enumerate(right):
        streak = np.where(hit, streak + 1, 0)
        met = np.where(streak >= run, np.minimum(met, trial + 1), met)
    return met


@eqx.filter_jit
def _played(who: Agent, keys: Key[Array, " individuals"]) -> Bool[Array, "trials individuals"]:
    """Whether the arm that is now the better was chosen, after the reversal."""
    rows = (
        ("before", _BEFORE, "arms", None, (0.8, 0.2)),
        ("after", _AFTER, "arms", None, (0.2, 0.8)),
    )
    keep = lambda event, readout: event.action == 1
    return rollout.simulate(
        who, load("tasks", "schedule")(phases=rows), keys, _BEFORE + _AFTER, record=keep
    )[_BEFORE:]
