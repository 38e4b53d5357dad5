"""A D2 antagonist turns away from costly food, not from food."""

from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..theory.opponent import payoff_cost
from ._base import AbstractLandmark, Measured, Panel, agree, at_most, bars, equal, line, theory
from ._play import agent, play, task


# Cost and payoff of pellets that are worked for and of free chow, and the fitted rule.
_PELLETS, _CHOW = (14.510517, 15.511751), (0.0, 1.0)
_RULE = {"alpha_g": 0.1, "alpha_n": 0.1, "epsilon": 0.6327, "lam": 0.0204, "beta": 1.0}
_LAW = {"alpha": 0.1, "epsilon": 0.6327, "lam": 0.0204}
# Share of D2 receptors left: vehicle, haloperidol.
_FREE = (1.0, 0.7507)
_LEARNED = ((15.14206, 13.04969), (0.89195, 0.04887))
# Thalamic activity of pellets and chow under vehicle and drug; of pellets that are free.
_ACTIVITY, _PUBLISHED = ((1.046, 0.422), (-0.580, 0.415)), ((1.0, 0.4), (-0.6, 0.4))
_UNEARNED = (6.54, 6.44)
# Payoff 15 and cost 10: the rule above but for two parameters, and one of small steps.
_OTHER, _SLOW = (0.1, 0.6, 0.02), (0.05, 0.96, 0.001)
_TRIALS, _MANY = 1500, 12_000


class PayoffCostHaloperidol(AbstractLandmark):
    """Weights of costly pellets and free chow, and what is preferred under haloperidol."""

    title: ClassVar = "Haloperidol: costs weigh more, free food is spared"
    claim: ClassVar = (
        "Go learns the payoff and NoGo the cost of a food; blocking D2 receptors "
        "uncovers the cost, "
        "so pellets that must be worked for fall below free chow while free pellets do not."
    )
    source: ClassVar = (
        "Moller & Bogacz 2019, PLoS Comput. Biol. 15:e1006285; behaviour of Salamone et al. 1991, "
        "Psychopharmacology 104:515"
    )
    models: ClassVar = ("payoff_cost",)
    caution: ClassVar = (
        "Holds where each trial has a cost and then a payoff; with a single stochastic outcome the "
        "weights are mean plus and minus spread. Doses and gains were fitted to this experiment."
    )

    def measure(self) -> Measured:
        drug = {"model.k_n": jnp.asarray(_FREE)}
        go, nogo, activity = _learned(_PELLETS, drug, _TRIALS)
        fixed = np.array([payoff_cost(p, c, **_LAW) for c, p in (_PELLETS, _CHOW)])
        found = np.stack([go[-1, :, 0], nogo[-1, :, 0]], axis=1)
        other, slow = _weights()
        checks = [
            agree("closed form of G and N against known numbers", _LEARNED, fixed, 1e-5),
            agree("G and N of pellets and chow against the closed form", fixed, found, 1e-6),
            agree("known case: payoff 15, cost 10", (15.55768, 10.50505), other, 1e-5),
            at_most("small steps: share that G is off the payoff", 0.05, abs(slow[0] / 15 - 1)),
            at_most("small steps: share that N is off the cost", 0.05, abs(slow[1] / 10 - 1)),
        ]
        final = activity[-1].T
        checks.append(
            agree("activity, vehicle and drug, of pellets and chow", _ACTIVITY, final, 1e-3)
        )
        checks.append(agree("the same against the published figure", _PUBLISHED, final, 0.05))
        *_, unearned = _learned((0.0, _PELLETS[1]), drug, _TRIALS)
        checks.append(
            agree("activity of free pellets, vehicle and drug", _UNEARNED, unearned[-1, 0], 0.005)
        )
        flips = np.sign(final[:, 0] - final[:, 1])
        checks.append(equal("preference for pellets turns round", -1, flips[0] * flips[1], 0))

        trials = np.arange(1, _TRIALS + 1)[:500:3]
        marks = []
        for i, food in enumerate(("pellets", "chow")):
            for j, (name, w) in enumerate((("G", go), ("N", nogo))):
                marks.append(line(trials, w[:500:3, i, 0], f"{name}, {food}", color=2 * i + j))
                told = "fixed point" if not marks[1:] else ""
                marks.append(theory((1, 500), (fixed[i, j],) * 2, told))
        panels = [Panel("Learning", "trial", "weight (units of reward)", marks)]
        rows = np.column_stack([final, unearned[-1, 0]])
        foods = ("pellets, worked for", "chow, free", "pellets, free")
        marks = [
            bars(range(3), row, name) for row, name in zip(rows, ("vehicle", "drug"), strict=True)
        ]
        panels.append(Panel("Choice", "food", "thalamic activity T", marks, foods, zero=True))
        (c, p), (_, q) = _PELLETS, _CHOW
        caption = (
            "Payoff-cost model with α = .1, ε = .6327, λ = .0204 learning pellets "
            f"(payoff {p:.2f}, "
            f"cost {c:.2f}) and chow (payoff {q:g}, no cost) in trials that offer one or both; one "
            f"agent, outcomes are deterministic. Drug: {_FREE[1]} of the D2 receptors are left at "
            "choice, at D = 1/2."
        )
        return Measured(checks, panels, caption)


def _learned(
    pellets: tuple[float, float], values: Mapping[str, Float[Array, " levels"]], n_trials: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """G, N and activity `[trials, foods, levels]` just before each trial.

    A trial that offers one food repeats what was last seen of the other.
    """
    options, *seen = play(
        agent("payoff_cost", **_RULE),
        task("effort", pellets=pellets, chow=_CHOW, training=n_trials - 1),
        2 * n_trials,
        lambda e, r: (e.options, r.latents["go"], r.latents["nogo"], r.policy.logits),
        name="payoff_cost_haloperidol",
        n_agents=len(values["model.k_n"]),
        values=values,
    )
    offered, at = options[::2], np.arange(n_trials)[:, None]
    out = []
    for x in seen:
        known = np.empty((n_trials, 2, x.shape[-1]))
        for food in (0, 1):
            value = np.where(offered[:, 0] == food, x[::2, 0], x[::2, 1])
            last = np.maximum.accumulate(np.where((offered == food).any(axis=1), at, 0), axis=0)
            known[:, food] = np.take_along_axis(value, last, axis=0)
        out.append(known)
    return out[0], out[1], out[2]


def _weights() -> np.ndarray:
    """G and N `[rules, 2]` of pellets with payoff 15 and cost 10."""
    names = ("model.alpha_g", "model.alpha_n", "model.epsilon", "model.lam")
    rules = [(alpha, alpha, *rest) for alpha, *rest in (_OTHER, _SLOW)]
    values = dict(zip(names, map(jnp.asarray, zip(*rules, strict=True)), strict=True))
    go, nogo, _ = _learned((10.0, 15.0), values | {"model.k_n": jnp.ones(2)}, _MANY)
    return np.stack([go[-1, 0], nogo[-1, 0]], axis=1)
