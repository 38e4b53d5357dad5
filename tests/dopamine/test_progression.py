"""The course of a loss over the years, by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.dopamine.progression import Progression


def test_by_hand():
    course = Progression(first=0.5, rate=np.log(2) / 10, spread=0.4)
    # A half-life of ten years.
    np.testing.assert_allclose(course.dorsal(jnp.asarray([0.0, 10.0, 20.0])), [0.5, 0.25, 0.125])
    np.testing.assert_allclose(course.ventral(jnp.asarray([0.0, 10.0])), [0.8, 0.7])
    # Neither region is lost where nothing is lost over time.
    still = Progression(first=1.0, rate=0.0)
    assert float(still.dorsal(50.0)) == 1 and float(still.ventral(50.0)) == 1


def test_slope_by_rate():
    slope = jax.grad(lambda k: Progression(rate=k).dorsal(10.0))(0.05)
    assert float(slope) == pytest.approx(-10 * 0.5 * np.exp(-0.5), rel=1e-12)


def test_it_says_what_it_is_not():
    assert "never a forecast" in Progression.caution


@pytest.mark.parametrize(
    "wrong", [{"first": 0.0}, {"first": 1.2}, {"rate": -0.1}, {"rate": np.inf}, {"spread": 1.5}]
)
def test_impossible_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match="spread within"):
        Progression(**wrong).dorsal(1.0)


def test_time_before_the_start_is_refused():
    with pytest.raises(ValueError, match="time must be finite and not negative"):
        Progression().ventral(-1.0)
