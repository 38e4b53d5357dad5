"""Conditioning with a drug, and taking it: a few trials by hand."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.assays._exposure import learning_rates
from jaxda.assays.drug_conditioning import DrugConditioning
from jaxda.assays.self_administration import SelfAdministration, overnight
from jaxda.dopamine.homeostasis import Body, HomeostaticDosing
from jaxda.keys import named_keys


KEYS = named_keys(0, [("rat", str(i)) for i in range(40)])


def typical(assay, keys=KEYS[:1]):
    return {name: float(x[0]) for name, x in assay.run(keys).items()}


def test_learning_rates_have_the_mean_that_was_asked_for():
    keys = named_keys(0, [("rate", str(i)) for i in range(20_000)])
    rates = np.asarray(learning_rates(keys, 0.05, 0.2))
    assert rates.mean() == pytest.approx(0.05, rel=0.005)
    assert np.log(rates).std() == pytest.approx(0.2, rel=0.02)
    np.testing.assert_allclose(learning_rates(keys[:5], 0.05, 0.0), 0.05, rtol=1e-15)
    assert np.asarray(learning_rates(keys, 0.9, 0.5)).max() < 1


def test_eight_trials_with_a_natural_reward():
    # The value before trial n (from 0) is 1 - .95^n; A and X share what is left to learn.
    found = typical(DrugConditioning(trials=8, variation=0.0))
    before = 1 - 0.95**7
    assert found["value"] == pytest.approx(before, abs=1e-12)
    assert found["natural_value"] == pytest.approx(before, abs=1e-12)
    assert found["growth"] == pytest.approx(0.05 * 0.95**6, abs=1e-12)
    assert found["residual"] == pytest.approx(0.95**7, abs=1e-12)
    assert found["trained_value"] == pytest.approx(0.3365796, abs=1e-7)
    assert found["blocked_value"] == pytest.approx(0.3317102, abs=1e-7)
    assert found["elasticity"] == pytest.approx(-2.907244, abs=1e-5)


def test_eight_trials_with_a_drug():
    # Far from the floor a surge is just more reward: 1.05 (1 - .95^n).
    found = typical(DrugConditioning(dopamine=0.05, trials=8, variation=0.0))
    assert found["value"] == pytest.approx(1.05 * 0.3016627, abs=1e-7)
    assert found["residual"] == pytest.approx(1.05 * 0.95**7, abs=1e-9)
    # Food is no drug.
    assert found["natural_value"] == pytest.approx(1 - 0.95**7, abs=1e-12)


def test_the_basal_level_comes_with_use():
    # From the second trial on kappa is .2: .05 first, then toward .8.
    assay = DrugConditioning(basal=0.2, habituation=1.0, trials=8, variation=0.0)
    found = typical(assay)
    assert found["natural_value"] == pytest.approx(0.8 - 0.75 * 0.95**6, abs=1e-12)
    # All of the drug's dopamine is held against it.
    drug = typical(DrugConditioning(dopamine=0.2, basal=0.2, habituation=1.0, variation=0.0))
    assert drug["residual"] == pytest.approx(0, abs=1e-3)
    assert drug["natural_value"] == pytest.approx(0.8, abs=1e-9)


def test_growth_without_bounds_and_no_blocking():
    found = typical(DrugConditioning(dopamine=0.05, variation=0.0))
    assert found["growth"] == pytest.approx(0.0025, abs=1e-9)
    assert found["residual"] == pytest.approx(0.05, abs=1e-9)
    assert found["blocked_value"] == pytest.approx(2.5, abs=1e-6)
    assert found["elasticity"] == pytest.approx(0, abs=1e-4)


def test_the_end_of_a_course_is_the_end_of_the_whole_course():
    assay = DrugConditioning(dopamine=0.05, trials=40)
    whole, end = assay.course(KEYS[:3]), assay.course(KEYS[:3], last=5)
    assert all(a.shape == (40, 3) and b.shape == (5, 3) for a, b in zip(whole, end, strict=True))
    for a, b in zip(whole, end, strict=True):
        np.testing.assert_allclose(a[-5:], b, rtol=1e-13, atol=1e-15)


def test_a_night_is_many_steps_without_access():
    rat = HomeostaticDosing()
    body = Body(*(jnp.asarray(x) for x in (100.0, 50.0, 150.0)))
    # Level: + 6 - .7, then + 5.28 - .7371.
    after = [float(x) for x in overnight(rat, body, 2)]
    assert after == pytest.approx([109.8429, 38.72, 149.99968], abs=1e-9)
    slow = body
    for _ in range(50):
        slow, _ = rat.step(slow, jnp.zeros(()))
    np.testing.assert_allclose(overnight(rat, body, 50), slow, rtol=1e-12)
    # The set point goes no lower than its floor.
    assert float(overnight(rat, body, 10**6).set_point) == 100


@pytest.mark.parametrize("hours, days", [(1.0, 2), (6.0, 3)])
def test_days_are_those_of_the_model(hours, days):
    _, known = HomeostaticDosing().days(hours, days)
    found = typical(SelfAdministration(hours=hours, days=days, variation=0.0))
    assert found["infusions_per_hour"] * hours == pytest.approx(float(known.infusions[-1]))
    assert found["first_hour"] == float(known.first_hour[-1])


def test_maintenance_follows_the_set_point():
    # Elimination S / dose: 12.6 and 25.2 an hour, less what the threshold leaves, 6 %.
    low, high = (typical(SelfAdministration(set_point=s, hours=3)) for s in (100, 200))
    assert low["maintenance"] == pytest.approx(12.6, rel=0.12)
    assert high["maintenance"] / low["maintenance"] == pytest.approx(2, rel=0.06)


@pytest.mark.parametrize(
    "assay", [DrugConditioning(dopamine=0.05, trials=8), SelfAdministration(hours=0.5)]
)
def test_individuals_differ_and_stay_who_they_are(assay):
    one, again, some = assay.run(KEYS), assay.run(KEYS), assay.run(KEYS[:10])
    assert set(one) == set(type(assay).outcomes)
    for name, x in one.items():
        assert x.shape == (40,) and np.isfinite(x).all()
        np.testing.assert_array_equal(x, again[name])
        np.testing.assert_allclose(x[:10], some[name], rtol=1e-12)
    assert np.std(next(iter(one.values()))) > 0


@pytest.mark.parametrize(
    "settings, told",
    [
        ({"dopamine": -0.1}, r"dopamine must lie in \[0, 2\], got -0.1"),
        ({"dopamine": True}, "dopamine must be a number, got True"),
        ({"dopamine": float("nan")}, "dopamine must lie in"),
        ({"basal": 3}, r"basal must lie in \[0, 2\]"),
        ({"habituation": 1.5}, r"habituation must lie in \[0, 1\]"),
        ({"trials": 2}, "trials is 2; it is a whole number of at least 8"),
        ({"trials": True}, "trials is True"),
        ({"variation": 0.6}, r"variation must lie in \[0, 0.5\]"),
    ],
)
def test_settings_of_conditioning_that_mean_nothing_are_refused(settings, told):
    with pytest.raises(ValueError, match=told):
        DrugConditioning(**settings)


@pytest.mark.parametrize(
    "settings, told",
    [
        ({"set_point": 50}, r"set_point must lie in \[100, 200\]"),
        ({"hours": 0}, r"hours must lie in \[0.1, 23\]"),
        ({"hours": True}, "hours must be a number"),
        ({"days": 0}, "days is 0; it is a whole number of at least 1"),
        ({"variation": 0.9}, r"variation must lie in \[0, 0.5\]"),
    ],
)
def test_settings_of_taking_that_mean_nothing_are_refused(settings, told):
    with pytest.raises(ValueError, match=told):
        SelfAdministration(**settings)
