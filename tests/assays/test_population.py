"""What is read from a population that has lost channels."""

import numpy as np
import pytest

from jaxda.assays.population_decode import SIZES, TAUS, PopulationDecode
from jaxda.keys import named_keys
from jaxda.theory.expectiles import expectiles


KEYS = named_keys(0, [("population", str(i)) for i in range(128)])
SETTLED = expectiles(np.asarray(SIZES), np.full(5, 0.2), np.asarray(TAUS))


def read(**settings):
    return PopulationDecode(**settings).run(KEYS)["decoded_mean"]


def test_the_middle_channel_knows_the_mean():
    assert SETTLED[9] == pytest.approx(0.5, abs=1e-14)
    # Symmetric rewards: expectiles at tau and 1 - tau lie as far from it.
    np.testing.assert_allclose(SETTLED + SETTLED[::-1], 1.0, rtol=0, atol=1e-14)
    # At tau = .75 by hand: between .5 and .75 it is (.75 * 1.75 + .25 * .75) / (.75 * 2 + .25 * 3).
    assert SETTLED[14] == pytest.approx(1.5 / 2.25, abs=1e-14)


def test_all_channels_read_the_mean_of_the_rewards():
    found = read()
    assert found.shape == KEYS.shape
    assert found.mean() == pytest.approx(SETTLED.mean(), abs=0.006)
    assert found.std() < 0.03


@pytest.mark.parametrize(
    "which, kept", [("optimistic", slice(0, 13)), ("pessimistic", slice(6, 19))]
)
def test_the_loss_of_one_side_is_a_shift_to_the_other(which, kept):
    # Six of 19 channels, no channel half way.
    lost = (5 * (19 - 1.5) / 18 + 1.5) / 19
    found = read(lost=lost, which=which)
    assert found.mean() == pytest.approx(SETTLED[kept].mean(), abs=0.012)


def test_random_loss_widens_and_does_not_shift():
    all_of_them, few = read(), read(lost=0.6)
    assert few.mean() == pytest.approx(all_of_them.mean(), abs=0.02)
    assert 2.2 < few.std() / all_of_them.std() < 3.8
    # Who is lost is drawn by individual: the order is the same at every dose.
    more = read(lost=0.65)
    assert np.corrcoef(few, more)[0, 1] > 0.9


def test_same_keys_same_numbers():
    np.testing.assert_array_equal(read(lost=0.6), read(lost=0.6))
    half = PopulationDecode(lost=0.6).run(KEYS[:5])["decoded_mean"]
    np.testing.assert_allclose(read(lost=0.6)[:5], half, rtol=1e-6)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"lost": 1.0}, "lost must lie in"),
        ({"lost": True}, "lost must be a number, got True"),
        ({"which": "worst"}, "which must be one of random, optimistic, pessimistic, got 'worst'"),
    ],
)
def test_settings_without_meaning_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        PopulationDecode(**settings)
