"""Go/no-go: what is right, and what it brings."""

import numpy as np
import pytest

from jaxda.tasks.go_nogo import GoNogo

from .sessions import events, plans


def test_each_cue_comes_equally_often_in_an_order_of_its_own():
    cue = plans(GoNogo(), 600, n_lanes=16).cue
    for block in (cue[:240], cue[240:480]):
        assert all((block == c).sum(axis=0).tolist() == [60] * 16 for c in range(4))
    assert not np.array_equal(cue[:240, 0], cue[240:480, 0])
    assert not np.array_equal(cue[:240, 0], cue[:240, 1])


def test_the_right_response_brings_the_better_outcome():
    e = events(GoNogo(p=0.7, win=2.0, loss=-3.0), 480, n_lanes=128)
    better = {0: 2.0, 1: 0.0, 2: 2.0, 3: 0.0}
    worse = {0: 0.0, 1: -3.0, 2: 0.0, 3: -3.0}
    for cue in range(4):
        mine = e.cue == cue
        assert set(np.unique(e.reward[mine])) == {better[cue], worse[cue]}
        # Action 1 is right for the first two cues.
        for action in (0, 1):
            expected = 0.7 if (action == 1) == (cue < 2) else 0.3
            got = (e.reward[mine & (e.action == action)] == better[cue]).mean()
            assert got == pytest.approx(expected, abs=0.03)


def test_items_belong_to_cues():
    e = events(GoNogo(per_cue=3), 30)
    np.testing.assert_array_equal(e.options, np.stack([2 * e.cue, 2 * e.cue + 1], axis=1))
