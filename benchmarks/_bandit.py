"""The five-parameter bandit as a lab writes it: a loop over trials, and scipy or NumPyro around it.

Parameters are natural values (alpha_pos, alpha_neg, beta, forget, kappa) with the priors of the
catalogue, on the natural scale and without a Jacobian.
"""

import math
from collections.abc import Callable

import numpy as np


NAMES = ("alpha_pos", "alpha_neg", "beta", "forget", "kappa")
_BOUNDS = [(1e-6, 1 - 1e-6), (1e-6, 1 - 1e-6), (1e-6, None), (1e-6, 1 - 1e-6), (None, None)]
# Normalising constants of Beta(1.1, 1.1) and Gamma(1.2, scale 5).
_BETA = 2 * math.lgamma(1.1) - math.lgamma(2.2)
_GAMMA = math.lgamma(1.2) + 1.2 * math.log(5.0)


def penalty(p: np.ndarray) -> float:
    """Negative log density of the priors."""
    total = 0.5 * p[4] ** 2 + 0.5 * math.log(2 * math.pi)
    total += _GAMMA - 0.2 * math.log(p[2]) + p[2] / 5.0
    for rate in (p[0], p[1], p[3]):
        total += _BETA - 0.1 * math.log(rate) - 0.1 * math.log1p(-rate)
    return total


def numpy_loss(p: np.ndarray, actions: np.ndarray, rewards: np.ndarray) -> float:
    """Negative log posterior with arrays of two values, trial by trial."""
    q, last, total = np.full(2, 0.5), np.zeros(2), 0.0
    for action, reward in zip(actions, rewards, strict=True):
        logits = p[2] * q + p[4] * last
        top = logits.max()
        total += logits[action] - top - np.log(np.exp(logits - top).sum())
        delta = reward - q[action]
        kept = q[action] + (p[0] if delta > 0 else p[1]) * delta
        q = q * (1 - p[3])
        q[action] = kept
        last = np.zeros(2)
        last[action] = 1
    return penalty(p) - total


def _scalar_loop(p: np.ndarray, actions: np.ndarray, rewards: np.ndarray) -> float:
    q0, q1, stay, total = 0.5, 0.5, 0.0, 0.0
    for t in range(len(actions)):
        lead = p[2] * (q1 - q0) + p[4] * stay
        if actions[t] == 0:
            lead = -lead
        total += max(-lead, 0.0) + math.log1p(math.exp(-abs(lead)))
        if actions[t] == 0:
            delta, q1, stay = rewards[t] - q0, q1 * (1 - p[3]), -1.0
            q0 += (p[0] if delta > 0 else p[1]) * delta
        else:
            delta, q0, stay = rewards[t] - q1, q0 * (1 - p[3]), 1.0
            q1 += (p[0] if delta > 0 else p[1]) * delta
    return total


def numba_loss() -> Callable[..., float] | None:
    """The same in compiled scalars, or None where Numba is not installed."""
    try:
        import numba
    except ImportError:
        return None
    prior, loop = numba.njit(penalty), numba.njit(_scalar_loop)
    return numba.njit(lambda p, actions, rewards: prior(p) + loop(p, actions, rewards))


def fit(
    loss: Callable[..., float], starts: np.ndarray, actions: np.ndarray, rewards: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One subject by L-BFGS-B within bounds: `[starts, 5]` natural values and their losses."""
    from scipy.optimize import minimize

    lower = [-np.inf if low is None else low for low, _ in _BOUNDS]
    upper = [np.inf if high is None else high for _, high in _BOUNDS]
    found = [
        minimize(loss, np.clip(s, lower, upper), (actions, rewards), "L-BFGS-B", bounds=_BOUNDS)
        for s in starts
    ]
    return np.stack([f.x for f in found]), np.stack([f.fun for f in found])


def nuts(actions: np.ndarray, rewards: np.ndarray, draws: int) -> Callable[[int], np.ndarray]:
    """A sampler of one subject after the other: posterior means of natural values."""
    import jax
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist
    from numpyro.infer import MCMC, NUTS

    def model(actions, rewards):
        rate = dist.Beta(1.1, 1.1)
        up, down = numpyro.sample("alpha_pos", rate), numpyro.sample("alpha_neg", rate)
        beta = numpyro.sample("beta", dist.Gamma(1.2, 1 / 5.0))
        forget = numpyro.sample("forget", rate)
        kappa = numpyro.sample("kappa", dist.Normal(0.0, 1.0))

        def trial(carry, at):
            q, last = carry
            action, reward = at
            logp = jax.nn.log_softmax(beta * q + kappa * last)[action]
            chosen = jax.nn.one_hot(action, 2)
            delta = reward - jnp.sum(chosen * q)
            gained = jnp.where(delta > 0, up, down) * delta
            return (q * (1 - forget * (1 - chosen)) + gained * chosen, chosen), logp

        begin = jnp.full(2, 0.5), jnp.zeros(2)
        logp = jax.lax.scan(trial, begin, (actions, rewards))[1]
        numpyro.factor("choices", jnp.sum(logp))

    sampler = MCMC(
        NUTS(model),
        num_warmup=draws,
        num_samples=draws,
        progress_bar=False,
        jit_model_args=True,
    )

    def run(subject: int) -> np.ndarray:
        sampler.run(jax.random.key(subject), actions[subject], rewards[subject])
        found = sampler.get_samples()
        return np.stack([np.mean(found[name]) for name in NAMES])

    return run
