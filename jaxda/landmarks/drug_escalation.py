"""Drug taking that escalates where the set point moves faster than it recovers."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ..dopamine.homeostasis import Body, Days, HomeostaticDosing
from ..dopamine.tolerance import OpponentTolerance
from ._base import AbstractLandmark, Check, Measured, Panel, agree, at_least, equal, line, theory


_DAYS = 25
_ACCESS = (1.0, 6.0)
_DOSES = (12.5, 25.0, 50.0, 100.0)


class DrugEscalation(AbstractLandmark):
    """A rat that holds a level at a set point, with an hour or six of access a day."""

    title: ClassVar = "Long access makes drug taking escalate, short access does not"
    claim: ClassVar = (
        "Taking follows the set point: elimination S / dose infusions an hour after a loading of "
        "S / dose. It escalates if, and only if, a day has more infusions than recovery makes up "
        "for (38.4); then the first hour doubles too, at every dose. An opponent process leaves "
        "(1 - s) of an effect and -s of it in withdrawal."
    )
    source: ClassVar = (
        "Keramati et al. 2017, Psychol. Rev. 124:130 (public code); Ahmed & Koob 1998, Science "
        "282:298; opponent: after Gutkin, Dehaene & Changeux 2006, PNAS 103:1106"
    )
    models: ClassVar = ()
    caution: ClassVar = (
        "Rats and cocaine. The source plans by tree search; here a threshold decides. It holds "
        "the level a little below the set point, so the rates are some 6 % below the closed form. "
        "The size of the opponent is a setting, not an estimate."
    )

    def measure(self) -> Measured:
        model = HomeostaticDosing()
        runs = {hours: model.days(hours, _DAYS) for hours in _ACCESS}
        days = {hours: found for hours, (_, found) in runs.items()}
        checks = [*_closed(model), *_escalation(model, days)]
        doubled, response = _doses()
        lasting, opponent = _opponent()
        checks += [*doubled, *lasting]
        before, after = Body(*map(jnp.asarray, (0.0, 0.0, 100.0))), runs[6.0][0]
        caption = (
            "Simulation of published rat models, no medical advice; deterministic, one animal "
            "each, so there are no intervals. Homeostatic model in steps of 4 s: elimination "
            ".007, absorption .12, dose 50, set point +.0018 per unit of dose and −.00016 a step, "
            "within 100 and 200. Dose-response: three hours at a fixed set point. Opponent: s = "
            ".6, τ = 20 doses. Dashed: closed forms."
        )
        panels = [
            _by_day(days, float(model.escalation_limit())),
            _within(model, {"before": before, "after 25 days": after}),
            response,
            opponent,
        ]
        return Measured(checks, panels, caption)


def _closed(model: HomeostaticDosing) -> list[Check]:
    at = jnp.array([100.0, 200.0])
    checks = [
        agree("infusions an hour at S = 100, 200", (12.6, 25.2), model.maintenance(at), 1e-9),
        agree("loading at S = 100, 200", (2, 4), model.loading(at), 1e-9),
        equal("limit of escalation, infusions a day", 38.4, model.escalation_limit(), 1e-9),
    ]
    still = HomeostaticDosing(rise=jnp.zeros(()), recovery=jnp.zeros(()))
    for s in at:
        seen = still.session(24.0, Body(s, jnp.zeros(()), s))
        # Without the first four hours.
        rate, level = seen.infusions[3600:].sum() / 20, seen.level[3600:].mean()
        law = model.maintenance(level)
        label = f"S = {float(s):g}: infusions an hour, as the mean level asks for"
        checks.append(equal(label, float(law), rate, 0.01 * float(law)))
        label = f"S = {float(s):g}: mean level over the set point"
        checks.append(equal(label, 1.0, level / s, 0.08))
    return checks


def _escalation(model: HomeostaticDosing, days: dict[float, Days]) -> list[Check]:
    short, long = days[1.0], days[6.0]
    ends = lambda x: np.asarray(x)[[0, -1]]
    return [
        agree("1 h: infusions of every day", np.full(_DAYS, 14), short.infusions, 0),
        agree("6 h: infusions, first and last day", (75, 146), ends(long.infusions), 1.5),
        agree("6 h: those of the first hour", (14, 27), ends(long.first_hour), 0),
        agree("6 h: set point", (103, 197), ends(long.set_point), 2),
        at_least(
            "6 h: infusions of the first day over the limit",
            1.0,
            long.infusions[0] / model.escalation_limit(),
        ),
    ]


def _by_day(days: dict[float, Days], limit: float) -> Panel:
    number = np.arange(1, _DAYS + 1)
    marks = [line(number, d.infusions, f"{h:g} h a day") for h, d in days.items()]
    marks.append(theory((1, _DAYS), (limit, limit), f"limit, {limit:.1f}"))
    return Panel("Infusions by day", "day", "infusions (per day)", marks, zero=True)


def _within(model: HomeostaticDosing, bodies: dict[str, Body]) -> Panel:
    hours = np.arange(1, 5401) / 900
    marks = []
    for label, body in bodies.items():
        total = np.cumsum(np.asarray(model.session(6.0, body).infusions))
        marks.append(line(hours[::30], total[::30], label))
    return Panel(
        "A session of six hours",
        "time (h)",
        "infusions so far",
        marks,
        zero=True,
    )


def _doses() -> tuple[list[Check], Panel]:
    """Infusions in three hours by dose, at a set point that was never raised, and at the top."""

    @jax.jit
    @jax.vmap
    def total(dose, s):
        still = HomeostaticDosing(dose=dose, rise=jnp.zeros(()), recovery=jnp.zeros(()))
        return still.session(3.0, Body(jnp.zeros(()), jnp.zeros(()), s)).infusions.sum()

    dose = jnp.array(_DOSES)
    low, high = (np.asarray(total(dose, jnp.full_like(dose, s))) for s in (100.0, 200.0))
    checks = [
        agree("infusions after over before escalation, by dose", np.full(4, 2), high / low, 0.2)
    ]
    marks = [line(_DOSES, low, "set point 100"), line(_DOSES, high, "set point 200")]
    panel = Panel(
        "Dose and response",
        "dose of an infusion (units of the level)",
        "infusions in three hours",
        marks,
        log="y",
    )
    return checks, panel


def _opponent() -> tuple[list[Check], Panel]:
    model = OpponentTolerance()
    doses = jnp.concatenate([jnp.ones(200), jnp.zeros(61)])
    effect = np.asarray(model.simulate(doses).effect)
    checks = [
        agree(
            "opponent: chronic effect, withdrawal, and after one τ",
            (0.40, -0.60, -0.22),
            effect[[199, 200, 220]],
            2e-3,
        )
    ]
    since = np.arange(61)
    marks = [
        line(np.arange(261), effect, "effect − opponent"),
        theory(200 + since, -0.6 * np.exp(-since / 20), "closed form"),
    ]
    panel = Panel("An opponent process", "doses", "effect (of a first dose)", marks, zero=True)
    return checks, panel
