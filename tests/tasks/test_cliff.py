"""Cliff: the detour, the edge and the fall."""

import numpy as np

from jaxda.tasks.cliff import Cliff

from .sessions import events


def test_what_every_step_brings():
    e = events(Cliff(reward=3.0, fall=-2.0, safe=0.5), 400)
    pays = {(0, 0): 0.0, (0, 1): 0.5, (1, 0): 3.0, (1, 1): -2.0}
    for (cue, action), reward in pays.items():
        mine = (e.cue == cue) & (e.action == action)
        assert mine.any() and (e.reward[mine] == reward).all()
        goes_on = (cue, action) == (0, 0)
        assert (e.terminal[mine] != goes_on).all()
        assert not goes_on or (e.successor[mine] == 1).all()
    np.testing.assert_array_equal(e.onset[1:], e.terminal[:-1])
    np.testing.assert_array_equal(e.cue[1:] == 1, ~e.terminal[:-1])
