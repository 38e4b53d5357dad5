"""`evaluate` agrees with `jax.vmap`, whatever the program does."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from jaxda.lanes import evaluate, spread, spread_events, stack_events, stacked


N = 5


def everyday(a, b, i):
    c = jnp.where(a > 0, a, -b[0]) * jnp.sum(b)
    both = (i == 1) & (c[0] > 0)
    return {"c": c, "stack": jnp.stack([c[0], b[1]]), "max": jnp.max(a), "both": both}


def rare(a, b, i):
    return jnp.cumsum(a), jnp.argmax(a), a[i], jax.nn.logsumexp(b), jnp.sort(a), a.at[0].set(b[0])


def big(a, b, i):
    wide = a[0] * jnp.arange(40.0) + b[1]
    grid = jnp.outer(wide, jnp.concatenate([a, b]))
    some = jnp.where(wide > 1, wide, 0.0)[:4]
    return wide, jnp.sum(grid, axis=0), jnp.max(wide), grid[3, 1], some


def looped(a, b, i):
    out, _ = jax.lax.scan(lambda c, x: (c * 0.9 + x, None), b[0], a)
    return out, jax.lax.cond(out > 0, lambda: a, lambda: 2 * a), jax.nn.softmax(a), jax.nn.relu(a)


def shapes(a, b, i):
    m = a[:, None] * b[None, :]
    turned = m.T, jnp.flip(m, 0), m.reshape(-1), m[::2], jnp.squeeze(m[:1])
    return turned, jnp.prod(m), jnp.all(m > 0)


def constant(a, b, i):
    return jnp.arange(3), jnp.ones((20,)), jnp.zeros(())


@pytest.mark.parametrize("program", [everyday, rare, big, looped, shapes, constant])
def test_lanes_agree_with_vmap(program):
    a = jr.normal(jr.key(0), (3, N))
    b = jr.normal(jr.key(1), (2, N))
    i = jnp.arange(N) % 3
    want = jax.vmap(program, in_axes=-1, out_axes=-1)(a, b, i)
    got = evaluate(program, N, spread(a), spread(b), spread(i))
    got = jax.tree.map(lambda s: s.stacked(N), got, is_leaf=lambda x: hasattr(x, "parts"))
    assert jax.tree.structure(want) == jax.tree.structure(got)
    for w, g in zip(jax.tree.leaves(want), jax.tree.leaves(got), strict=True):
        assert w.dtype == g.dtype
        assert jnp.allclose(w, g, rtol=1e-12, atol=1e-14)


def test_gradient_passes_through_lanes():
    a, b = jr.normal(jr.key(0), (3, N)), jr.normal(jr.key(1), (2, N))

    def total(a, run):
        return jnp.sum(jnp.sin(run(a)))

    program = lambda a, b: jnp.cumsum(jnp.where(a > 0, a * b[0], jnp.exp(a)))
    mine = jax.grad(total)(a, lambda a: evaluate(program, N, spread(a), spread(b)).stacked(N))
    theirs = jax.grad(total)(a, lambda a: jax.vmap(program, -1, -1)(a, b))
    assert jnp.allclose(mine, theirs, rtol=1e-12)


@pytest.mark.parametrize("shape", [(), (3,), (2, 2), (40,)])
def test_events_are_taken_apart_and_put_together(shape):
    x = jr.normal(jr.key(0), (7, *shape, N))
    _, again = jax.lax.scan(lambda c, s: (c, s), None, spread_events(x))
    assert jnp.array_equal(stack_events(again), x)


def test_what_is_the_same_in_all_lanes_stays_one_number():
    out = evaluate(lambda a: (a + 1, jnp.ones(())), N, spread(jnp.zeros((N,))))
    assert out[0].parts[0].shape == (N,)
    assert out[1].parts[0].shape == ()


def test_what_has_no_elements_keeps_its_type():
    def nothing(a):
        none = a[:0].astype(int)
        return none, jnp.concatenate([a[:0], a]), jnp.cumsum(none), jnp.sum(a[:0])

    a = jnp.arange(6.0).reshape(2, 3)
    found = stacked(evaluate(nothing, 3, spread(a)), 3)
    expected = jax.vmap(nothing, in_axes=-1, out_axes=-1)(a)
    for x, y in zip(found, expected, strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("size", [3, 40])
def test_random_numbers_are_those_of_jax_random(size):
    keys = jr.split(jr.key(3), 5)

    def draw(key):
        first, second = jr.split(key)
        many = jr.split(second, size)
        wait = jr.exponential(first, (size,))
        return wait, jr.uniform(many[-1], (size,)), jr.randint(many[0], (size, 2), 0, 9)

    found = stacked(evaluate(draw, 5, spread(keys)), 5)
    expected = jax.vmap(draw, out_axes=-1)(keys)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)
