"""The figure interface: tables in, a drawing with its caption, findings and numbers out."""

import abc
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import pyarrow as pa
from matplotlib.figure import Figure

from .. import catalog, plan
from ..catalog import Card, Parameter
from ..config import Config
from ..errors import InputError, Problem


class About(NamedTuple):
    """What the experiment says of a scenario or dataset; None where a dataset says nothing.

    `settings` are those of the task, its defaults included; `background` lists the lesions under
    the one that is dosed, each with its dose.
    """

    name: str
    simulated: bool
    task: Card | None
    settings: Mapping[str, Any]
    lesion: Card | None
    doses: tuple[float, ...]
    subjects: int | None
    sessions: int | None
    trials: int | None
    background: tuple[tuple[Card, float], ...] = ()

    @property
    def lesions(self) -> tuple[Card, ...]:
        """The lesion that is dosed and those of the background."""
        cards = (self.lesion, *(card for card, _ in self.background))
        return tuple(c for c in cards if c is not None and c.name != "intact")

    @property
    def dose_means(self) -> str:
        """What a dose is, in words."""
        if self.lesion is None or self.lesion.name == "intact":
            return "Dose."
        return self.lesion.params["dose"].doc


# (kind, scenario, source, model, columns) to a table; no columns means all.
Load = Callable[[str, str, str, str, tuple[str, ...]], pa.Table]


class Tables:
    """The tables that a figure draws, loaded when they are asked for."""

    def __init__(self, config: Config, scenarios: Sequence[str], load: Load):
        self.scenarios = tuple(scenarios)
        self._config = config
        self._load = load

    def about(self, scenario: str) -> About:
        """What the experiment says of `scenario`."""
        if scenario in self._config.datasets:
            return About(scenario, False, None, {}, None, (), None, None, None)
        it = self._config.scenarios[scenario]
        task = catalog.describe("tasks", it.task.name)
        settings = {**task.settings, **it.task.settings}
        lesion = catalog.describe("lesions", it.lesion)
        size = (it.subjects, it.sessions, it.trials)
        under = tuple((catalog.describe("lesions", n), d) for n, d in it.background.items())
        return About(scenario, True, task, settings, lesion, it.doses, *size, under)

    def sources(self, scenario: str) -> tuple[str, ...]:
        """What generated the sessions of `scenario`, in the order of the configuration."""
        return plan.sources(self._config, scenario)

    def candidates(self, scenario: str) -> tuple[str, ...]:
        """What was fitted to `scenario`, in the order of the configuration."""
        return plan.candidates(self._config, scenario)

    def model(self, variant: str) -> Card | None:
        """The model of a variant; None for what is no variant, such as recorded data."""
        if variant not in self._config.models:
            return None
        return catalog.describe("models", self._config.models[variant].model)

    def named(self, variant: str) -> str:
        """A variant with its model and habits, as `q_dual (q_learning)`."""
        if variant not in self._config.models:
            return variant
        it = self._config.models[variant]
        parts = " with ".join((it.model, *([" and ".join(it.habits)] if it.habits else [])))
        return variant if parts == variant else f"{variant} ({parts})"

    def parameter(self, variant: str, name: str) -> Parameter | None:
        """The declaration of a parameter of a variant or its habits; of tied ones, the first."""
        first = name.split("=")[0].rsplit(".", 1)[-1]
        model = self.model(variant)
        if model is None:
            return None
        habits = [catalog.describe("habits", h) for h in self._config.models[variant].habits]
        return next((c.params[first] for c in (model, *habits) if first in c.params), None)

    def sessions(self, scenario: str, source: str, *columns: str) -> pa.Table:
        """Events, of them the `columns` that exist; `x` also stands for `x_0`, `x_1`, ..."""
        return self._load("sessions", scenario, source, "", columns)

    def truth(self, scenario: str, source: str) -> pa.Table:
        """Parameters behind simulated sessions."""
        return self._load("truth", scenario, source, "", ())

    def fits(self, scenario: str, source: str, model: str) -> pa.Table:
        """Estimates of the candidate `model`."""
        return self._load("fits", scenario, source, model, ())

    def dose(self, scenario: str, source: str) -> pa.Table:
        """Estimates of the dose alone."""
        return self._load("dose", scenario, source, "", ())

    def comparison(self, scenario: str) -> pa.Table:
        """Candidates side by side."""
        return self._load("comparison", scenario, "", "", ())

    def confusion(self, scenario: str) -> pa.Table:
        """Which candidate wins on data of which source."""
        return self._load("confusion", scenario, "", "", ())

    def recovery(self, scenario: str) -> pa.Table:
        """Agreement of estimates and truth."""
        return self._load("recovery", scenario, "", "", ())

    def analysis(
        self, kind: str, scenario: str, source: str | None = None, model: str | None = None
    ) -> pa.Table:
        """A table of an analysis, as `power.power`; without `source` or `model` of all of them."""
        name = kind.split(".")[0]
        runs = [
            r
            for r in plan.analysed(self._config, name)
            if r.scenario == scenario and source in (None, r.source) and model in (None, r.model)
        ]
        return pa.concat_tables(
            self._load(kind, scenario, r.source, r.model, ()).replace_schema_metadata()
            for r in runs
        )


class Drawn(NamedTuple):
    """A figure with what it says.

    The `caption` is enough to understand the figure alone. `findings` are one to three
    sentences, and `numbers` what they and the figure are made of, in nested mappings.
    """

    figure: Figure
    caption: str
    findings: list[str]
    numbers: dict[str, Any]


class AbstractFigure(abc.ABC):
    """A way of drawing scenarios.

    Class-level facts, all literals (the catalogue reads them without running the file):
    `reads` names the tables it needs, among sessions, truth, fits, dose, comparison, confusion
    and recovery, or a table of an analysis as `power.power`; `title` is its name for a reader. A
    figure sees tables and the experiment, never a model.
    """

    reads: ClassVar[tuple[str, ...]]
    title: ClassVar[str]

    @abc.abstractmethod
    def draw(self, tables: Tables) -> Drawn:
        """Draw every scenario of `tables`.

        Raises:
            InputError: if a scenario has nothing that this figure can show.
        """

    def refuse(self, scenario: str, found: str, right: str) -> InputError:
        """The error of a scenario that cannot be drawn."""
        name = type(self).__module__.rsplit(".", 1)[-1]
        return InputError([Problem(f"figures.{name}: {scenario}", found, right)])
