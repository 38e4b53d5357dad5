"""Reversal: when the arms swap, and what they pay."""

import numpy as np
import pytest

from jaxda.tasks.reversal_bandit import ReversalBandit

from .sessions import events, plans


def test_arms_swap_after_every_period():
    good = plans(ReversalBandit(period=20), 100, n_lanes=200).good
    swaps = np.flatnonzero(np.diff(good[:, 0]))
    np.testing.assert_array_equal(swaps, [19, 39, 59, 79])
    assert (np.abs(np.diff(good, axis=0)).sum(axis=0) == 4).all()
    assert good[0].mean() == pytest.approx(0.5, abs=0.1)


def test_arms_swap_with_a_hazard():
    good = plans(ReversalBandit(period=0, hazard=0.05), 400, n_lanes=200).good
    swap = np.diff(good, axis=0) != 0
    assert swap.mean() == pytest.approx(0.05, abs=0.003)
    # Without memory: as likely after a swap as after none.
    assert swap[1:][swap[:-1]].mean() == pytest.approx(0.05, abs=0.01)
    assert good[0].mean() == pytest.approx(0.5, abs=0.1)
    still = plans(ReversalBandit(period=0), 50, n_lanes=20).good
    assert (still == still[:1]).all()


def test_the_good_arm_pays_more():
    task = ReversalBandit(p_high=0.9, p_low=0.3, period=10, outcomes=(0.0, 5.0))
    e, good = events(task, 200), plans(task, 200).good
    right = e.action == good
    assert (e.reward[right] == 5.0).mean() == pytest.approx(0.9, abs=0.02)
    assert (e.reward[~right] == 5.0).mean() == pytest.approx(0.3, abs=0.02)


def test_arms_swap_once_the_criterion_is_met():
    # Always the good arm pays and never the bad one, so the record tells which was good.
    task = ReversalBandit(p_high=1.0, p_low=0.0, period=0, criterion=0.7, window=10)
    e = events(task, 300)
    good = np.where(e.reward > 0, e.action, 1 - e.action)
    right = e.action == good
    assert (np.diff(good, axis=0) != 0).any(axis=0).all()
    for lane in range(good.shape[1]):
        last = -1
        for t in range(299):
            window = right[max(t - 9, last + 1) : t + 1, lane]
            met = len(window) == 10 and window.sum() >= 7
            assert (good[t + 1, lane] != good[t, lane]) == met
            last = t if met else last
