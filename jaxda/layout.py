"""Where the files of an experiment lie."""

from pathlib import Path
from typing import NamedTuple


# The origin of a lab's own table, where a scenario has a generating model.
DATA = "data"


class Layout(NamedTuple):
    """Paths under a results folder."""

    root: Path

    def sessions(self, scenario: str, source: str) -> Path:
        """The long table of events."""
        return self.root / scenario / source / "sessions.parquet"

    def truth(self, scenario: str, source: str) -> Path:
        """The parameters behind simulated sessions."""
        return self.root / scenario / source / "truth.parquet"

    def fits(self, scenario: str, source: str, model: str) -> Path:
        """Estimates of one candidate."""
        return self.root / scenario / source / "fits" / f"{model}.parquet"

    def block(self, scenario: str, source: str, model: str, number: int | str, of: int) -> Path:
        """Estimates of one candidate for a block of units, until they are joined."""
        return self.root / scenario / source / "fits" / model / f"{number}-of-{of}.parquet"

    def dose(self, scenario: str, source: str) -> Path:
        """Estimates of the dose alone."""
        return self.root / scenario / source / "dose.parquet"

    def summary(self, scenario: str, kind: str) -> Path:
        """`comparison`, `confusion` or `recovery` of a scenario."""
        return self.root / scenario / f"{kind}.parquet"

    def analysis(self, name: str, scenario: str, source: str, model: str, table: str) -> Path:
        """A table of an analysis; `model` is empty where all candidates are analysed together."""
        return self.root / scenario / source / name / model / f"{table}.parquet"

    def findings(self, name: str, scenario: str, source: str, model: str) -> Path:
        """The sentences of an analysis."""
        return self.root / scenario / source / name / model / "findings.json"

    def batch(self, name: str) -> Path:
        """The folder of a batch; its rows lie in `sessions` or `events` there."""
        return self.root / "batch" / name

    def batch_cells(self, name: str) -> Path:
        """Statistics of the cells of a batch."""
        return self.batch(name) / "cells.parquet"

    def batch_facts(self, name: str) -> Path:
        """What a batch is and what made it, written when all of it is there."""
        return self.batch(name) / "batch.json"

    def batch_part(self, name: str, number: int | str, of: int) -> Path:
        """That the chunks of one of several parts of a batch are there."""
        return self.batch(name) / "parts" / f"{number}-of-{of}.json"

    def figure(self, name: str, suffix: str) -> Path:
        """A figure as `svg` or `png`, or its findings as `json`."""
        return self.root / "figures" / f"{name}.{suffix}"

    def landmark(self, name: str, suffix: str) -> Path:
        """A landmark as measured (`json`) or drawn (`svg`, `png`)."""
        return self.root / "gallery" / f"{name}.{suffix}"

    @property
    def gallery(self) -> Path:
        """The page of all landmarks."""
        return self.root / "gallery.html"

    def condition(self, name: str) -> Path:
        """A row of the table of conditions, as measured."""
        return self.root / "clinic" / f"{name}.json"

    @property
    def clinic(self) -> Path:
        """The page of all conditions."""
        return self.root / "clinic.html"

    @property
    def conditions(self) -> Path:
        """The table of conditions, a row per effect."""
        return self.root / "clinic.csv"

    @property
    def verdict(self) -> Path:
        """That no condition has a wrong sign."""
        return self.root / "clinic" / "verdict.txt"

    def record(self, path: Path) -> Path:
        """What made a result, and its checksum."""
        name = path.relative_to(self.root)
        return self.root / "records" / name.with_name(f"{name.name}.json")

    def edited(self, path: Path) -> Path:
        """Where a result goes that is not what was made."""
        return self.root / "logs" / "edited" / path.relative_to(self.root)

    @property
    def manifest(self) -> Path:
        """All records at the end of a run."""
        return self.root / "manifest.json"

    @property
    def provenance(self) -> Path:
        """The configuration as merged, versions, source and machine."""
        return self.root / "provenance.json"

    @property
    def report(self) -> Path:
        """The page that tells it all."""
        return self.root / "report.html"
