"""Values that fade: the ramp that forgetting leaves, and how delay takes from a value."""

import numpy as np
from numpy.typing import ArrayLike


def ramp(steps: int, alpha: float, gamma: float, kappa: float, reward: float = 1.0) -> np.ndarray:
    """Lasting errors `[steps + 1]` of TD(0) whose values fade by `kappa` once per trial.

    The first is the error of the start, R (alpha kappa gamma)^J / (1 - kappa (1 - alpha))^J with
    J = `steps` states behind it; then, j = J - 1 ... 0 steps before the reward, R (1 - kappa)
    (alpha kappa gamma)^j / (1 - kappa (1 - alpha))^(j + 1). Each is (1 - kappa (1 - alpha)) /
    (alpha kappa gamma) > 1 times the one before it. Morita & Kato 2014, Front. Neural Circuits
    8:36.
    """
    left = 1 - kappa * (1 - alpha)
    ratio = alpha * kappa * gamma / left
    later = (1 - kappa) / left * ratio ** np.arange(steps - 1, -1, -1)
    return reward * np.concatenate([[ratio**steps], later])


def value_slope(values: ArrayLike, gamma: float) -> np.ndarray:
    """gamma V(t + 1) - V(t): the errors `[n - 1]` along a line of `values` without reward.

    They vanish where V grows by 1 / gamma per step and are positive where it grows faster:
    dopamine near the derivative of value (Gershman 2014, Neural Comput. 26:467; Kim et al.
    2020, Cell 183:1600).
    """
    v = np.asarray(values, float)
    return gamma * v[1:] - v[:-1]


def hyperbolic(delay: ArrayLike, k: float) -> np.ndarray:
    """What is left of a value at `delay` s, 1 / (1 + k delay) (Mazur 1987); `k` per second."""
    return 1 / (1 + k * np.asarray(delay, float))
