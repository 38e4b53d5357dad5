"""Selection, reversal, vigour, risk, and costs against benefits, as conditions change them."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.assays._changes import Broadcast, patient, settled
from jaxda.assays.cost_benefit import CostBenefit
from jaxda.assays.reversal import Reversal, to_criterion
from jaxda.assays.risk import Risk
from jaxda.assays.selection import Selection, _at_test
from jaxda.assays.vigor import Vigor
from jaxda.catalog import load
from jaxda.keys import named_keys
from jaxda.lesions.intact import Intact


ASSAYS = ("selection", "reversal", "vigor", "risk", "cost_benefit")


def keys(n):
    return named_keys(0, [("assay", str(i)) for i in range(n)])


@pytest.mark.parametrize("name", ASSAYS)
def test_the_same_keys_and_settings_give_the_same_numbers(name):
    kind = load("assays", name)
    others = keys(8)[np.asarray([0, 1, 2, 3, 6, 7])]
    once, again, beside = (kind().run(k) for k in (keys(6), keys(6), others))
    assert set(once) == set(kind.outcomes)
    for outcome, x in once.items():
        assert x.shape == (6,) and x.dtype == float and np.isfinite(x).all()
        np.testing.assert_array_equal(x, again[outcome])
        # Who else is in the group changes nobody.
        np.testing.assert_allclose(x[:4], beside[outcome][:4], rtol=1e-6)
    # Nothing that leaves the healthy as they are leaves a trace.
    same = kind(lesions={"snc_loss" if name in ("selection", "reversal") else "intact": 0.0})
    for outcome, x in same.run(keys(6)).items():
        np.testing.assert_allclose(x, once[outcome], rtol=1e-6)


@pytest.mark.parametrize("name", ASSAYS)
def test_wrong_lesions_are_refused(name):
    kind = load("assays", name)
    for lesions, told in (
        ({"levodopa": 2.0}, "dose is 2"),
        ({"levodopa": float("nan")}, "dose is nan"),
        ({"sunshine": 0.5}, "sunshine"),
    ):
        with pytest.raises(ValueError, match=told):
            kind(lesions=lesions)


def test_what_a_file_may_bring_is_refused():
    for lesions, told in (
        ({"levodopa": "much"}, "lesions: levodopa must be a number, got 'much'"),
        ({"levodopa": True}, "lesions: levodopa must be a number"),
        (["levodopa"], "lesions must be numbers by name"),
    ):
        with pytest.raises(ValueError, match=told):
            patient("opal", {}, lesions)
    for values, told in (
        ({"rho": "low"}, "values: rho must be a number, got 'low'"),
        ({"alpha_g": 1.5}, "values: alpha_g is 1.5; it lies from 0 to 1"),
        (0.5, "values must be numbers by name, got 0.5"),
    ):
        with pytest.raises(ValueError, match=told):
            patient("opal", {}, None, values)


def test_wrong_settings_are_refused():
    for make, told in (
        (lambda: Selection(where="later"), "where must be one of learn, test, both"),
        (lambda: Selection(values={"alpha_g": 1.5}), "alpha_g is 1.5; it lies from 0 to 1"),
        (lambda: Selection(values={"gamma": 0.5}), "'gamma' is not a parameter"),
        (lambda: Selection(lesions={"tonic_gain": 9.0}), "dose is 9"),
        (lambda: Reversal(positive=4.0), "positive must lie in"),
        (lambda: Reversal(negative=-0.1), "negative must lie in"),
        (lambda: Reversal(lesions={"tonic": 0.5}), "QLearning"),
        (lambda: Vigor(cost=0.0), "cost must lie in"),
        (lambda: Risk(drive=1.0), "drive must lie in"),
        (lambda: Risk(drive=np.nan), "drive must lie in"),
        (lambda: CostBenefit(rho=-1.0), "rho must lie in"),
    ):
        with pytest.raises(ValueError, match=told):
            make()


def test_what_is_left_of_a_lesion_for_the_broadcast():
    opal = settled(patient("opal", {"alpha_g": 0.2}, {"snc_loss": 0.5}))
    # f (1 + c) / (f + c) at f = .5, c = 1.4.
    assert float(opal.model.alpha_g) == pytest.approx(0.2 * 1.2 / 1.9, rel=1e-12)
    assert isinstance(opal.lesion, Intact)
    q = settled(patient("q_learning", {}, {"levodopa": 1.0}))
    assert isinstance(q.lesion, Broadcast)
    twice = q.lesion.tissue(q.model)
    assert float(twice.alpha_neg) == float(q.model.alpha_neg)


def test_at_test_by_hand():
    # Two test trials with A, one with B, one that was trained; one agent.
    options = jnp.asarray([[0, 3, 1, 0], [2, 0, 4, 1]])[..., None]
    taken = jnp.asarray([[0.9, 0.3, 0.2, 1.0], [0.1, 0.7, 0.8, 0.0]])[..., None]
    np.testing.assert_allclose(_at_test(options, taken)[:, 0], [0.8, 0.8], rtol=1e-6)


def test_to_criterion_by_hand():
    right = np.array([[1, 1, 0, 1, 1, 1], [0, 0, 1, 1, 1, 0], [1, 0, 1, 0, 1, 0]], bool).T
    np.testing.assert_array_equal(to_criterion(right, 3), [6, 5, 6])
    np.testing.assert_array_equal(to_criterion(right, 2), [2, 4, 6])


def test_selection_off_and_on():
    n = keys(400)
    healthy, off, on = (
        Selection(values=v).run(n)
        for v in (None, {"alpha_g": 0.08, "rho": -0.4}, {"alpha_n": 0.08, "rho": 0.4})
    )
    mean = lambda x: np.array([x["choose_a"].mean(), x["avoid_b"].mean()])
    np.testing.assert_allclose(mean(healthy), [0.834, 0.735], atol=0.02)
    np.testing.assert_allclose(mean(off), [0.757, 0.779], atol=0.02)
    np.testing.assert_allclose(mean(on), [0.853, 0.696], atol=0.02)


def test_selection_in_one_phase_only():
    n, run = keys(40), lambda **s: Selection(**s).run(n)["choose_a"]
    healthy = run()
    # A rate acts on learning, the balance on choices too: in training as well as at test.
    slow = {"alpha_g": 0.08}
    np.testing.assert_allclose(run(values=slow, where="test"), healthy, rtol=1e-6)
    np.testing.assert_allclose(run(values=slow, where="learn"), run(values=slow), rtol=1e-6)
    tilted = {"rho": 0.4}
    at_test = run(values=tilted, where="test")
    assert at_test.mean() > healthy.mean() + 0.01
    assert abs(at_test - run(values=tilted)).max() > 1e-3
    assert abs(run(values=tilted, where="learn") - healthy).max() > 1e-3


def test_filled_dips_slow_a_reversal():
    n = keys(400)
    intact, filled = Reversal().run(n), Reversal(negative=0.4).run(n)
    trials = intact["trials_to_criterion"]
    assert trials.min() >= 8 and trials.mean() == pytest.approx(19.9, abs=1.2)
    assert filled["trials_to_criterion"].mean() - trials.mean() > 4
    # Levodopa at full effect leaves .4 of a negative error.
    drug = Reversal(lesions={"levodopa": 1.0}).run(n)["trials_to_criterion"]
    np.testing.assert_array_equal(drug, filled["trials_to_criterion"])


def test_vigor_is_the_root_of_cost_over_tone():
    n = keys(50)
    healthy = Vigor().run(n)
    # sqrt(.05 / .05) s, and 15 % between individuals of the cost, half of that of its root.
    assert np.exp(np.log(healthy["latency"]).mean()) == pytest.approx(1.0, abs=0.04)
    assert np.log(healthy["latency"]).std() == pytest.approx(0.075, abs=0.025)
    np.testing.assert_allclose(healthy["rate"] * healthy["latency"], 60, rtol=1e-12)
    slow = Vigor(cost=4.0).run(n)["latency"]
    np.testing.assert_allclose(slow / healthy["latency"], 2, rtol=0.01)
    fast = Vigor(lesions={"tonic": float(np.log(4.0))}).run(n)["latency"]
    np.testing.assert_allclose(fast / healthy["latency"], 0.5, rtol=0.01)


def test_risk_rises_with_drive_where_it_pays():
    n = keys(100)
    low, high = Risk(drive=0.35).run(n), Risk(drive=0.65).run(n)
    assert high["risky_half"].mean() - low["risky_half"].mean() > 0.1
    assert high["risky_quarter"].mean() - low["risky_quarter"].mean() > 0.05
    assert high["risky_eighth"].mean() < low["risky_eighth"].mean()


@pytest.mark.parametrize("rho", [-0.4, 0.0, 0.4])
def test_cost_and_benefit_by_hand(rho):
    found = CostBenefit(rho=rho).run(keys(4000))
    law = lambda gain: 1 / (1 + np.exp(-2 * 0.6 * gain))
    # The curve is bent, so that a spread of weights lowers the mean, by less than .005.
    assert found["cheap"].mean() == pytest.approx(law(1 - rho), abs=0.005)
    assert found["rich"].mean() == pytest.approx(law(1 + rho), abs=0.005)
    drug = CostBenefit(lesions={"tonic": float(np.arctanh(rho))}).run(keys(4000))
    np.testing.assert_allclose(drug["cheap"], found["cheap"], rtol=1e-9)
