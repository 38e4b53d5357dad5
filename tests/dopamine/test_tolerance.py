"""The opponent process and the symptom curve: known numbers, laws and slopes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.dopamine.symptoms import SymptomCurve
from jaxda.dopamine.tolerance import OpponentTolerance


def test_chronic_use_leaves_part_of_the_effect_and_withdrawal_mirrors_it():
    model = OpponentTolerance()
    seen = model.simulate(jnp.concatenate([jnp.ones(400), jnp.zeros(60)]))
    assert float(seen.effect[0]) == 1
    found = [float(seen.effect[i]) for i in (399, 400, 420)]
    assert found == pytest.approx([0.40, -0.60, -0.22], rel=0.02)
    assert float(model.steady()) == pytest.approx(0.4)
    law = model.withdrawal(jnp.arange(60.0))
    np.testing.assert_allclose(seen.effect[400:], law, atol=1e-8)


def test_the_course_does_not_depend_on_the_step():
    # Ten half steps of a process twice as long in steps are five steps.
    fine = OpponentTolerance(tau=40.0).simulate(jnp.repeat(jnp.array([1.0, 0.0, 2.0]), 2))
    coarse = OpponentTolerance(tau=20.0).simulate(jnp.array([1.0, 0.0, 2.0]))
    np.testing.assert_allclose(fine.opponent[::2], coarse.opponent, rtol=1e-12)


def test_without_opponent_nothing_is_lost():
    doses = jnp.array([1.0, 0.5, 0.0, 2.0])
    np.testing.assert_array_equal(OpponentTolerance(share=0.0).simulate(doses).effect, doses)


@pytest.mark.parametrize("name, at", [("share", 0.6), ("tau", 20.0)])
def test_slopes_of_the_opponent_equal_finite_differences(name, at):
    doses = jnp.sin(jnp.arange(50.0)) ** 2
    last = lambda v: OpponentTolerance(**{name: v}).simulate(doses).effect[-1]
    h = 1e-5 * at
    by_hand = (last(at + h) - last(at - h)) / (2 * h)
    assert float(jax.grad(last)(at)) == pytest.approx(float(by_hand), rel=1e-6)


def test_impossible_opponents_are_refused():
    with pytest.raises(ValueError, match="dose must be finite and not negative"):
        OpponentTolerance().simulate(jnp.array([1.0, -1.0]))
    with pytest.raises(ValueError, match=r"share = 1\.5"):
        OpponentTolerance(share=1.5).simulate(jnp.ones(3))
    with pytest.raises(ValueError, match="tau = 0"):
        OpponentTolerance(tau=0.0).simulate(jnp.ones(3))
    with pytest.raises(ValueError, match="time must be"):
        OpponentTolerance().withdrawal(-1.0)


def test_symptom_score_after_six_weeks():
    curve = SymptomCurve()
    change = [float(curve.score(42.0, a) / 94 - 1) for a in (0.0, 82.0)]
    assert change == pytest.approx([-0.085, -0.172], rel=0.02)
    assert float(curve.score(0.0, 82.0)) == 94
    # The drug's part does not grow after six weeks, and half of it is there at a50.
    weeks = jnp.array([42.0, 60.0])
    ratio = curve.score(weeks, 82.0) / curve.score(weeks)
    np.testing.assert_allclose(ratio, 1 - 0.191 / 2, rtol=1e-12)
    slope = jax.grad(curve.score, argnums=(0, 1))(0.0, 0.0)
    assert np.isfinite(slope).all()
    by_hand = (curve.score(20.001, 50.0) - curve.score(19.999, 50.0)) / 0.002
    assert float(jax.grad(curve.score)(20.0, 50.0)) == pytest.approx(float(by_hand), rel=1e-6)
    with pytest.raises(ValueError, match="exposure must be"):
        curve.score(1.0, -1.0)
    with pytest.raises(ValueError, match="day must be"):
        curve.score(-1.0)
