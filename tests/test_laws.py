"""Laws of playing and replaying, for every model and every task of the catalogue.

A new file in the catalogue is picked up by itself.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.catalog import load, names
from jaxda.keys import named_key
from jaxda.params import free, get, pack, put, sample, specs, unpack
from jaxda.rollout import Agent, replay, simulate

from .catalogue import (
    N_EVENTS,
    N_LANES,
    compiled,
    first_pairs,
    lanes,
    model_pairs,
    over_devices,
    pairs,
    played,
    same,
    short_pairs,
    slopes,
)


each_pair = pytest.mark.parametrize("pair", pairs(), ids=str)
each_learner = pytest.mark.parametrize("pair", model_pairs(), ids=str)
each_model = pytest.mark.parametrize("pair", first_pairs(), ids=str)
each_kind = pytest.mark.parametrize(
    "pair", {load("tasks", p.task).kind: p for p in reversed(pairs())}.values(), ids=str
)


@each_pair
def test_replay_agrees_with_simulate(pair):
    p = played(pair)
    again = compiled(lambda x, e: replay(p.agent, p.task.env, e, unpack(p.frees, x)))
    assert same(again(p.coords, p.events), p.readout)


@pytest.mark.parametrize("pair", short_pairs(), ids=str)
def test_a_session_depends_neither_on_the_others_nor_on_its_length(pair):
    p = played(pair)
    longer = N_EVENTS + 16
    play = compiled(lambda k, x: simulate(p.agent, p.task, k, longer, unpack(p.frees, x)))
    alone = play(p.keys[2:3], lanes(p.coords, slice(2, 3)))
    assert alone[0].valid.shape == (longer, 1)
    begun = jax.tree.map(lambda x: x[:N_EVENTS], alone)
    assert same(begun, lanes((p.events, p.readout), slice(2, 3)))


@each_pair
def test_sessions_may_change_places(pair):
    p = played(pair)
    order = np.asarray([3, 1, 0, 2])
    mixed = p.play(p.keys[order], lanes(p.coords, order))
    assert same(mixed, lanes((p.events, p.readout), order), rtol=1e-12)
    assert not same(mixed, (p.events, p.readout))


def direction(coords):
    return {n: jax.random.normal(named_key(0, n), x.shape) for n, x in coords.items()}


@each_learner
def test_padding_changes_neither_value_nor_gradient(pair):
    p, s = played(pair), slopes(pair)
    v = direction(p.coords)
    value, slope = s.forward(p.coords, v)
    padded, gradient = s.reverse(p.coords)
    assert all(np.all(np.isfinite(x)) for x in (value, slope, *gradient.values()))
    assert same(padded, value, rtol=1e-10)
    along = sum(np.asarray(gradient[n]) * np.asarray(v[n]) for n in v)
    assert same(along, slope, rtol=1e-9, atol=1e-9)


@each_learner
def test_gradient_equals_finite_differences(pair):
    p, s = played(pair), slopes(pair)
    assert set(p.coords) == {n for n in specs(p.agent) if not n.startswith("lesion.")}
    _, gradient = s.reverse(p.coords)
    still = jax.tree.map(jnp.zeros_like, p.coords)
    step, moving = 1e-5, set()
    for name, x in jax.device_get(p.coords).items():
        at = lambda d, name=name, x=x: s.forward(p.coords | {name: x + d}, still)[0]
        slope = (at(step) - at(-step)) / (2 * step)
        np.testing.assert_allclose(gradient[name], slope, rtol=1e-5, atol=1e-6, err_msg=name)
        if np.any(np.abs(slope) > 1e-6):
            moving.add(name)
    # Unless no outcome is ever shown, there is something to differentiate. Where trials are long,
    # what was learned may not be met again; each model is asked once.
    short = p.task.events_for(3) <= N_EVENTS or pair in first_pairs()
    assert any(n.startswith("model.") for n in moving) or not (p.events.feedback.any() and short)


@each_model
def test_one_trace_for_every_value(pair):
    p, s = played(pair), slopes(pair)
    # To trace it a second time is an error.
    seen = [s.forward(sample(p.frees, named_key(i, "again"), (N_LANES,)), p.coords) for i in (0, 1)]
    assert not np.allclose(seen[0], seen[1])
    # Nor does a Python number put in by hand bring a trace of its own.
    name, model = next(iter(specs(p.agent.model))), type(p.agent.model)
    g = jax.jit(eqx.debug.assert_max_traces(lambda m: m, max_traces=1))
    for value in (0.1, 0.2, 0.3):
        assert float(get(g(model(**{name: value})), name)) == value


@each_learner
def test_sharding_over_devices_changes_nothing(pair):
    p, s = played(pair), slopes(pair)
    value, gradient = s.reverse(p.coords)
    assert all(len(x.sharding.device_set) == 4 for x in (value, *gradient.values()))
    # On one device, and in forward mode.
    for name, x in p.coords.items():
        v = {n: np.full(x.shape, float(n == name)) for n in p.coords}
        assert same((value, gradient[name]), s.forward(p.coords, v), rtol=1e-9, atol=1e-9), name


@each_kind
def test_sharding_changes_no_session(pair):
    p = played(pair)
    events, readout = p.play(over_devices(p.keys), over_devices(p.coords))
    assert len(readout.rpe.sharding.device_set) == 4
    assert same((events, readout), (p.events, p.readout), rtol=1e-12)


@each_pair
def test_records_are_in_range(pair):
    p = played(pair)
    env, e = p.task.env, p.events
    inside = lambda x, n: np.all((x >= 0) & (x < n))
    assert inside(e.cue, env.n_cues) and inside(e.successor, env.n_cues)
    assert inside(e.action, env.n_actions)
    if e.options is None:
        assert env.n_items == env.n_actions
    else:
        assert e.options.shape[1] == env.n_actions and inside(e.options, env.n_items)
    assert np.all(e.latency > 0) and np.all(e.elapsed > 0)
    # Nothing comes after the end.
    assert np.all(e.valid[:-1] | ~e.valid[1:])
    if p.task.events_per_trial is None:
        assert e.onset[0].all() and p.task.events_for(3) > p.task.events_for(2) > 2
    else:
        onset = np.arange(N_EVENTS) % p.task.events_per_trial == 0
        assert np.all(e.onset == onset[:, None])
    assert e.fresh is None or (e.fresh[0].all() and np.all(e.onset | ~e.fresh))


@each_model
def test_coordinates_round_trip(pair):
    p = played(pair)
    agent = put(p.agent, unpack(p.frees, p.coords))
    assert same(pack(agent, p.frees), p.coords, rtol=1e-10)
    assert same(put(p.agent, unpack(p.frees, pack(agent, p.frees))), agent, rtol=1e-10)


@each_model
def test_fixed_parameters_do_not_move(pair):
    p = played(pair)
    for f in p.frees:
        moved = put(p.agent, unpack([f], {f.name: jnp.asarray(0.123)}))
        for name in specs(p.agent):
            assert (get(moved, name) is get(p.agent, name)) == (name not in f.paths)


@each_model
def test_default_free_set_is_declared(pair):
    model = type(played(pair).agent.model)
    assert model.free
    for name in model.free:
        assert set(name.split("=")) <= set(specs(model))
    assert [f.name for f in free(Agent(model()), model.free)] == list(model.free)


def test_every_component_is_played():
    assert {p.model for p in pairs()} == set(names("models"))
    assert {p.task for p in pairs()} == set(names("tasks"))
