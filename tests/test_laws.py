"""Laws that every component obeys, over the whole catalogue. A new file is picked up by itself."""

import dataclasses
import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from jaxda import priors
from jaxda.bijectors import UNIT
from jaxda.catalog import KINDS, describe, load, names
from jaxda.keys import named_key
from jaxda.lesions._base import check_targets
from jaxda.lesions._combined import Combined, compose
from jaxda.params import free, get, pack, param, put, roles, sample, specs, unpack
from jaxda.rollout import Agent, log_likelihood, replay, simulate

from .catalogue import N_EVENTS, N_LANES, first_pairs, padding, pairs, played, score


MODELS = names("models")
LESIONS = names("lesions")
each_pair = pytest.mark.parametrize("pair", pairs(), ids=str)
each_model = pytest.mark.parametrize("pair", first_pairs(), ids=lambda p: p.model)


def same(a, b, rtol=1e-9, atol=1e-12):
    return eqx.tree_equal(a, b, rtol=rtol, atol=atol)


def lanes(tree, index):
    return jax.tree.map(lambda x: x[..., index], tree)


# What is simulated, and how it is replayed


@each_pair
def test_replay_agrees_with_simulate(pair):
    p = played(pair)
    again = jax.jit(lambda x, e: replay(p.agent, p.task.env, e, unpack(p.frees, x)))
    assert same(again(p.coords, p.events), p.readout)


@each_pair
def test_padding_changes_neither_value_nor_gradient(pair):
    p = played(pair)
    padded = jax.tree.map(lambda *x: jnp.concatenate(x), p.events, padding(p.events, 7))

    @jax.jit
    def value(x, events):
        total = lambda x: jnp.sum(score(p.agent, p.task.env, events, unpack(p.frees, x)))
        return jax.value_and_grad(total)(x)

    short, long = value(p.coords, p.events), value(p.coords, padded)
    assert all(jnp.all(jnp.isfinite(x)) for x in jax.tree.leaves(short))
    assert same(short, long, rtol=1e-10)


@each_pair
def test_gradient_equals_finite_differences(pair):
    p = played(pair)
    f = jax.jit(lambda x: score(p.agent, p.task.env, p.events, unpack(p.frees, x)))
    assert set(p.coords) == {n for n in specs(p.agent) if not n.startswith("lesion.")}
    check_grads(f, (p.coords,), order=1, modes=["fwd", "rev"], atol=1e-5, rtol=1e-5)


@each_model
def test_one_trace_for_every_value(pair):
    p = played(pair)
    count = eqx.debug.assert_max_traces(
        lambda x: score(p.agent, p.task.env, p.events, unpack(p.frees, x)), max_traces=1
    )
    f = jax.jit(count)
    seen = [f(sample(p.frees, named_key(seed, "again"), (N_LANES,))) for seed in range(3)]
    assert not jnp.allclose(seen[0], seen[1])
    # A Python number put in by hand must not bring a trace of its own either.
    with_value = lambda v: type(p.agent.model)(**{next(iter(specs(p.agent.model))): v})
    g = eqx.filter_jit(eqx.debug.assert_max_traces(lambda m: m, max_traces=1))
    for v in (0.1, 0.2, 0.3):
        g(with_value(v))


@each_pair
def test_a_session_alone_is_the_session_among_others(pair):
    p = played(pair)
    play = lambda keys, x: simulate(p.agent, p.task, keys, N_EVENTS, unpack(p.frees, x))
    alone = jax.jit(play)(p.keys[2:3], lanes(p.coords, slice(2, 3)))
    assert same(alone, lanes((p.events, p.readout), slice(2, 3)))
    order = jnp.asarray([3, 1, 0, 2])
    mixed = jax.jit(play)(p.keys[order], lanes(p.coords, order))
    assert same(mixed, lanes((p.events, p.readout), order))


@each_pair
def test_first_events_do_not_depend_on_how_many_are_asked_for(pair):
    p = played(pair)
    for n in (5, 40):
        events = jax.jit(
            lambda x, n=n: simulate(
                p.agent, p.task, p.keys, n, unpack(p.frees, x), record=lambda e, r: e
            )
        )(p.coords)
        k = min(n, N_EVENTS)
        assert events.valid.shape[0] == n
        assert same(jax.tree.map(lambda x: x[:k], events), jax.tree.map(lambda x: x[:k], p.events))


@each_model
def test_sharding_over_devices_changes_nothing(pair):
    p = played(pair)
    assert len(jax.devices()) == 4
    # Explicit axes, the default, type-check shardings inside a scan.
    mesh = jax.make_mesh((4,), ("lanes",), axis_types=(jax.sharding.AxisType.Auto,))
    spread = lambda tree: jax.tree.map(
        lambda x: jax.device_put(
            x, jax.NamedSharding(mesh, jax.P(*[None] * (x.ndim - 1), "lanes"))
        ),
        tree,
    )
    play = jax.jit(lambda k, x: simulate(p.agent, p.task, k, N_EVENTS, unpack(p.frees, x)))
    assert same(play(spread(p.keys), spread(p.coords)), (p.events, p.readout))
    value = jax.jit(
        jax.value_and_grad(lambda x, e: jnp.sum(score(p.agent, p.task.env, e, unpack(p.frees, x))))
    )
    there = value(spread(p.coords), spread(p.events))
    leaf = jax.tree.leaves(there[1])[0]
    assert len(leaf.sharding.device_set) == 4
    assert same(there, value(p.coords, p.events), rtol=1e-10)


@each_pair
def test_records_are_in_range(pair):
    p = played(pair)
    env, e = p.task.env, p.events
    inside = lambda x, n: bool(jnp.all((x >= 0) & (x < n)))
    assert inside(e.cue, env.n_cues) and inside(e.successor, env.n_cues)
    assert inside(e.action, env.n_actions)
    if e.options is None:
        assert env.n_items == env.n_actions
    else:
        assert e.options.shape[1] == env.n_actions and inside(e.options, env.n_items)
    assert bool(jnp.all(e.latency > 0)) and bool(jnp.all(e.elapsed > 0))
    # Nothing comes after the end.
    assert bool(jnp.all(e.valid[:-1] | ~e.valid[1:]))
    onset = np.arange(N_EVENTS) % p.task.events_per_trial == 0
    assert bool(jnp.all(e.onset == jnp.asarray(onset)[:, None]))


# Parameters


@each_model
def test_coordinates_round_trip(pair):
    p = played(pair)
    agent = put(p.agent, unpack(p.frees, p.coords))
    assert same(pack(agent, p.frees), p.coords, rtol=1e-10)
    back = put(p.agent, unpack(p.frees, pack(agent, p.frees)))
    assert same(back, agent, rtol=1e-10)


@each_model
def test_fixed_parameters_do_not_move(pair):
    p = played(pair)
    for f in p.frees:
        moved = put(p.agent, unpack([f], {f.name: jnp.asarray(0.123)}))
        for name in specs(p.agent):
            assert (get(moved, name) is get(p.agent, name)) == (name not in f.paths)


@pytest.mark.parametrize("model", MODELS)
def test_default_free_set_is_declared(model):
    cls = load("models", model)
    own = specs(cls)
    for name in itertools.chain(*(n.split("=") for n in cls.free)):
        assert name in own
    assert len(free(Agent(cls()), cls.free)) == len(cls.free) > 0


@pytest.mark.parametrize("kind", ["models", "habits", "lesions"])
def test_defaults_and_priors_lie_in_the_domain(kind):
    for name in names(kind):
        for spec in specs(load(kind, name)).values():
            assert spec.domain.lower <= spec.default <= spec.domain.upper
            draws = spec.prior.sample(named_key(0, name), (64,))
            assert bool(jnp.all(jnp.isfinite(spec.prior.log_density(draws))))


# Lesions


def targeted():
    for lesion, pair in itertools.product(LESIONS, first_pairs()):
        targets = load("lesions", lesion).targets
        if not targets or roles(load("models", pair.model)) & set(targets):
            yield lesion, pair


each_lesion = pytest.mark.parametrize(
    "lesion, pair", list(targeted()), ids=lambda x: x if isinstance(x, str) else x.model
)


@each_lesion
def test_dose_zero_is_the_identity(lesion, pair):
    p = played(pair)
    hurt = Agent(p.agent.model, load("lesions", lesion)(0.0), p.agent.habits)
    again = jax.jit(lambda x, e: replay(hurt, p.task.env, e, unpack(p.frees, x)))
    assert same(again(p.coords, p.events), p.readout, rtol=1e-12)


@each_lesion
def test_derivative_by_dose_is_finite_in_the_whole_domain(lesion, pair):
    p = played(pair)
    cls = load("lesions", lesion)
    domain = specs(cls)["dose"].domain
    hurt = Agent(p.agent.model, cls(), p.agent.habits)

    def total(dose, x):
        values = unpack(p.frees, x) | {"lesion.dose": dose}
        return jnp.sum(score(hurt, p.task.env, p.events, values))

    f = jax.jit(jax.value_and_grad(total, argnums=(0, 1)))
    for dose in (domain.lower, 0.0, domain.upper):
        value, slopes = f(jnp.asarray(dose), p.coords)
        assert bool(jnp.isfinite(value))
        assert all(bool(jnp.all(jnp.isfinite(s))) for s in jax.tree.leaves(slopes))
    if lesion != "intact":
        assert abs(f(jnp.asarray(0.5), p.coords)[1][0]) > 0


@each_lesion
def test_gradient_by_dose_equals_finite_differences(lesion, pair):
    p = played(pair)
    hurt = Agent(p.agent.model, load("lesions", lesion)(), p.agent.habits)
    values = unpack(p.frees, p.coords)
    f = jax.jit(lambda d: score(hurt, p.task.env, p.events, values | {"lesion.dose": d}))
    doses = jnp.linspace(0.2, 0.8, N_LANES)
    check_grads(f, (doses,), order=1, modes=["fwd", "rev"], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("lesion", LESIONS)
@pytest.mark.parametrize("model", MODELS)
def test_a_lesion_without_target_is_refused(lesion, model):
    cut, healthy = load("lesions", lesion)(0.3), load("models", model)()
    if not cut.targets or roles(healthy) & set(cut.targets):
        check_targets(cut, healthy)
        assert not same(jax.tree.leaves(cut.tissue(healthy)), jax.tree.leaves(healthy)) or (
            cut.targets == ()
        )
    else:
        with pytest.raises(ValueError, match=type(healthy).__name__):
            Agent(healthy, cut)
        # Nor may it hide in a combination.
        with pytest.raises(ValueError, match=type(healthy).__name__):
            Agent(healthy, compose(load("lesions", "intact")(), cut))


def dosed(lesion, dose):
    return load("lesions", lesion)(dose)


@pytest.mark.parametrize("lesion", LESIONS)
def test_two_of_a_kind_are_one(lesion):
    a, b, c = (dosed(lesion, d) for d in (0.5, 0.5, 0.2))
    both = compose(a, b)
    assert type(both) is type(a)
    # Survivors multiply: two halves leave a quarter. Changes of a logarithm add.
    shares = specs(type(a))["dose"].domain == UNIT
    assert jnp.allclose(both.dose, 0.75 if shares else 1.0)
    assert same(compose(compose(a, b), c), compose(a, compose(b, c)))
    assert same(compose(a, c), compose(c, a))
    assert same(compose(a, dosed(lesion, 0.0)), a)


@pytest.mark.parametrize("lesion, pair", list(targeted()), ids=str)
def test_one_after_the_other_is_both(lesion, pair):
    model = load("models", pair.model)()
    a, b = dosed(lesion, 0.3), dosed(lesion, 0.4)
    both = compose(a, b)
    assert same(both.tissue(model), a.tissue(b.tissue(model)))
    rpe = jnp.asarray([0.7, -0.2])
    if lesion == "snc_loss":
        # Each hit shrinks the burst by its own survivors; the pooled dose is a surrogate curve
        # in all survivors, so the two agree only where nothing is left or lost.
        return
    assert same(both.signal(model, rpe), a.signal(model, b.signal(model, rpe)))


@pytest.mark.parametrize("trio", list(itertools.combinations(LESIONS, 3)), ids="+".join)
def test_composition_is_associative_and_ignores_order(trio):
    a, b, c = (dosed(n, d) for n, d in zip(trio, (0.2, 0.3, 0.4), strict=True))
    left, right = compose(compose(a, b), c), compose(a, compose(b, c))
    assert isinstance(left, Combined)
    assert same(left, right)
    for order in itertools.permutations((a, b, c)):
        assert same(compose(*order), left)
    # Splitting one of them over the combination changes nothing either.
    assert same(compose(left, a), compose(compose(a, a), b, c))


@pytest.mark.parametrize("pair", first_pairs(), ids=lambda p: p.model)
def test_kinds_of_lesion_commute(pair):
    model = load("models", pair.model)()
    rpe = jnp.asarray([0.7, -0.2])
    for one, other in itertools.combinations(LESIONS, 2):
        a, b = dosed(one, 0.3), dosed(other, 0.4)
        assert same(a.tissue(b.tissue(model)), b.tissue(a.tissue(model)))
        assert same(a.signal(model, b.signal(model, rpe)), b.signal(model, a.signal(model, rpe)))


# Habits


@pytest.mark.parametrize("habit", names("habits"))
def test_a_habit_has_an_effect_and_learns_nothing_from_reward(habit):
    pair = next(p for p in pairs() if p.model == "q_learning" and p.task == "bandit")
    p = played(pair)
    cls = load("habits", habit)
    values = {f"habits.{habit}.{n}": jnp.asarray(0.4) for n in specs(cls)}
    agent = Agent(p.agent.model, habits={habit: cls()})
    bare = Agent(p.agent.model)
    logp = lambda a, e, v: log_likelihood(a, p.task.env, e, v)
    assert not jnp.allclose(logp(agent, p.events, values), logp(bare, p.events, None))
    # With nothing to learn from values, a habit is all there is, and it ignores outcomes.
    fixed = {"model.alpha_pos": jnp.asarray(0.0), "model.alpha_neg": jnp.asarray(0.0)}
    paid = eqx.tree_at(lambda e: e.reward, p.events, 1 - p.events.reward)
    assert same(logp(agent, p.events, values | fixed), logp(agent, paid, values | fixed))


# The catalogue


@pytest.mark.parametrize("kind, name", [(k, n) for k in KINDS for n in names(k)])
def test_card_says_what_the_class_is(kind, name):
    card, cls = describe(kind, name), load(kind, name)
    assert (card.kind, card.name) == (kind, name)
    assert card.title and card.doc == (cls.__doc__ and eqx_doc(cls))
    declared = specs(cls) if dataclasses.is_dataclass(cls) else {}
    assert set(card.params) == set(declared)
    for key, spec in declared.items():
        said = card.params[key]
        assert said.domain == (spec.domain.lower, spec.domain.upper)
        assert said.default == spec.default
        assert eval(said.prior, vars(priors)) == spec.prior
        assert (said.role, said.doc) == (spec.role, spec.doc)
        assert spec.doc
    for fact, value in card.facts.items():
        assert getattr(cls, fact) == value
    fields = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()
    static = {
        f.name: f.default
        for f in fields
        if f.metadata.get("static") and f.default is not dataclasses.MISSING
    }
    assert card.settings == static
    if kind in ("models", "habits", "tasks", "lesions"):
        assert cls.source == card.facts["source"]


def eqx_doc(cls):
    import inspect

    return inspect.getdoc(cls)


@pytest.mark.parametrize("task", names("tasks"))
def test_every_kind_of_task_has_a_model(task):
    kind = describe("tasks", task).facts["kind"]
    assert any(kind in describe("models", m).facts["tasks"] for m in MODELS)


def test_unknown_names_get_a_suggestion():
    with pytest.raises(KeyError, match="did you mean 'q_learning'"):
        load("models", "q_lerning")
    with pytest.raises(KeyError, match="there are"):
        describe("lesions", "xxxx")


def test_a_parameter_is_strongly_typed():
    class Thing(eqx.Module):
        x: jax.Array = param(UNIT, 0.5, prior=priors.Beta(1.0, 1.0), doc="x.")

    assert not Thing(0.25).x.weak_type and Thing().x.dtype == jnp.zeros(()).dtype
