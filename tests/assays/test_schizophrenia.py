"""Working memory by group and set size, and the salience of what predicts nothing."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.assays._set_size import MEDIANS, SHOWINGS, SIZES, learning, simulated
from jaxda.assays.aberrant_salience import AberrantSalience
from jaxda.assays.set_size import SetSize
from jaxda.keys import named_keys


KEYS = named_keys(0, [("person", str(i)) for i in range(64)])


def by_heart(**settings):
    return SetSize(**settings).run(KEYS)


def test_a_memory_that_never_fails_is_wrong_only_until_it_knows():
    # Weight 1, no decay, no lapse, errors taken in fully: an error excludes its
    # action, so that from the third showing on every answer is right.
    values = MEDIANS["HC"] | {"rho_wm": 1.0, "capacity": 9.0, "phi": 0.0, "epsilon": 0.0}
    values |= {"b_wm": 1.0, "omega": 0.0, "beta": 500.0}
    agent, given = simulated(values)
    right, weight = learning(KEYS, agent, given, 0.0)
    assert right.shape == (len(SIZES), SHOWINGS, len(KEYS))
    assert float(right[:, 3:].min()) == 1
    np.testing.assert_array_equal(weight, 1)
    # Of three actions one is right; after an error two are left.
    first, second, third = (np.average(right[:, j].mean(axis=1), weights=SIZES) for j in range(3))
    assert first == pytest.approx(1 / 3, abs=0.05)
    assert second == pytest.approx(2 / 3, abs=0.05)
    assert third == pytest.approx(1, abs=0.01)


def test_outcomes_are_those_of_the_curves():
    found = by_heart(variation=0.0)
    agent, given = simulated(MEDIANS["HC"])
    right = np.asarray(learning(KEYS, agent, given, 0.0)[0])
    np.testing.assert_allclose(found["accuracy_two_late"], right[0, 5:].mean(axis=0))
    np.testing.assert_allclose(
        found["set_size_effect"], right[0, 5:].mean(axis=0) - right[4, 5:].mean(axis=0)
    )
    trials = sum(size * right[i].sum(axis=0) for i, size in enumerate(SIZES))
    np.testing.assert_allclose(found["accuracy"], trials / (9 * 20), rtol=1e-12)
    # Weight of memory: rho_wm K / 6.
    np.testing.assert_allclose(found["wm_weight_six"], 0.962 * 3 / 6, rtol=1e-12)


def test_capacity_values_and_lesions_reach_the_model():
    weight = lambda **s: float(by_heart(**s)["wm_weight_six"][0])
    assert weight(group="SZ") == pytest.approx(0.886 / 2, rel=1e-12)
    assert weight(capacity=1.5) == pytest.approx(0.962 / 4, rel=1e-12)
    assert weight(values={"rho_wm": 0.5}) == pytest.approx(0.25, rel=1e-12)
    omega = np.exp(-0.5)
    at = {"lesions": {"prefrontal_dopamine": 0.7}, "values": {"rho_wm": 0.5}}
    assert weight(**at) == pytest.approx(0.25 * omega, rel=1e-12)


def test_patients_remember_less_and_large_sets_suffer():
    healthy, patients = by_heart(), by_heart(group="SZ")
    assert healthy["accuracy"].mean() - patients["accuracy"].mean() > 0.04
    assert patients["set_size_effect"].mean() > healthy["set_size_effect"].mean()


def test_people_are_the_same_in_both_arms():
    for assay in (SetSize(), AberrantSalience(rate=0.2)):
        one, again = assay.run(KEYS), assay.run(KEYS)
        # Their places in the group have changed.
        moved = assay.run(KEYS[::-1])
        for name in type(assay).outcomes:
            np.testing.assert_array_equal(one[name], again[name])
            np.testing.assert_allclose(one[name], moved[name][::-1], rtol=1e-12)
            assert one[name].shape == KEYS.shape


def test_an_irrelevant_stimulus_is_worth_rate_times_size_over_gain():
    for rate, size, gain in ((0.3, 1.0, 1.0), (0.3, 1.0, 0.6), (0.1, 2.0, 1.0)):
        assay = AberrantSalience(rate=rate, size=size, gain=gain, variation=0.0)
        found = assay.run(KEYS)
        np.testing.assert_allclose(found["irrelevant_value"], rate * size / gain, rtol=5e-3)
        np.testing.assert_allclose(
            found["contrast"], found["relevant_value"] - found["irrelevant_value"]
        )
        assert found["contrast"].mean() == pytest.approx(0.8, abs=0.02)
        np.testing.assert_allclose(
            found["ratio"], found["irrelevant_value"] / found["relevant_value"]
        )


def test_an_antagonist_takes_its_share_of_transients_and_leaves_the_rest():
    free = AberrantSalience(rate=0.3).run(KEYS)
    held = AberrantSalience(rate=0.3, blocked=0.72, efficacy=0.5).run(KEYS)
    np.testing.assert_allclose(held["irrelevant_value"], 0.64 * free["irrelevant_value"], rtol=1e-9)
    np.testing.assert_allclose(held["contrast"], free["contrast"], rtol=1e-4)
    assert np.std(np.log(free["irrelevant_value"])) == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize(
    "assay, settings, message",
    [
        (SetSize, {"group": "PD"}, "group must be one of HC, SZ, got 'PD'"),
        (SetSize, {"capacity": -1.0}, "capacity must lie in"),
        (AberrantSalience, {"rate": 1.2}, "rate must lie in"),
        (AberrantSalience, {"gain": 0.0, "rate": 0.1}, "gain must lie in"),
        (AberrantSalience, {"gain": 0.6}, "gain is 0.6 and rate is 0"),
        (AberrantSalience, {"blocked": True}, "blocked must be a number, got True"),
    ],
)
def test_settings_without_meaning_are_refused(assay, settings, message):
    with pytest.raises(ValueError, match=message):
        assay(**settings)


def test_a_parameter_or_lesion_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="'rho'"):
        by_heart(values={"rho": 0.5})
    with pytest.raises(ValueError, match="prefrontal"):
        by_heart(lesions={"prefrontal": 0.5})
    with pytest.raises(ValueError, match="phi"):
        by_heart(values={"phi": 1.5})
    assert jnp.isfinite(jnp.asarray(by_heart()["accuracy"])).all()
