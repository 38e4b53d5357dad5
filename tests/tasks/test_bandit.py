"""Bandit: arms pay as often as they should."""

import numpy as np
import pytest

from jaxda.tasks.bandit import Bandit

from .sessions import events


def test_arms_pay_at_their_rates():
    task = Bandit(p=(0.8, 0.1, 0.5), outcomes=(-1.0, 2.0))
    e = events(task, 300)
    assert set(np.unique(e.reward)) == {-1.0, 2.0}
    for arm, p in enumerate(task.p):
        taken = e.action == arm
        assert taken.mean() == pytest.approx(1 / 3, abs=0.02)
        assert (e.reward[taken] == 2.0).mean() == pytest.approx(p, abs=0.02)
    assert e.terminal.all() and e.onset.all() and e.options is None
