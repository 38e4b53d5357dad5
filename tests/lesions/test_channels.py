"""Channels of a population that fall silent."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.lesions._combined import compose
from jaxda.lesions.channel_loss import ChannelLoss
from jaxda.models.delay_line import DelayLine
from jaxda.models.expectile import Expectile
from jaxda.models.q_learning import QLearning
from jaxda.tasks.variable_magnitude import VariableMagnitude

from ..records import one_event


EVENT = one_event()
FOUR = Expectile(taus=(0.7, 0.1, 0.9, 0.4))


def faded(x):
    """What is left of a channel at a share x of its own fading."""
    return 1 - (6 * x**5 - 15 * x**4 + 10 * x**3)


def test_weights_by_hand():
    # Four channels fade over 1.5 channels each, one beginning every 2.5 / 3; at a dose of .4
    # the loss has come to 1.6 channels: the first is gone, the second half way.
    found = ChannelLoss(0.4, which="optimistic").weights(FOUR, 4)
    second = faded((1.6 - 2.5 / 3) / 1.5)
    assert second == pytest.approx(0.479, abs=1e-3)
    np.testing.assert_allclose(found, [second, 1, 0, 1], rtol=0, atol=1e-12)
    found = ChannelLoss(0.4, which="pessimistic").weights(FOUR, 4)
    np.testing.assert_allclose(found, [1, 0, 1, second], rtol=0, atol=1e-12)


def test_random_loss_has_an_order_of_its_own():
    first, second = (ChannelLoss(0.5, seed=s).weights(Expectile(), 19) for s in (0, 1))
    assert not np.allclose(first, second)
    np.testing.assert_allclose(np.sort(first), np.sort(second), rtol=0, atol=1e-14)
    given = ChannelLoss(0.4, order=jnp.asarray([1.0, 3.0, 0.0, 2.0])).weights(FOUR, 4)
    by_optimism = ChannelLoss(0.4, which="optimistic").weights(FOUR, 4)
    np.testing.assert_array_equal(given, by_optimism)


@pytest.mark.parametrize("channels", [2, 3, 19])
def test_as_much_is_lost_as_the_dose_says(channels):
    model = Expectile(channels=channels)
    left = lambda dose: ChannelLoss(dose).weights(model, channels)
    np.testing.assert_array_equal(left(0.0), np.ones(channels))
    np.testing.assert_array_equal(left(1.0), np.zeros(channels))
    assert float(left(0.5).sum()) == pytest.approx(channels / 2, abs=1e-12)
    for dose in (0.1, 0.3, 0.6, 0.9):
        assert float(left(dose).sum()) == pytest.approx(channels * (1 - dose), abs=0.3)
        slope = jax.jacfwd(left)(dose)
        assert bool(jnp.all(slope <= 0)) and float(slope.sum()) < 0


def test_a_broadcast_of_one_signal_is_scaled():
    rpe = jnp.asarray([0.8])
    for which in ("random", "optimistic"):
        cut = ChannelLoss(0.3, which=which)
        np.testing.assert_allclose(cut.signal(QLearning(), rpe, EVENT), [0.56], rtol=1e-14)
    # The errors of a delay line are moments and not cells: none is lost before the others.
    bins = jnp.asarray([1.0, -0.5, 0.2])
    cut = ChannelLoss(0.25)
    np.testing.assert_allclose(cut.signal(DelayLine(), bins, EVENT), 0.75 * bins, rtol=1e-14)
    both = compose(ChannelLoss(0.5), ChannelLoss(0.5))
    np.testing.assert_allclose(both.signal(QLearning(), rpe, EVENT), [0.2], rtol=1e-14)


def test_a_silent_channel_learns_nothing():
    model = FOUR
    state = eqx.tree_at(
        lambda s: s.value, model.init(VariableMagnitude().env), jnp.full((2, 4), 0.5)
    )
    event = one_event(cue=1)
    arrives = ChannelLoss(0.4, which="optimistic").signal(model, model.rpe(state, event), event)
    moved = np.asarray(model.update(state, event, arrives).value[1]) - 0.5
    assert moved[2] == 0 and moved[0] > 0
    # rate * tau * error, .5 of a reward.
    assert moved[1] == pytest.approx(0.04 * 0.1 * 0.5, rel=1e-12)


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"seed": -1}, "seed is -1; it is a whole number, 0 or more"),
        ({"which": "optimistic", "order": jnp.zeros(3)}, "an order is given"),
    ],
)
def test_what_has_no_meaning_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        ChannelLoss(0.1, **wrong)
