"""The law of the travelling error, against its generating function and TD(lambda) in numpy."""

import numpy as np
import pytest

from jaxda.theory import wave


def td_lambda(n_trials, delay, alpha, gamma, lam):
    """Errors of the textbook algorithm, bin by bin; the interval's value is 0."""
    V, out = np.zeros(delay + 3), np.empty((n_trials, delay + 2))
    for n in range(n_trials):
        e = np.zeros_like(V)
        for t in range(delay + 2):
            ahead = V[t + 1] if t < delay + 1 else 0.0
            out[n, t] = (t == delay + 1) + gamma * ahead - V[t]
            e *= gamma * lam
            e[t] += t > 0
            V += alpha * out[n, t] * e
    return out


@pytest.mark.parametrize("lam", [0.0, 0.6, 1.0])
def test_errors(lam):
    law = wave.errors(40, 6, 0.2, 0.9, lam)
    np.testing.assert_allclose(law, td_lambda(40, 6, 0.2, 0.9, lam), rtol=0, atol=1e-13)


def test_jumps_are_coefficients_of_the_generating_function():
    n, alpha, lam, size = 7, 0.3, 0.4, 12
    one = np.append(1 - alpha, alpha * (1 - lam) * lam ** np.arange(size - 1))
    power = np.eye(size)[0]
    for _ in range(n):
        power = np.convolve(power, one)[:size]
    found = [wave.jumps(n, k, alpha, lam) for k in range(size)]
    np.testing.assert_allclose(found, power, rtol=0, atol=1e-14)


@pytest.mark.parametrize("lam, height", [(0.0, 0.361), (0.5, 0.181), (0.8, 0.072), (0.9, 0.036)])
def test_interior_bump(lam, height):
    assert wave.interior_bump(0.005, 0.98, lam) == pytest.approx(height, abs=6e-4)
    # Nowhere between is the error higher than next to the reward.
    law = wave.errors(60, 5, 0.1, 0.98, lam)
    assert law[:, 1:-1].max() == pytest.approx(wave.interior_bump(0.1, 0.98, lam), abs=1e-12)
