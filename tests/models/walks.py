"""Walks through two states with two actions each, written by hand."""

import numpy as np

from jaxda.types import Env

from ..records import record


TWO_STATES = Env(n_cues=2, n_items=4, n_actions=2, sequential=True)


def walk(cue, action, reward, terminal):
    """Events of a session: trials begin after terminal events, others lead to the next cue."""
    cue, terminal = np.array(cue), np.array(terminal, bool)
    ahead = np.append(cue[1:], 0)
    return record(
        action,
        reward,
        cue=cue,
        options=np.stack([2 * cue, 2 * cue + 1], axis=1),
        onset=np.append(True, terminal[:-1]),
        terminal=terminal,
        successor=np.where(terminal, 0, ahead),
    )
