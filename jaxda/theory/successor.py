"""Discounted futures of a Markov chain (Dayan 1993)."""

import numpy as np


def occupancy(transitions: np.ndarray, gamma: float) -> np.ndarray:
    """M = (I - gamma T)^-1 `[states, states]`: discounted visits of j from i, i itself included.

    A row of `transitions` that is all 0 ends the chain. Values are M times the rewards on
    leaving each state.
    """
    return np.linalg.inv(np.eye(len(transitions)) - gamma * transitions)
