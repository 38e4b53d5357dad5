"""Every landmark holds; the table of all of them is printed at the end of the run."""

import pytest

from jaxda.catalog import describe, load, names
from jaxda.landmarks._base import heard, told

from .pages import ROOT, build


_STALE = "docs/landmarks.md is out of date: run python docs/build.py --measure"


@pytest.mark.parametrize("landmark", names("landmarks"))
def test_landmark(landmark, record_property):
    measured = load("landmarks", landmark)().measure()
    record_property("landmark", (landmark, [(*check, check.passed) for check in measured.checks]))
    failed = [str(check) for check in measured.checks if not check.passed]
    assert measured.checks and not failed, "\n".join(failed)
    assert told(heard(told(measured))) == told(measured)
    assert bool(measured.panels) == bool(measured.caption) == load("landmarks", landmark).pictured
    for panel in measured.panels:
        assert panel.title and panel.x and panel.y and panel.marks
        for mark in panel.marks:
            assert len(mark.x) == len(mark.y) > 0
            ends = [e for e in (mark.low, mark.high) if e is not None]
            assert len(ends) != 1 and all(len(e) == len(mark.x) for e in ends)
            assert mark.kind in ("line", "points", "bars", "step")
    page = build().written((ROOT / "docs/landmarks.md").read_text(encoding="utf-8"))
    if landmark in page:
        lasting = lambda rows: [_lasting(*row) for row in rows]
        assert lasting(page[landmark]) == lasting(build().checked(measured.checks)), _STALE


def _lasting(what, expected, got, tolerance, verdict):
    """What a page says of a check whichever machine has measured it."""
    # Which of many pairs is the farthest apart may be a matter of rounding.
    return what, None if "(farthest of " in what else expected, tolerance, verdict


@pytest.mark.parametrize("name", names("landmarks"))
def test_landmark_says_what_it_is(name):
    card = describe("landmarks", name)
    assert card.title and card.doc
    assert all(card.facts[fact] for fact in ("title", "claim", "source"))
    assert set(card.facts["models"]) <= set(names("models"))
