"""A search for the schedule of a bandit under which an experiment tells most."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import pyarrow as pa

from .. import agents
from ..fit.coordinates import coordinates
from ..fit.design import Design, Goal, Phase, Variable, confirm, expected, search
from ..stages import build_agent, fitter
from ..wording import number
from ._base import AbstractAnalysis, Inputs, Result, WrongSetting


class DesignSearch(AbstractAnalysis):
    """Reward probabilities of two arms, and the trial where they are exchanged, by gradient.

    The search starts from `probabilities` and `reversal` (0: arms are never exchanged), and
    climbs the expected Fisher information of the fitted model over `simulated_subjects` of its
    population, the prior's information added. The model is `model`, or the first
    candidate. It wants all parameters (D-optimality) or, with
    `difference` written "alpha_pos - alpha_neg", that difference. What is found is confirmed by
    simulated fits.
    """

    title: ClassVar = "A schedule that tells more"
    source: ClassVar = "Chaloner & Verdinelli 1995, by gradients of simulations"
    tables: ClassVar = ("designs", "path")
    shown: ClassVar = ("designs",)
    together: ClassVar = True
    simulated: ClassVar = True
    reads: ClassVar = ()
    caution: ClassVar = (
        "Best for the model and the population assumed here; a design that is best for one model "
        "may be poor for telling models apart."
    )

    model: str = eqx.field(static=True, default="")
    probabilities: tuple[float, ...] = eqx.field(static=True, default=(0.8, 0.2))
    reversal: int = eqx.field(static=True, default=0)
    difference: str = eqx.field(static=True, default="")
    simulated_subjects: int = eqx.field(static=True, default=200)
    steps: int = eqx.field(static=True, default=100)

    def __check_init__(self):
        if len(self.probabilities) != 2 or not all(0.02 < p < 0.98 for p in self.probabilities):
            raise WrongSetting(
                f"probabilities are {self.probabilities}; they are two, from .03 to .97."
            )

    def run(self, given: Inputs) -> Result:
        config, model = given.config, self.model or given.candidates[0]
        if model not in given.candidates:
            raise WrongSetting(f"model is {model!r}; it is {' or '.join(given.candidates)}.")
        n_trials = config.scenarios[given.scenario].trials
        agent = build_agent(config, model)
        frees = agents.frees(config.models[model], agent)
        who = [(given.scenario, model, "design", str(i)) for i in range(self.simulated_subjects)]
        values = agents.draw_population(config.models[model], agent, config.seed, who)
        x = coordinates(frees, jnp.stack([values[f.paths[0]] for f in frees], axis=1))
        variables = [
            Variable(name, p, 0.02, 0.98)
            for name, p in zip(("first arm", "second arm"), self.probabilities, strict=True)
        ]
        pair, begin = ((0, 1),), ("first arm", "second arm")
        phases = [Phase(n_trials, pair, begin)]
        if self.reversal:
            if not 0 < self.reversal < n_trials:
                raise WrongSetting(f"reversal is {self.reversal}; it is a trial before {n_trials}.")
            variables.append(Variable("reversal", float(self.reversal), 5.0, n_trials - 5.0))
            phases = [Phase("reversal", pair, begin), Phase(n_trials, pair, begin[::-1])]
        design = Design(tuple(variables), tuple(phases), n_trials)
        goal, words = Goal(), "all parameters (D-optimality)"
        if self.difference:
            plus, minus = self.difference.split(" - ")
            goal, words = Goal(({plus: 1.0, minus: -1.0},)), f"the error of {self.difference}"
        subjects = expected(agent, frees, x)
        found = search(design, subjects, goal, seed=config.seed, steps=self.steps)
        tried = {"published": design.start, "found": found.values}
        fit = fitter(config, f"{given.scenario}/{model} design")
        designs = confirm(design, subjects, goal, tried, fit, seed=config.seed)
        designs = designs.append_column("goal", pa.array([words] * designs.num_rows))
        return Result({"designs": designs, "path": found.path}, self._words(design, found, designs))

    def _words(self, design: Design, found, designs: pa.Table) -> list[str]:
        rows = {(r["design"], r["quantity"]): r for r in designs.to_pylist()}
        moved = ", ".join(
            f"{v.name} from {number(v.start)} to {number(found.values[v.name])}"
            for v in design.variables
        )
        gain = rows["found", "criterion"]
        sure = gain["gain_low"] is not None and gain["gain_low"] > 0
        told = "lower" if sure else "not surely lower"
        out = [f"The search moved {moved}; the criterion is {told} than that of the start."]
        before, after = (
            [r for (d, q), r in rows.items() if d == which and q != "criterion"]
            for which in ("published", "found")
        )
        for a, b in zip(before, after, strict=True):
            out.append(
                f"{a['quantity']}: predicted error {number(a['predicted'])} → "
                f"{number(b['predicted'])}, in simulated fits {number(a['confirmed'])} → "
                f"{number(b['confirmed'])}."
            )
        return out
