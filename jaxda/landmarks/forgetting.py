"""A reward that is sometimes not taken is partly forgotten."""

from typing import ClassVar

import numpy as np

from ..theory.choice import forgetting_value
from ._base import AbstractLandmark, Measured, Panel, agree, equal, points, theory
from ._play import agent, replay
from ._records import TWO_ARMS, random_choices


_SHARES = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
_FORGET = (0.02, 0.05, 0.2)
_ALPHA, _AGENTS, _EVENTS, _KEPT = 0.2, 700, 800, 400


class Forgetting(AbstractLandmark):
    """Mean value of a sure reward against how often it is taken."""

    title: ClassVar = "What is not chosen is forgotten"
    claim: ClassVar = (
        "With decay of what is not chosen, the value of a sure reward settles at c alpha / "
        "(c alpha + (1 - c) forget): choosing rarely makes an option look worse than it is."
    )
    source: ClassVar = "closed form; decay as in Ito & Doya 2009, J. Neurosci. 29:9861"
    models: ClassVar = ("q_learning",)

    def measure(self) -> Measured:
        events = random_choices(_SHARES, _EVENTS, _AGENTS, 1.0, name="forgetting")
        checks, marks, share = [], [], np.array(_SHARES)
        for forget in _FORGET:
            who = agent("q_learning", alpha_pos=_ALPHA, alpha_neg=_ALPHA, forget=forget, q0=0.5)
            q = replay(who, TWO_ARMS, events, lambda event, readout: readout.latents["q"][0])
            found = q[-_KEPT:].reshape(_KEPT, len(_SHARES), _AGENTS).mean(axis=(0, 2))
            law = forgetting_value(share, _ALPHA, forget)
            checks.append(agree(f"values with forget {forget:g}", law, found, 0.005))
            if forget == 0.05:
                got = found[_SHARES.index(0.3)]
                checks.append(equal("chosen 3 times in 10, forget .05", 0.631579, got, 0.005))
            marks.append(points(share, found, f"forget {forget:g}"))
            marks.append(theory(share, law, "closed form" if forget == _FORGET[0] else ""))
        where, what = "how often it is chosen, c", "value in the long run (rewards)"
        panel = Panel("Value of a sure reward of 1", where, what, marks)
        caption = (
            f"Q-learning with α = {_ALPHA} and decay toward 0, shown records in which an item that "
            f"always pays 1 is chosen at random with probability c. Means over the last {_KEPT} of "
            f"{_EVENTS} trials and {_AGENTS} agents; intervals would be smaller than the markers."
        )
        return Measured(checks, [panel], caption)
