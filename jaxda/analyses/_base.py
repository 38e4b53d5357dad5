"""The analysis interface: from sessions and fits of one source to tables and sentences."""

import abc
from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple

import equinox as eqx
import pyarrow as pa

from ..config import Config


class WrongSetting(ValueError):
    """A setting that means nothing for what is analysed, told as `x is ...; it is ...`."""


class Inputs(NamedTuple):
    """What an analysis sees of an experiment.

    `candidates` is the one that is analysed, or all where they are analysed together; `fits`
    holds their estimates by name, as far as the analysis reads them. `truth` is None for data.
    """

    config: Config
    scenario: str
    source: str
    candidates: tuple[str, ...]
    sessions: pa.Table
    truth: pa.Table | None
    fits: Mapping[str, pa.Table]
    progress: Callable[[int, int], None]


class Result(NamedTuple):
    """What came of it: the tables by name, and sentences that can be read without them."""

    tables: dict[str, pa.Table]
    findings: list[str]


class AbstractAnalysis(eqx.Module):
    """What is asked of fits or sessions beyond the estimates themselves.

    `title` heads it in the report; `caution` says how not to read it. It is done for each
    candidate or, with `together`, once for all of a source. `reads` is what it needs beside the
    sessions: "fits", "truth". `tables` are the tables it makes, of which the report prints the
    first ones of `shown`. `simulated` analyses need a scenario, since they generate.
    """

    title: eqx.AbstractClassVar[str]
    source: eqx.AbstractClassVar[str]
    tables: eqx.AbstractClassVar[tuple[str, ...]]
    shown: ClassVar[tuple[str, ...]] = ()
    caution: ClassVar[str] = ""
    together: ClassVar[bool] = False
    simulated: ClassVar[bool] = False
    reads: ClassVar[tuple[str, ...]] = ("fits",)

    @abc.abstractmethod
    def run(self, given: Inputs) -> Result:
        """Do it; every row of a table says of which model it is where there are several."""
