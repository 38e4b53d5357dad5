"""What latencies cannot tell: with a fixed reward rate, and in which unit utility is."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.fit.identifiability import Unidentified, check_identified, null_direction
from jaxda.keys import named_keys
from jaxda.models.niv_vigor import NivVigor
from jaxda.rollout import Agent, log_probs, simulate
from jaxda.tasks.free_operant import FreeOperant

from .test_unidentified import SESSIONS, eigenvalues, problem


FREE = ("beta", "c_v", "tone")
FIXED = {"alpha": 0.0, "alpha_r": 0.0}
RATIO = FreeOperant(schedule="random", ratio=5)


# All are positive, so coordinates are logarithms: latencies of one action on one schedule have
# the law of beta c_v and beta tone R.
@pytest.mark.parametrize(
    "names, direction",
    [
        (FREE, (1, -1, -1)),
        (("beta", "c_v", "r0"), (1, -1, -1)),
        (("c_v", "tone", "r0"), (0, 1, -1)),
    ],
)
def test_with_a_fixed_rate_of_reward_two_numbers_are_all_there_is(names, direction):
    p, x = problem(NivVigor(tone=0.8, **FIXED), RATIO, names)
    score = np.asarray(jax.jit(lambda p, x: p.score(x))(p, x))
    low, second, _ = eigenvalues(score)
    assert abs(low) < 1e-12 and second > 1e-3
    found = null_direction(score.reshape(-1, 3))
    known, i = np.array(direction, float), int(np.argmax(np.abs(direction)))
    np.testing.assert_allclose(found / found[i], known / known[i], rtol=0, atol=1e-8)
    with pytest.raises(Unidentified) as refusal:
        check_identified(p.frees, score, np.arange(SESSIONS), what="test")
    text = str(refusal.value)
    assert "cannot be told apart" in text
    for name, part in zip(names, direction, strict=True):
        assert (f"·{name}" in text) == bool(part), text


def test_each_two_of_them_are_not_refused():
    for names in (("beta", "c_v"), ("beta", "tone"), ("c_v", "tone")):
        p, x = problem(NivVigor(tone=0.8, **FIXED), RATIO, names)
        score = np.asarray(jax.jit(lambda p, x: p.score(x))(p, x))
        check_identified(p.frees, score, np.arange(SESSIONS), what="test")
        assert eigenvalues(score)[0] > 1e-3


def test_a_learned_rate_of_reward_tells_them_apart():
    # What a press costs, c_v / tau, is in the rate that is learned, and has the rewards' unit.
    p, x = problem(NivVigor(tone=0.8), RATIO, FREE)
    score = np.asarray(jax.jit(lambda p, x: p.score(x))(p, x))
    check_identified(p.frees, score, np.arange(SESSIONS), what="test")
    assert eigenvalues(score)[0] > 1e-6


# In units of utility that are c = 4 times as small everything is 4 times as much; a power of 2
# makes no difference in rounding either.
C = 4.0
VALUES = {"beta": 40.0, "c_v": 0.07, "c_u": 0.01, "r0": 0.06, "utility": 1.5, "tone": 0.8}
SCALED = {"beta": 1 / C, "c_v": C, "c_u": C, "r0": C, "utility": C, "tone": 1.0}


def records(model, rewards=1.0):
    """Log-probabilities of sessions of another subject, with `rewards` times what was paid."""
    keys = named_keys(0, [("unit", str(i)) for i in range(SESSIONS)])

    @jax.jit
    def probabilities():
        events = simulate(Agent(NivVigor()), RATIO, keys, 60, record=lambda e, r: e)
        events = eqx.tree_at(lambda e: e.reward, events, rewards * events.reward)
        return log_probs(Agent(model), RATIO.env, events)

    return np.asarray(probabilities())


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("schedule", ["ratio", "interval"])
def test_the_unit_of_utility_changes_no_record(schedule, learned):
    settings = {"schedule": schedule} | ({} if learned else FIXED)
    one = records(NivVigor(**VALUES, **settings))
    scaled = {name: VALUES[name] * SCALED[name] for name in VALUES}
    two = records(NivVigor(**scaled, **settings), rewards=C if learned else 1.0)
    np.testing.assert_array_equal(one, two)
    assert np.isfinite(one).all() and one.std() > 0.1


@pytest.mark.parametrize("left", ["beta", "c_v", "r0", "c_u", "reward"])
def test_a_unit_that_one_of_them_does_not_share_changes_records(left):
    scaled = {name: VALUES[name] * (SCALED[name] if name != left else 1.0) for name in VALUES}
    one = records(NivVigor(**VALUES))
    two = records(NivVigor(**scaled), rewards=1.0 if left == "reward" else C)
    assert np.abs(one - two).max() > 1e-3
