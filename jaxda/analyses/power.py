"""How many trials and subjects it takes, by simulating the experiment and cutting it short."""

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
import pyarrow as pa

from .. import agents
from ..fit.penalties import CataloguePrior, Flat
from ..fit.power import Candidate, Cut, Population, fitted_values, power, prior_values, refits
from ..params import Free
from ..stages import build_agent, build_task, fitter
from ._base import AbstractAnalysis, Inputs, Result, WrongSetting


class PowerAnalysis(AbstractAnalysis):
    """Recovery, power of a difference and model decisions by trials, blocks and subjects.

    `trials` and `blocks` are what designs have for each subject; none means the scenario's own
    trials and a half and a quarter of them. `simulated_subjects` play them, and groups of
    `subjects` are drawn from those. Parameters come from the `population` of the generating
    model, from its `prior`, or from the `fits` to these sessions. `differences` are written
    "alpha_pos - alpha_neg".
    """

    title: ClassVar = "How many trials and subjects it takes"
    source: ClassVar = "Simulation of the design; Cramer 1946 and Rao 1945 for the predicted error"
    tables: ClassVar = ("power", "refits")
    shown: ClassVar = ("power",)
    together: ClassVar = True
    simulated: ClassVar = True
    caution: ClassVar = (
        "Power for the parameters and models assumed here; intervals show the noise of a finite "
        "simulation, not whether the assumptions hold."
    )

    trials: tuple[int, ...] = eqx.field(static=True, default=())
    blocks: tuple[int, ...] = eqx.field(static=True, default=(1,))
    subjects: tuple[int, ...] = eqx.field(static=True, default=(10, 20, 40, 80))
    simulated_subjects: int = eqx.field(static=True, default=200)
    truths: Literal["population", "prior", "fits"] = eqx.field(static=True, default="population")
    differences: tuple[str, ...] = eqx.field(static=True, default=())

    def __check_init__(self):
        if not all(n > 1 for n in (*self.subjects, self.simulated_subjects)):
            raise WrongSetting(f"subjects are {self.subjects}; they lie above 1.")
        for each in self.differences:
            if each.count(" - ") != 1:
                raise WrongSetting(f"differences has {each!r}; it is written 'alpha - beta'.")

    def run(self, given: Inputs) -> Result:
        config, name = given.config, given.source
        scenario, task = (
            config.scenarios[given.scenario],
            build_task(config.scenarios[given.scenario]),
        )
        agent = build_agent(config, name)
        frees = agents.frees(config.models[name], agent)
        digits = len(str(self.simulated_subjects))
        who = [
            (given.scenario, name, f"s{i + 1:0{digits}d}") for i in range(self.simulated_subjects)
        ]
        values = self._values(given, agent, frees, who)
        longest = scenario.trials
        trials = self.trials or tuple(
            dict.fromkeys((longest // 4 or 1, longest // 2 or 1, longest))
        )
        cuts = [Cut(b, t) for b in self.blocks for t in trials]
        models = {m: build_agent(config, m) for m in given.candidates}
        tried = [Candidate(m, a, agents.frees(config.models[m], a)) for m, a in models.items()]
        table = refits(
            Population(name, agent, values),
            task,
            tried,
            cuts,
            fitter(config, f"{given.scenario}/{name} power"),
            seed=config.seed,
            scenario=given.scenario,
            penalty=CataloguePrior() if config.fit.prior else Flat(),
            contrasts=[tuple(d.split(" - ")) for d in self.differences],  # type: ignore[misc]
        )
        out = power(table, self.subjects, seed=config.seed)
        return Result({"power": out, "refits": table}, _words(out, name))

    def _values(self, given: Inputs, agent, frees: tuple[Free, ...], who: list) -> dict:
        variant, seed = given.config.models[given.source], given.config.seed
        if self.truths == "prior":
            return prior_values(frees, who, seed)
        if self.truths == "fits":
            if given.source not in given.fits:
                raise WrongSetting(
                    f"truths are 'fits', and {given.source} is not fitted; it is a candidate."
                )
            return fitted_values(given.fits[given.source], frees, who, seed)
        return {
            p: jnp.asarray(v) for p, v in agents.draw_population(variant, agent, seed, who).items()
        }


def _words(table: pa.Table, source: str) -> list[str]:
    """The first design that recovers each parameter, and that decides for the right model."""
    out = []
    rows = [r for r in table.to_pylist() if r["method"] == "simulation"]
    for of in dict.fromkeys(r["of"] for r in rows if r["quantity"] == "r" and r["model"] == source):
        good = sorted(
            (r for r in rows if r["quantity"] == "r" and r["of"] == of and r["model"] == source),
            key=lambda r: r["blocks"] * r["trials"],
        )
        enough = next((r for r in good if r["value"] is not None and r["value"] >= 0.7), None)
        if enough:
            out.append(
                f"{of} of {source} is recovered (r = {enough['value']:.2f}) from "
                f"{enough['trials']} trials on."
            )
        else:
            best = good[-1]["value"]
            told = "unknown" if best is None else f"{best:.2f}"
            out.append(
                f"{of} of {source} is not recovered by {good[-1]['trials']} trials (r {told})."
            )
    for of in dict.fromkeys(r["of"] for r in rows if r["quantity"] == "right group"):
        sure = [r for r in rows if r["quantity"] == "right group" and r["of"] == of]
        enough = next(
            (
                r
                for r in sorted(sure, key=lambda r: (r["subjects"], r["trials"]))
                if r["value"] is not None and r["value"] >= 0.8
            ),
            None,
        )
        out.append(
            f"By {of}, {enough['subjects']} subjects of {enough['trials']} trials are decided for "
            f"{source} in {100 * enough['value']:.0f} % of groups."
            if enough
            else f"By {of}, no group looked at is decided for {source} in 80 % of cases."
        )
    return out
