"""Homeostatic drug taking: maintenance, loading, escalation with long access, slopes."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.dopamine.homeostasis import Body, HomeostaticDosing


def test_maintenance_loading_and_limit():
    model, at = HomeostaticDosing(), jnp.array([100.0, 200.0])
    np.testing.assert_allclose(model.maintenance(at), [12.6, 25.2], rtol=1e-12)
    np.testing.assert_allclose(model.loading(at), [2, 4], rtol=1e-12)
    assert float(model.escalation_limit()) == pytest.approx(38.4)


@pytest.mark.parametrize("set_point", [100.0, 200.0])
def test_what_is_taken_is_what_is_lost(set_point):
    # A set point that stays where it is; the first four hours are left out.
    model = HomeostaticDosing(rise=0.0, recovery=0.0)
    s = jnp.asarray(set_point)
    seen = model.session(24.0, Body(s, jnp.zeros(()), s))
    rate, level = seen.infusions[3600:].sum() / 20, seen.level[3600:].mean()
    assert float(rate) == pytest.approx(float(model.maintenance(level)), rel=0.01)
    # The policy holds the level a little below the set point.
    assert set_point - model.dose / 2 < level < set_point
    assert float(rate) == pytest.approx(float(model.maintenance(s)), rel=0.08)
    assert float(model.reward(s - 40, s)) > 0 > float(model.reward(s - 10, s))


def test_use_escalates_with_long_access_only():
    model = HomeostaticDosing()
    _, short = model.days(1.0, 25)
    body, long = model.days(6.0, 25)
    np.testing.assert_array_equal(short.infusions, 14)
    np.testing.assert_array_equal(short.set_point, 100)
    assert (int(long.infusions[0]), int(long.infusions[-1])) == (75, 146)
    assert (int(long.first_hour[0]), int(long.first_hour[-1])) == (14, 27)
    found = [float(long.set_point[i]) for i in (0, -1)]
    assert found == pytest.approx([103, 197], rel=0.02)
    limit = float(model.escalation_limit())
    assert short.infusions[0] < limit < long.infusions[0]
    # It is the number a day that decides: the set point rises by what is above the limit.
    risen = (long.infusions[0] - limit) * model.rise * model.dose
    assert found[0] - 100 == pytest.approx(float(risen), rel=1e-6)
    # Months without access bring it back.
    assert float(model.days(0.0, 40, body)[1].set_point[-1]) == 100


def test_escalated_rats_take_twice_as_much_at_every_dose():
    def total(dose, s):
        model = HomeostaticDosing(dose=dose, rise=0.0, recovery=0.0)
        s = jnp.asarray(s)
        return model.session(3.0, Body(jnp.zeros(()), jnp.zeros(()), s)).infusions.sum()

    for dose in (12.5, 25.0, 50.0):
        assert float(total(dose, 200.0) / total(dose, 100.0)) == pytest.approx(2, rel=0.1)


def test_a_smooth_policy_becomes_the_sharp_one():
    sharp, near = (HomeostaticDosing(smoothing=s).session(2.0) for s in (0.0, 1e-6))
    np.testing.assert_allclose(near.infusions, sharp.infusions, atol=1e-6)
    # Sharing a dose out holds the level at the edge below which a whole one is taken.
    fluid = HomeostaticDosing(smoothing=0.5, rise=0.0).session(6.0)
    assert float(fluid.level[-1]) == pytest.approx(100 - 50 / 2, abs=4)
    assert float(fluid.infusions[-1]) == pytest.approx(
        0.007 * float(fluid.level[-1]) / 50, rel=1e-3
    )


@pytest.mark.parametrize(
    "name, at", [("dose", 50.0), ("rise", 0.0018), ("elimination", 0.007), ("absorption", 0.12)]
)
def test_slopes_of_the_smooth_policy_equal_finite_differences(name, at):
    smooth = HomeostaticDosing(smoothing=5.0)
    taken = lambda v: dataclasses.replace(smooth, **{name: v}).session(1.0).infusions.sum()
    h = 1e-5 * at
    by_hand = float(taken(at + h) - taken(at - h)) / (2 * h)
    assert float(jax.grad(taken)(at)) == pytest.approx(by_hand, rel=1e-4)


def test_drive_is_smooth_at_the_set_point():
    model = HomeostaticDosing()
    assert float(model.drive(jnp.asarray(92.0), jnp.asarray(100.0))) == pytest.approx(16)
    assert float(jax.grad(model.drive)(*map(jnp.asarray, (100.0, 100.0)))) == 0


def test_impossible_settings_are_refused():
    with pytest.raises(ValueError, match="dose = -50"):
        HomeostaticDosing(dose=-50.0).session(1.0)
    with pytest.raises(ValueError, match=r"absorption = 1\.2"):
        HomeostaticDosing(absorption=1.2).session(1.0)
    with pytest.raises(ValueError, match="rise = -1"):
        HomeostaticDosing(rise=-1.0).session(1.0)
    with pytest.raises(ValueError, match=r"within \[0, 24\]; got 25"):
        HomeostaticDosing().days(25.0, 1)
    with pytest.raises(ValueError, match="at least 1"):
        HomeostaticDosing().days(1.0, 0)
    with pytest.raises(ValueError, match="smoothing"):
        HomeostaticDosing(smoothing=-1.0)
