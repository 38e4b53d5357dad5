"""What one session can tell: Cramer-Rao bounds of a bandit, and of rich and lean blocks."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ..fit.design import Design, Phase, Subjects, sessions
from ..fit.information import information
from ..keys import named_keys
from ..params import free
from ._base import AbstractLandmark, Measured, Panel, at_least, at_most, bars, equal
from ._play import agent


_SESSIONS, _OPAL, _TRIALS = 1500, 500, 200
_ARMS = ((0, 1),)
_PAIRS = ((0, 1), (2, 3))
_ACROSS = ((0, 2), (0, 3), (1, 2), (1, 3))
_RATES = (0.8, 0.6, 0.4, 0.2)


class DesignInformation(AbstractLandmark):
    """Expected Fisher information of Q-learning and of OpAL under three designs."""

    title: ClassVar = "What a bandit can tell of its learner"
    claim: ClassVar = (
        "Two hundred trials of one bandit fix a learning rate to about 0.43 on the logit scale "
        "and log beta to 0.14. OpAL's state at choice (rho) is hardly told from its two rates, "
        "whatever the schedule; with one rate for both actors, rich and lean blocks separate it "
        "from that rate."
    )
    source: ClassVar = (
        "Cramer-Rao bounds, computed independently in NumPy; Collins & Frank 2014, Psychol. Rev. "
        "121:337; Jaskir & Frank 2023, eLife 12:e85107"
    )
    models: ClassVar = ("q_learning", "opal")
    caution: ClassVar = "A bound for one set of parameters; the designs have as many trials."

    def measure(self) -> Measured:
        one = Design((), (Phase(_TRIALS, _ARMS, (0.7, 0.3)),), _TRIALS)
        blocks = Design((), (Phase(_TRIALS, _PAIRS, _RATES),), _TRIALS)
        test = Phase(40, _ACROSS, _RATES, feedback=False)
        tested = Design((), (Phase(160, _PAIRS, _RATES), test), _TRIALS)
        q = {"alpha_pos=alpha_neg": 0.2, "beta": 3.0}
        (fisher,) = _informed(agent("q_learning", q0=0.0), q, [one], _SESSIONS)
        sd, r = _bounds(fisher)
        checks = [
            equal("Q-learning, sd of logit alpha", 0.43, sd[0], 0.03),
            equal("Q-learning, sd of log beta", 0.14, sd[1], 0.01),
            equal("Q-learning, correlation of the two", -0.22, r[0, 1], 0.06),
        ]
        names = ("one bandit", "rich and lean", "with a test")
        opal = {"alpha_c": 0.1, "alpha_g": 0.3, "alpha_n": 0.3, "beta": 2.0, "rho": 0.0}
        # At equal rates a common one moves both: its information is that of their sum.
        tie = np.delete(np.eye(5), 2, axis=1)
        tie[2, 1] = 1
        found: dict[str, list[tuple[float, float]]] = {"two rates": [], "one rate": []}
        three = [one, blocks, tested]
        for name, fisher in zip(names, _informed(agent("opal"), opal, three, _OPAL), strict=True):
            for how, known in (("two rates", fisher), ("one rate", tie.T @ fisher @ tie)):
                sd, r = _bounds(known)
                found[how].append((sd[-1], abs(r[1, -1])))
            text = f"OpAL, two rates, |correlation| of rho and alpha_g, {name}"
            checks.append(at_least(text, 0.7, found["two rates"][-1][1]))
        ratio = found["one rate"][1][0] / found["one rate"][0][0]
        checks += [
            at_least(
                "OpAL, one rate, |correlation| with rho in one bandit", 0.4, found["one rate"][0][1]
            ),
            at_most("the same in rich and lean blocks", 0.2, found["one rate"][1][1]),
            at_most("sd of rho in rich and lean blocks, of that in one bandit", 0.85, ratio),
        ]
        places = np.arange(len(names))
        panels = [
            Panel(
                title,
                "design",
                what,
                [bars(places, [x[i] for x in rows], name) for name, rows in found.items()],
                names,
            )
            for i, title, what in (
                (0, "How well rho is told", "bound on the sd of its coordinate"),
                (1, "How it trades with the Go rate", "|correlation| of rho and alpha_g"),
            )
        ]
        caption = (
            f"OpAL with alpha_c = .1, alpha_g = alpha_n = .3, beta = 2, rho = 0 (coordinate "
            f"log((1 + rho) / (1 - rho))): inverse of the Fisher information of one session of "
            f"{_TRIALS} trials, its mean over {_OPAL} simulated sessions, with the two "
            "rates free or tied. One bandit: arms that pay with .7 and .3; rich and lean: pairs "
            ".8/.6 and .4/.2 in random order; with a test: 160 such trials, then 40 across pairs "
            "without feedback."
        )
        return Measured(checks, panels, caption)


def _informed(
    who: Any, values: dict[str, float], designs: list[Design], n: int
) -> list[np.ndarray]:
    """Mean information of `n` sessions under each design, by coordinates."""
    frees = free(who, values)
    x = jnp.stack([f.domain.inverse(jnp.asarray(values[f.name])) for f in frees])
    k, lanes = len(frees), n * len(designs)
    wide = lambda n: Subjects(who, frees, jnp.broadcast_to(x, (n, k)), 0 * x, jnp.zeros((k, k)))
    keys = named_keys(0, [("design_information", str(i + 1)) for i in range(n)])

    @jax.jit
    def fisher(keys: Any) -> Any:
        # Designs side by side, under the sizes of the last, in one program.
        each = [sessions(d, wide(n), {}, keys) for d in designs]
        events = jax.tree.map(lambda *e: jnp.concatenate(e, axis=-1), *each)
        problem = wide(lanes).problem(designs[-1], events)
        found = information(problem, wide(lanes).x).fisher
        return found.reshape(len(designs), n, k, k).mean(axis=1)

    return list(np.asarray(fisher(keys)))


def _bounds(fisher: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least standard deviations of coordinates, and correlations."""
    covariance = np.linalg.inv(fisher)
    sd = np.sqrt(np.diag(covariance))
    return sd, covariance / np.outer(sd, sd)
