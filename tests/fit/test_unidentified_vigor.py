"""What latencies cannot tell: with a fixed reward rate, and in which unit utility is."""

import equinox as eqx
import jax
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

scored = jax.jit(lambda p, x: p.score(x))
probabilities = eqx.filter_jit(lambda m, e: log_probs(Agent(m), RATIO.env, e))


# All are positive, so coordinates are logarithms: latencies of one action on one schedule have
# the law of beta c_v and beta tone R.
@pytest.mark.parametrize(
    "names, direction", [(FREE, (1, -1, -1)), (("beta", "tone", "r0"), (0, 1, -1))]
)
def test_with_a_fixed_rate_of_reward_two_numbers_are_all_there_is(names, direction):
    p, x = problem(NivVigor(tone=0.8, **FIXED), RATIO, names)
    score = np.asarray(scored(p, x))
    low, second, _ = eigenvalues(score)
    assert abs(low) < 1e-12 and second > 1e-3
    found = null_direction(score.reshape(-1, 3))
    known = np.array(direction, float)
    np.testing.assert_allclose(found / found[1], known / known[1], rtol=0, atol=1e-8)
    with pytest.raises(Unidentified, match="cannot be told apart") as refusal:
        check_identified(p.frees, score, np.arange(SESSIONS), what="test")
    for name, part in zip(names, direction, strict=True):
        assert (f"·{name}" in str(refusal.value)) == bool(part), str(refusal.value)


def test_a_learned_rate_of_reward_tells_them_apart():
    # What a press costs, c_v / tau, is in the rate that is learned, and has the rewards' unit.
    p, x = problem(NivVigor(tone=0.8), RATIO, FREE)
    score = np.asarray(scored(p, x))
    check_identified(p.frees, score, np.arange(SESSIONS), what="test")
    assert eigenvalues(score)[0] > 1e-6


# In a unit of utility that is c = 4 times as small all utilities are 4 times as large; a power
# of 2 makes no difference in rounding either.
C = 4.0
VALUES = {"beta": 40.0, "c_v": 0.07, "c_u": 0.01, "r0": 0.06, "utility": 1.5, "tone": 0.8}
SCALED = VALUES | {"beta": 40.0 / C} | {n: C * VALUES[n] for n in ("c_v", "c_u", "r0", "utility")}


@pytest.fixture(scope="module")
def events():
    """Sessions of another subject."""
    keys = named_keys(0, [("unit", str(i)) for i in range(SESSIONS)])
    run = jax.jit(lambda: simulate(Agent(NivVigor()), RATIO, keys, 60, record=lambda e, r: e))
    return run()


def paid(events, times):
    """The same with so many times the rewards."""
    return eqx.tree_at(lambda e: e.reward, events, times * events.reward)


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("schedule", ["ratio", "interval"])
def test_the_unit_of_utility_changes_no_record(schedule, learned, events):
    settings = {"schedule": schedule} | ({} if learned else FIXED)
    one = np.asarray(probabilities(NivVigor(**VALUES, **settings), events))
    # Where nothing is learned, what was paid makes no difference.
    more = paid(events, C if learned else 1.0)
    two = np.asarray(probabilities(NivVigor(**SCALED, **settings), more))
    np.testing.assert_array_equal(one, two)
    assert np.isfinite(one).all() and one.std() > 0.1


@pytest.mark.parametrize("left", ["beta", "c_v", "r0", "c_u", "reward"])
def test_a_unit_that_one_of_them_does_not_share_changes_records(left, events):
    one = probabilities(NivVigor(**VALUES), events)
    values = SCALED | ({left: VALUES[left]} if left in VALUES else {})
    two = probabilities(NivVigor(**values), paid(events, 1.0 if left == "reward" else C))
    assert np.abs(np.asarray(one) - np.asarray(two)).max() > 1e-3
