"""Likelihoods of short records that were worked out by another program, and exact invariants."""

from collections.abc import Sequence
from typing import Any, ClassVar

import equinox as eqx
import numpy as np

from .. import rollout
from ..rollout import Agent
from ..theory.opponent import additive_gap
from ..types import Env, Event
from ._base import AbstractLandmark, Measured, agree, at_most, equal
from ._play import agent
from ._records import TWO_ARMS, record


_CHOICES = (0, 0, 1, 0, 1, 1, 0, 0, 1, 0)
_REWARDS = (1, 0, 1, 1, 0, 0, 1, 0, 1, 1)
_OFTEN, _RARELY = (1, 1, 1, 1, 1, 0, 1, 1, 1, 1), (0, 0, 0, 0, 0, 1, 0, 0, 0, 0)
# OpAL* with rewards that come often: likelihood, weights after them, dopamine in each trial. With
# rare rewards weights change places and dopamine its sign.
_RISING = (6, 20 / 3, 50 / 7, 5, 50 / 9, 6, 70 / 11)
_STAR = {
    "paper": (
        (-9.0299141778, -8.8380114084),
        ((1.3804642989, 1.1022622213), None),
        (0, 0, 5, *_RISING),
    ),
    "code": (
        (-18.0034040663, -21.2483638380),
        ((2.6942138324, 1.3511180089), (0.3026349023, 0.6344838164)),
        (0, 0, 0, *_RISING),
    ),
}


class GoldenOpponentRecords(AbstractLandmark):
    """Ten trials of each model with opponent pathways, and what holds in them exactly."""

    title: ClassVar = "Golden records and invariants of opponent pathways"
    claim: ClassVar = (
        "Records of ten trials have the likelihoods that an independent program gives them; G N is "
        "a product over errors, exchanging wins and losses exchanges G and N, and without the "
        "Hebbian term dopamine at choice has no effect."
    )
    source: ClassVar = (
        "independent computations; Collins & Frank 2014; Moller & Bogacz 2019; Jaskir & Frank 2023"
    )
    models: ClassVar = ("note_go_nogo", "opal", "opal_star", "payoff_cost")
    pictured: ClassVar = False

    def measure(self) -> Measured:
        checks = [*_golden(), *_golden_star()]
        rates = {"alpha_c": 0.2, "alpha_g": 0.6, "alpha_n": 0.6, "critic": "item"}
        _, seen = _ten(agent("opal", rho=0.4, **rates), _REWARDS)
        both = seen["go"] * seen["nogo"]
        taken = np.equal.outer(_CHOICES, (0, 1))
        factors = np.where(taken, 1 - 0.6**2 * seen["rpe"][:-1, None] ** 2, 1.0)
        checks.append(agree("G N is Π(1 − α² δ²)", np.cumprod(factors, axis=0), both[1:], 1e-13))
        checks.append(at_most("greatest rise of G N", 0.0, np.diff(both, axis=0).max()))
        _, other = _ten(agent("opal", rho=-0.4, **rates), 1 - np.array(_REWARDS))
        checks.append(agree("wins for losses, OpAL: G is N", seen["go"], other["nogo"], 1e-13))
        checks.append(
            agree("wins for losses, OpAL: Act is −Act", seen["act"], -other["act"], 1e-13)
        )
        plain = {"alpha_c": 0.2, "critic": "item", "actors": "additive"}
        acts = [_ten(agent("opal", rho=rho, **plain), _REWARDS)[1]["act"] for rho in (-0.7, 0, 0.7)]
        gaps = [act[:, 0] - act[:, 1] for act in acts]
        checks.append(
            agree("No-Hebb, ρ ±.7: the same difference of Act", gaps[::2], [gaps[1]] * 2, 1e-13)
        )
        _, seen = _ten(agent("opal", alpha_g=0.4, alpha_n=0.1, rho=0.3, **plain), _REWARDS)
        errors = np.where(taken, seen["rpe"][:-1, None], 0.0)
        act = additive_gap(errors, 2.0, 0.3, 0.4, 0.1)
        checks.append(
            agree("No-Hebb: Act is linear in the sum of errors", act, seen["act"][-1], 1e-13)
        )
        return Measured(checks)


@eqx.filter_jit
def _seen(who: Agent, env: Env, events: Event) -> Any:
    keep = lambda event, readout: {
        **readout.latents,
        "act": readout.policy.logits,
        "rpe": readout.rpe[0],
    }
    logp = rollout.log_likelihood(who, env, events)
    return logp, rollout.replay(who, env, events, record=keep)


def _ten(who: Agent, rewards: Sequence[float] | np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
    """Log-likelihood of ten trials, and what was seen before each and after the last."""
    n = len(_CHOICES)
    events = record((*_CHOICES, 0), (*rewards, 0), valid=np.arange(n + 1) < n)
    logp, seen = _seen(who, TWO_ARMS, events)
    return float(logp[0]), {name: np.asarray(x)[..., 0] for name, x in seen.items()}


def _golden() -> list[Any]:
    half = {"alpha_go": 0.3, "alpha_nogo": 0.15, "alpha_c": 0.2, "beta": 2.0}
    opal = {"alpha_c": 0.1, "alpha_g": 0.4, "alpha_n": 0.2, "beta": 1.5, "rho": 0.3, "v0": 0.5}
    cost = {"alpha_g": 0.3, "alpha_n": 0.3, "epsilon": 0.6, "lam": 0.05, "rho": 0.2, "beta": 4.0}
    checks = []
    for name, who, rewards, logp, go, nogo in (
        (
            "half-wave Go and NoGo",
            agent("note_go_nogo", **half),
            _REWARDS,
            -7.1964297276,
            (0.8689634304, 0.447180288),
            (0.09551232, 0.124848),
        ),
        (
            "OpAL",
            agent("opal", critic="item", **opal),
            _REWARDS,
            -6.6620100017,
            (1.2054430606, 0.9171710496),
            (0.8274817862, 0.9761437791),
        ),
        (
            "payoff and cost",
            agent("payoff_cost", w0=0.1, **cost),
            2 * np.array(_REWARDS) - 1,
            -7.5990684618,
            (0.7031936206, 0.39170325),
            (0.2076870701, 0.3457653),
        ),
    ):
        found, seen = _ten(who, rewards)
        checks.append(equal(f"{name}: log-likelihood", logp, found, 1e-8))
        checks.append(agree(f"{name}: Go at the end", go, seen["go"][-1], 1e-8))
        checks.append(agree(f"{name}: NoGo at the end", nogo, seen["nogo"][-1], 1e-8))
    return checks


def _golden_star() -> list[Any]:
    checks = []
    for convention, (logps, (go, nogo), rho) in _STAR.items():
        who = agent("opal_star", beta=1.0, convention=convention)
        found = [_ten(who, rewards) for rewards in (_OFTEN, _RARELY)]
        name = f"OpAL*, convention of the {convention}"
        for often, logp, (got, _) in zip(("often", "rarely"), logps, found, strict=True):
            checks.append(equal(f"{name}: log-likelihood, paid {often}", logp, got, 1e-8))
        rich, lean = (seen for _, seen in found)
        checks.append(agree(f"{name}: Go at the end", go, rich["go"][-1], 1e-8))
        if nogo:
            checks.append(agree(f"{name}: NoGo at the end", nogo, rich["nogo"][-1], 1e-8))
        checks.append(agree(f"{name}: dopamine in each trial", rho, rich["rho"][:-1], 1e-12))
        for one, other, sign in (("go", "nogo", 1), ("nogo", "go", 1), ("rho", "rho", -1)):
            text = f"{name}: {one} when wins and losses change places"
            checks.append(agree(text, rich[one], sign * lean[other], 1e-12))
    return checks
