"""Random numbers: the same for ever, whatever else is drawn."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy import stats

from jaxda.keys import fold_name, gumbel, logistic, named_key, named_keys, normal, uniforms


def test_named_keys_never_change():
    # Data that were published under a seed must come out again.
    known = {
        (0, "a"): [1742198805, 3555436242],
        (1, "a"): [3830270290, 302502226],
        (0, "a", "b"): [3620862070, 2056711076],
    }
    for (seed, *names), words in known.items():
        assert jr.key_data(named_key(seed, *names)).tolist() == words
    assert jr.key_data(fold_name(named_key(0, "a"), "alpha")).tolist() == [2134111259, 756265319]


def test_uniforms_never_change():
    u = uniforms(named_keys(0, [("a",), ("b",)]), jnp.arange(2), 3)
    assert u.shape == (2, 3, 2)
    np.testing.assert_allclose(
        u[:, :, 0],
        [
            [0.103250056505, 0.144984155893, 0.753616303205],
            [0.266558378935, 0.454298228025, 0.42123618722],
        ],
        rtol=0,
        atol=1e-12,
    )


def test_a_key_depends_on_the_name_and_not_on_the_list():
    rows = [("s1", "1"), ("s1", "2"), ("s2", "1")]
    data = jr.key_data(named_keys(7, rows))
    mixed = jr.key_data(named_keys(7, [rows[2], rows[0]]))
    np.testing.assert_array_equal(mixed, data[jnp.asarray([2, 0])])
    for row, words in zip(rows, data, strict=True):
        np.testing.assert_array_equal(jr.key_data(named_key(7, *row)), words)
    assert len({tuple(np.asarray(w)) for w in data}) == 3
    # Names are kept apart.
    apart = [jr.key_data(named_key(7, *n)).tolist() for n in (("ab",), ("a", "b"), ("b", "a"))]
    assert len({tuple(a) for a in apart}) == 3


def test_noise_depends_on_key_event_and_draw_alone():
    keys = named_keys(0, [(str(i),) for i in range(6)])
    draw = jax.jit(uniforms, static_argnums=2)
    whole = draw(keys, jnp.arange(40), 4)
    np.testing.assert_array_equal(draw(keys, jnp.arange(16, 40), 4), whole[16:])
    np.testing.assert_array_equal(draw(keys[2:4], jnp.arange(40), 4), whole[:, :, 2:4])
    np.testing.assert_array_equal(draw(keys, jnp.arange(40), 3), whole[:, :3])


def test_uniforms_are_uniform_and_independent():
    keys = named_keys(3, [(str(i),) for i in range(50)])
    u = np.asarray(uniforms(keys, jnp.arange(400), 3))
    assert u.min() > 0 and u.max() < 1
    assert stats.kstest(u.ravel(), "uniform").pvalue > 0.01
    n = u.size
    assert u.mean() == pytest.approx(0.5, abs=4 / np.sqrt(12 * n))
    assert u.var() == pytest.approx(1 / 12, abs=4 / np.sqrt(180 * n))
    pairs = [
        (u[:, 0], u[:, 1]),
        (u[:, 1], u[:, 2]),
        (u[:-1], u[1:]),
        (u[..., :-1], u[..., 1:]),
    ]
    for a, b in pairs:
        assert np.corrcoef(a.ravel(), b.ravel())[0, 1] == pytest.approx(0, abs=4 / np.sqrt(a.size))


@pytest.mark.parametrize(
    "transform, law", [(logistic, "logistic"), (gumbel, "gumbel_r"), (normal, "norm")]
)
def test_noise_follows_its_law(transform, law):
    u = uniforms(named_keys(5, [(str(i),) for i in range(20)]), jnp.arange(500), 1)
    x = np.asarray(transform(u)).ravel()
    assert np.isfinite(x).all()
    assert stats.kstest(x, law).pvalue > 0.01
    # The ends of the interval are never met.
    edge = jnp.asarray([0.5 * 2.0**-24, 1 - 0.5 * 2.0**-24])
    assert bool(jnp.all(jnp.isfinite(transform(edge))))
