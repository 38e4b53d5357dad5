"""Delayed rewards and noisy choices: closed forms and limits."""

import numpy as np
import pytest

from jaxda.assays.choice_variability import ChoiceVariability
from jaxda.assays.delayed_cue import DelayedCue
from jaxda.keys import named_keys


KEYS = named_keys(0, [("child", str(i)) for i in range(200)])


def delayed(alpha):
    """Errors at cue and reward, their ratio, and discounting over five steps."""
    step, reward = alpha * 0.98 / (alpha + 0.01), 0.01 / (alpha + 0.01)
    return {
        "cue": step**6,
        "reward": reward,
        "cue_over_reward": step**6 / reward,
        "discounting": 1 - step**5,
    }


@pytest.mark.parametrize(
    "settings, alpha",
    [
        ({}, 0.1),
        ({"uptake": 1.14}, 0.1 / 1.14),
        ({"uptake": 1.5}, 0.1 / 1.5),
        # Area of a burst exp(-.5 (1.229 + .098 / 2)).
        ({"lesions": {"dat_uptake": 0.5}}, 1 - 0.9**0.5278202),
    ],
)
def test_what_is_left_at_cue_and_reward(settings, alpha):
    found = DelayedCue(variation=0.0, **settings).run(KEYS[:2])
    for name, expected in delayed(alpha).items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-5)


def test_control_by_hand():
    # c = .098 / .11.
    found = DelayedCue(variation=0.0).run(KEYS[:1])
    assert found["reward"][0] == pytest.approx(1 / 11, abs=1e-9)
    assert found["cue"][0] == pytest.approx(0.50003, abs=1e-5)
    assert found["discounting"][0] == pytest.approx(1 - 0.56126, abs=1e-5)


def test_a_profile_runs_from_cue_to_reward():
    errors, values = DelayedCue(variation=0.0).profile(KEYS[:2])
    assert errors.shape == values.shape == (7, 2)
    # The interval is worth nothing; each later state more than the one before.
    assert (values[0] == 0).all() and (np.diff(values[1:], axis=0) > 0).all()
    np.testing.assert_allclose(errors[-1], 1 - values[-1], atol=1e-12)


def test_random_choices_and_sure_ones():
    random = ChoiceVariability(values={"beta": 0.0}).run(KEYS)
    assert random["best"].mean() == pytest.approx(0.5, abs=0.02)
    assert random["win_shift"].mean() == pytest.approx(0.5, abs=0.02)
    sure = ChoiceVariability(values={"beta": 1e4}).run(KEYS)
    # But where two values are the same to the third digit.
    assert sure["non_greedy"].mean() < 1e-3


def test_noise_is_a_smaller_gain():
    noisy = ChoiceVariability(lesions={"choice_noise": -float(np.log(0.7))}).run(KEYS)
    same = ChoiceVariability(values={"beta": 3.5}).run(KEYS)
    for name, x in noisy.items():
        np.testing.assert_allclose(x, same[name], rtol=1e-12)
    control = ChoiceVariability().run(KEYS)
    for name, sign in (("non_greedy", 1), ("win_shift", 1), ("best", -1)):
        assert sign * (noisy[name] - control[name]).mean() > 0.03


@pytest.mark.parametrize("assay", [DelayedCue(), ChoiceVariability()])
def test_individuals_differ_and_stay_who_they_are(assay):
    one, again, some = assay.run(KEYS), assay.run(KEYS), assay.run(KEYS[:10])
    assert set(one) == set(type(assay).outcomes)
    for name, x in one.items():
        assert x.shape == (200,) and np.isfinite(x).all() and x.std() > 0
        np.testing.assert_array_equal(x, again[name])
        np.testing.assert_allclose(x[:10], some[name], rtol=1e-12)


@pytest.mark.parametrize(
    "assay, settings, told",
    [
        (DelayedCue, {"uptake": 0}, r"uptake must lie in \[0.2, 10\], got 0"),
        (DelayedCue, {"uptake": True}, "uptake must be a number, got True"),
        (DelayedCue, {"variation": -1}, r"variation must lie in \[0, 0.5\]"),
        (DelayedCue, {"lesions": {"dat_uptak": 0.1}}, "did you mean 'dat_uptake'"),
        (DelayedCue, {"lesions": {"dat_uptake": 3}}, "it lies from -1 to 1"),
        (DelayedCue, {"lesions": {"d1_blockade": 0.1}}, "ValueDecay plays"),
        (ChoiceVariability, {"lesions": {"choice_noise": True}}, "must be a number"),
        (ChoiceVariability, {"values": {"beta": -1}}, "values: beta is -1; it lies from 0"),
        (ChoiceVariability, {"values": {"betta": 1}}, "'betta' is not a parameter here"),
    ],
)
def test_settings_that_mean_nothing_are_refused(assay, settings, told):
    with pytest.raises(ValueError, match=told):
        assay(**settings)
