"""T-maze: the way through it, and where it pays."""

import numpy as np

from jaxda.tasks.tmaze import TMaze

from .sessions import events


def test_the_way_through_either_arm():
    e = events(TMaze(rewards=(1.0, 0.25)), 250, n_lanes=16)
    state = e.cue.reshape(10, 25, 16) + 1
    arm = e.action.reshape(10, 25, 16)[:, 4]
    for a in (0, 1):
        way = [1, 2, 3, 4, 5, *range(6 + a, 16, 2), *range(16, 31)]
        mine = state.transpose(0, 2, 1)[arm == a]
        assert len(mine) and (mine == way).all()
        paid = e.reward.reshape(10, 25, 16).transpose(0, 2, 1)[arm == a]
        # On leaving the first state of the arm for the second.
        assert (paid == np.where(np.arange(25) == 5, (1.0, 0.25)[a], 0.0)).all()
    ends = np.arange(250) % 25 == 24
    assert (e.terminal == ends[:, None]).all()
    np.testing.assert_array_equal(e.successor[:-1], e.cue[1:])
