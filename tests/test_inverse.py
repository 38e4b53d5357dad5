"""What the questions asked backwards are answered with."""

import jax.numpy as jnp
import numpy as np

from jaxda.fit.identifiability import null_direction
from jaxda.landmarks._inverse import Questions, answered, level_line


def valley(x, centre, width):
    """Two minima along the first coordinate, at ± 1 from `centre`; the left one is lower."""
    a, b = x[0] - centre, x[1] / width
    return (a**2 - 1) ** 2 + 0.1 * a + b**2


def test_every_question_has_its_own_best_start():
    given = (jnp.asarray([0.0, 3.0]), jnp.asarray([1.0, 5.0]))
    # From the right of either centre the nearer minimum is the higher one.
    starts = jnp.asarray([[[1.5, 2.0], [4.5, 2.0]], [[-1.5, 2.0], [1.5, 2.0]]])
    found = answered(Questions(valley, given), starts)
    # Of (a² - 1)² + .1 a the slope 4 a³ - 4 a + .1 is 0 at -1.0122 and at .9872, where the value
    # is -.1006 and .0994.
    assert np.allclose(found.x, [[-1.0122, 0.0], [3 - 1.0122, 0.0]], atol=1e-3)
    assert np.allclose(found.value, -0.1006, atol=1e-4)
    assert np.allclose(found.apart, 0.2000, atol=1e-3)
    assert found.gradient.max() < 1e-5


def test_a_line_of_equal_loss_is_the_ellipse_that_it_must_be():
    loss = lambda at: (at[:, 0] - 1) ** 2 + 4 * (at[:, 1] - 2) ** 2
    x, y = level_line(loss, (1.0, 2.0), (2.0, 2.0), 1.0, ((-5.0, 5.0), (-5.0, 5.0)))
    assert np.allclose((x - 1) ** 2 + 4 * (y - 2) ** 2, 1.0, atol=5e-3)
    assert np.allclose([x[0], y[0]], [x[-1], y[-1]])
    # Where the edge is nearer, the line runs along it.
    x, y = level_line(loss, (1.0, 2.0), (2.0, 2.0), 1.0, ((0.8, 5.0), (-5.0, 5.0)))
    assert np.isclose(x.min(), 0.8) and x.max() > 1.9


def test_a_group_with_many_records_is_judged_without_their_square():
    score = np.random.default_rng(0).normal(size=(200_000, 2))
    assert null_direction(score) is None
    tied = null_direction(np.stack([score[:, 0], -2 * score[:, 0]], axis=1))
    assert tied is not None and np.isclose(abs(tied[0] / tied[1]), 2.0)
