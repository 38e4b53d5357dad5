"""Choosing A and avoiding B in the pairs that were never trained."""

import numpy as np


def choose_a(worth: np.ndarray) -> float:
    """Probability of taking A over C to F, for logits `worth [items, ...]`."""
    return float(np.mean(1 / (1 + np.exp(worth[2:] - worth[:1]))))


def avoid_b(worth: np.ndarray) -> float:
    """Probability of not taking B when it is shown with C to F."""
    return float(np.mean(1 / (1 + np.exp(worth[1:2] - worth[2:]))))


def at_test(options: np.ndarray, logits: np.ndarray) -> tuple[float, float]:
    """Both, from the options and logits `[events, 2, lanes]` of a test phase.

    Probabilities rather than choices: less noise from as many agents.
    """
    first = 1 / (1 + np.exp(logits[:, 1] - logits[:, 0]))
    p = np.stack([first, 1 - first], axis=1)
    low, high = options.min(axis=1), options.max(axis=1)
    with_a = (low == 0) & (high > 1)
    with_b = (low == 1) & (high > 1)
    taking = lambda item: np.sum(np.where(options == item, p, 0.0), axis=1)
    return float(taking(0)[with_a].mean()), float(1 - taking(1)[with_b].mean())
