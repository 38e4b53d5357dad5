"""A cue, a delay and a sure reward, for learners that forget: which of the two dopamine tells."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from .. import rollout
from ..catalog import load
from ..rollout import Agent
from ._base import AbstractAssay, Outcomes
from ._changes import patient
from ._exposure import learning_rates
from ._settings import number


_ALPHA, _GAMMA, _LEAK = 0.1, 0.98, 0.01
_STEPS, _TRIALS = 6, 400
# Between the values of the first and of the last state of a trial.
_SEPARATION = _STEPS - 1


class DelayedCue(AbstractAssay):
    """Leaky TD over six steps from the cue to a reward of 1, after 400 trials.

    V <- V + alpha delta - mu V with alpha = .1, gamma = .98, mu = .01 (model `value_decay`, in
    which values fade by kappa = 1 / (1 + mu) between trials: the same fixed point). There an
    error of mu / (alpha + mu) is left at the reward, and each step of delay costs the factor
    c = alpha gamma / (alpha + mu), so the error at the cue is c^6.

    `uptake` is Vmax over normal: bursts of a smaller area teach less, alpha / `uptake` where
    uptake is linear. `lesions`, doses by name, act on the model; `dat_uptake` is uptake with
    the area of saturated bursts. Individuals differ by their learning rate (`variation`:
    see `_exposure.learning_rates`).

    Raises:
        ValueError: if a setting is out of its domain, or a lesion is unknown.
    """

    title: ClassVar = "Dopamine at a cue and at its delayed reward"
    outcomes: ClassVar = {
        "cue": "error at the cue, rewards",
        "reward": "error at the predicted reward, rewards",
        "cue_over_reward": "error at the cue over that at the reward, ratio",
        "discounting": "share of value lost over five steps of delay, fraction",
    }
    species: ClassVar = "any"
    source: ClassVar = (
        "after Tripp & Wickens 2008, J. Child Psychol. Psychiatry 49:691; forgetting: Morita & "
        "Kato 2014, Front. Neural Circuits 8:36"
    )
    models: ClassVar = ("value_decay",)

    uptake: float = eqx.field(static=True, default=1.0)
    lesions: dict[str, float] | None = eqx.field(static=True, default=None)
    variation: float = eqx.field(static=True, default=0.1)

    def __check_init__(self) -> None:
        number(self, "uptake", 0.2, 10)
        number(self, "variation", 0, 0.5)
        self._learner()

    def _learner(self) -> Agent:
        settings = {"gamma": _GAMMA, "kappa": 1 / (1 + _LEAK), "decay": "trial"}
        return patient("value_decay", settings, self.lesions)

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        errors, values = self.profile(keys)
        # The first event enters the state of the cue, the last leaves with the reward.
        cue, reward = errors[0], errors[-1]
        return {
            "cue": cue,
            "reward": reward,
            "cue_over_reward": cue / reward,
            "discounting": 1 - values[1] / values[1 + _SEPARATION],
        }

    def profile(self, keys: Key[Array, " individuals"]) -> tuple[np.ndarray, np.ndarray]:
        """Error and value at each event of the last trial, `[7, individuals]` each.

        The first event is the interval, whose error is that on entering the state of the cue.
        """
        rates = learning_rates(keys, _ALPHA / self.uptake, self.variation)
        errors, values = _played(self._learner(), keys, rates)
        return np.asarray(errors), np.asarray(values)


@eqx.filter_jit
def _played(
    who: Agent, keys: Key[Array, " individuals"], rates: Float[Array, " individuals"]
) -> tuple[Float[Array, "events individuals"], Float[Array, "events individuals"]]:
    """Errors and values of the last trial."""
    what = load("tasks", "pavlovian_trace")(delay=_STEPS - 1, omission=0.0)
    per_trial = what.events_per_trial
    assert per_trial is not None
    seen = rollout.simulate(
        who,
        what,
        keys,
        per_trial * _TRIALS,
        {"model.alpha": rates},
        record=lambda event, readout: (readout.rpe[0], readout.latents["value"]),
    )
    return jax.tree.map(lambda x: jnp.asarray(x[-per_trial:]), seen)
