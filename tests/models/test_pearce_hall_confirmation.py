"""Pearce-Hall with confirmation: two trials on paper, mirrored items, and what is shown."""

import numpy as np
import pytest

from jaxda.models.pearce_hall_confirmation import PearceHallConfirmation
from jaxda.models.q_learning import QLearning
from jaxda.rollout import Agent
from jaxda.types import Env

from ..records import CHOICES, REWARDS, TWO_ARMS, log_likelihood, record, replay, ten_trials


# The rate is .75 after a good outcome and .5 after a bad one while A is 1.
LOGIT = np.log(3)
RATES = {"drive": LOGIT / 2, "confirmation": LOGIT, "eta": 0.4}


def test_two_trials_by_hand():
    # Item 0 pays: delta (1, -1), Q = (.75, -.75), A = .4 * 1 + .6 * .75 = .85 for both.
    # Item 0 fails: delta (-1.75, 1.75), rate 1 / 2: Q = (-.125, .125), A = .4 * 1.75 + .6 * .5.
    agent = Agent(PearceHallConfirmation(**RATES, beta=2.0, bias=0.1))
    events = record([0, 0, 1], [1, 0, 0])
    seen = replay(agent, TWO_ARMS, events)
    np.testing.assert_allclose(seen.rpe[:2, :, 0], [[1, -1], [-1.75, 1.75]], atol=1e-14)
    q = [[0, 0], [0.75, -0.75], [-0.125, 0.125]]
    np.testing.assert_allclose(seen.latents["q"][:, :, 0], q, atol=1e-14)
    a = [[1, 1], [0.85, 0.85], [1.0, 1.0]]
    np.testing.assert_allclose(seen.latents["associability"][:, :, 0], a, atol=1e-14)
    # Logit of the second item over the first: 2 * (difference + .1).
    lead = 2.0 * (np.array([0, -1.5, 0.25]) + 0.1)
    expected = -np.log1p(np.exp(np.array([1, 1, -1]) * lead)).sum()
    assert float(log_likelihood(agent, TWO_ARMS, events)[0]) == pytest.approx(expected, abs=1e-12)


def test_a_small_associability_slows_what_is_driven_and_items_not_on_offer_are_left_alone():
    agent = Agent(PearceHallConfirmation(**RATES))
    env = Env(n_cues=2, n_items=4, n_actions=2)
    options = [[0, 1], [0, 1], [2, 3], [0, 1]]
    seen = replay(agent, env, record([0, 0, 0, 0], [1, 1, 1, 1], options=options)).latents
    # The second outcome is learned at the rate sigmoid(log 3 * .85).
    rate = 1 / (1 + 3**-0.85)
    assert seen["q"][3, 0, 0] == pytest.approx(0.75 + rate * 0.25, abs=1e-14)
    np.testing.assert_allclose(seen["q"][2, :, 0], 0, atol=1e-14)
    np.testing.assert_allclose(seen["associability"][2, :, 0], 1, atol=1e-14)


def test_what_a_gamble_would_have_brought_is_the_opposite_for_who_avoids_it():
    # A loss avoided is good for who avoided it.
    brought = np.where(np.array(CHOICES) == 1, REWARDS, 1 - np.array(REWARDS))
    gamble = Agent(PearceHallConfirmation(**RATES, bias=0.2, shows="gamble"))
    choice = Agent(PearceHallConfirmation(**RATES, bias=0.2))
    theirs = log_likelihood(gamble, TWO_ARMS, record(CHOICES, REWARDS))
    ours = log_likelihood(choice, TWO_ARMS, record(CHOICES, brought))
    assert float(ours[0]) == pytest.approx(float(theirs[0]), abs=1e-14)


def test_without_drive_it_is_q_learning_with_a_fictive_update_at_one_half():
    ours, _ = ten_trials(PearceHallConfirmation(drive=0.0, confirmation=0.0, beta=1.5))
    half = {"alpha_pos": 0.5, "alpha_neg": 0.5, "fictive": 0.5}
    signed = record(CHOICES, 2 * np.array(REWARDS) - 1)
    theirs = log_likelihood(Agent(QLearning(**half, beta=1.5, q0=0.0)), TWO_ARMS, signed)
    assert ours == pytest.approx(float(theirs[0]), abs=1e-12)
