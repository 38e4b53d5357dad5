"""Laws of damage, for every lesion with every model that it acts on."""

import collections
import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.bijectors import UNIT
from jaxda.catalog import load, names
from jaxda.lesions._combined import Combined, compose
from jaxda.params import put, roles, specs, unpack
from jaxda.rollout import Agent

from ..catalogue import N_LANES, compiled, first_pairs, lanes, played, same, score, slopes
from ..records import one_event


MODELS, LESIONS = names("models"), names("lesions")
RPE = jnp.asarray([0.7, -0.2])
EVENT = one_event()


def targeted():
    for lesion, pair in itertools.product(LESIONS, first_pairs()):
        targets = load("lesions", lesion).targets
        if not targets or roles(load("models", pair.model)) & set(targets):
            yield lesion, pair


def told_apart():
    """Three pairs per lesion and set of roles that it finds; one where nothing is done."""
    addressed = frozenset().union(*(load("lesions", n).targets for n in LESIONS))
    met = collections.Counter()
    for lesion, pair in targeted():
        named = load("lesions", lesion).targets or addressed
        found = lesion, roles(load("models", pair.model)) & set(named)
        met[found] += 1
        if met[found] <= 3 and (lesion != "intact" or pair == first_pairs()[0]):
            yield lesion, pair


each_target = pytest.mark.parametrize("lesion, pair", list(told_apart()), ids=str)


def dosed(lesion, dose):
    return load("lesions", lesion)(dose)


@functools.lru_cache(maxsize=len(LESIONS))
def by_dose(lesion, pair):
    """Score of what was played intact, by dose, and its slope along dose or coordinates."""
    p = played(pair)
    hurt = Agent(p.agent.model, load("lesions", lesion)(), p.agent.habits)

    def at(dose, x):
        return score(hurt, p.task.env, p.events, unpack(p.frees, x) | {"lesion.dose": dose})

    f = compiled(lambda *at_and_along: jax.jvp(at, at_and_along[:2], at_and_along[2:]))

    def along(dose, by_dose=1.0, by_coordinates=0.0):
        wide = lambda x: np.broadcast_to(np.asarray(x, dtype=float), (N_LANES,))
        direction = jax.tree.map(lambda x: np.full(x.shape, by_coordinates), p.coords)
        return jax.device_get(f(wide(dose), p.coords, wide(by_dose), direction))

    return along


@each_target
def test_dose_zero_is_the_identity(lesion, pair):
    p = played(pair)
    unhurt = slopes(pair).forward(p.coords, jax.tree.map(jnp.zeros_like, p.coords))[0]
    assert same(by_dose(lesion, pair)(0.0)[0], unhurt, rtol=1e-12)
    cut = dosed(lesion, 0.0)
    for lane in range(N_LANES):
        model = put(p.agent, unpack(p.frees, lanes(p.coords, lane))).model
        assert same((cut.tissue(model), cut.signal(model, RPE, EVENT)), (model, RPE), rtol=1e-12)


@each_target
def test_derivative_by_dose_is_finite_at_both_ends_and_right_between(lesion, pair):
    f, domain = by_dose(lesion, pair), specs(load("lesions", lesion))["dose"].domain
    for dose in (domain.lower, 0.0, domain.upper):
        everything = f(dose), f(dose, 0.0, 1.0)
        assert all(np.all(np.isfinite(x)) for x in jax.tree.leaves(everything)), dose
    dose, step = np.linspace(0.2, 0.8, N_LANES), 1e-5
    _, slope = f(dose)
    differences = (f(dose + step)[0] - f(dose - step)[0]) / (2 * step)
    np.testing.assert_allclose(slope, differences, rtol=1e-5, atol=1e-6)
    # A lesion of the dips leaves alone who had none.
    done = any(not same(f(d)[0], f(0.0)[0]) for d in (0.8, domain.upper))
    assert np.any(np.abs(slope) > 1e-12) == done and not (done and lesion == "intact")


@pytest.mark.parametrize("model", MODELS)
def test_a_lesion_without_target_is_refused(model):
    healthy = load("models", model)()
    for cut in (dosed(lesion, 0.3) for lesion in LESIONS):
        if not cut.targets or roles(healthy) & set(cut.targets):
            Agent(healthy, cut)
            continue
        with pytest.raises(ValueError, match=type(healthy).__name__):
            Agent(healthy, cut)
        # Nor may it hide in a combination.
        with pytest.raises(ValueError, match=type(healthy).__name__):
            Agent(healthy, compose(dosed("intact", 0.1), cut))


@pytest.mark.parametrize("lesion", LESIONS)
def test_two_of_a_kind_are_one(lesion):
    a, b, c = (dosed(lesion, d) for d in (0.5, 0.5, 0.2))
    both = compose(a, b)
    assert type(both) is type(a)
    # Survivors multiply: two halves leave a quarter. Changes of a logarithm add.
    shares = specs(type(a))["dose"].domain == UNIT
    assert float(both.dose) == pytest.approx(0.75 if shares else 1.0, abs=1e-15)
    assert same(compose(compose(a, b), c), compose(a, compose(b, c)), rtol=1e-14)
    assert same(compose(a, c), compose(c, a), rtol=1e-14)
    assert same(compose(a, dosed(lesion, 0.0)), a, rtol=1e-14)


# Each lesion in three trios: how lesions compose does not depend on which they are.
TRIOS = [tuple(LESIONS[i - j] for j in range(3)) for i in range(len(LESIONS))]


@pytest.mark.parametrize("trio", TRIOS, ids="+".join)
def test_composition_is_associative_and_ignores_order(trio):
    a, b, c = (dosed(n, d) for n, d in zip(trio, (0.2, 0.3, 0.4), strict=True))
    left = compose(compose(a, b), c)
    assert isinstance(left, Combined) and len(left.parts) == 3
    assert same(left, compose(a, compose(b, c)))
    for order in itertools.permutations((a, b, c)):
        assert same(compose(*order), left)
    # More of a part that is already there.
    assert same(compose(left, a), compose(compose(a, a), b, c))


def one_per_roles():
    """The first model of every set of roles."""
    return list({roles(load("models", n)): n for n in reversed(MODELS)}.values())


@pytest.mark.parametrize("model", one_per_roles())
def test_kinds_of_lesion_commute(model):
    healthy = load("models", model)()
    reach = [n for n in LESIONS if not (t := load("lesions", n).targets) or roles(healthy) & set(t)]

    # Not compiled: every pair of kinds would be.
    def both(one, other):
        after = lambda outer, inner: outer.signal(healthy, inner.signal(healthy, RPE, EVENT), EVENT)
        there = one.tissue(other.tissue(healthy)), after(one, other)
        back = other.tissue(one.tissue(healthy)), after(other, one)
        together = compose(one, other)
        return there, back, (together.tissue(healthy), together.signal(healthy, RPE, EVENT))

    for one, other in itertools.combinations(reach, 2):
        one, other = dosed(one, 0.3), dosed(other, 0.4)
        there, back, together = both(one, other)
        assert same(there[0], back[0]) and same(there[0], together[0]), (one, other)
        # `there` the second acts first, `back` the first does.
        found = [back[1]] * (one.stage <= other.stage) + [there[1]] * (one.stage >= other.stage)
        assert all(same(signal, together[1]) for signal in found), (one, other)


def test_a_lesion_is_never_a_silent_no_op_on_what_it_reaches():
    for lesion, pair in targeted():
        cut, healthy = dosed(lesion, 0.5), load("models", pair.model)()
        spared = same((cut.tissue(healthy), cut.signal(healthy, RPE, EVENT)), (healthy, RPE))
        assert spared == (lesion == "intact"), (lesion, pair.model)
