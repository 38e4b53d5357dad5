"""The table of conditions as it is read: whole, or refused with all that is wrong."""

import subprocess
import sys

import pytest
import yaml

from jaxda.clinic.table import TABLE, dump, load
from jaxda.errors import InputError


ROW = {
    "number": 1,
    "title": "Half of the terminals",
    "change": "half of the terminals survive",
    "about": "human",
    "evidence": ["A"],
    "source": "someone 2003",
    "compare": [
        {
            "assay": "striatum",
            "condition": {"survivors": 0.5},
            "expect": {"burst": {"sign": "down", "low": 0.5, "high": 0.7}},
        }
    ],
}


def written(folder, **rows):
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(rows))
    return path


def problems(folder, **rows):
    with pytest.raises(InputError) as caught:
        load(written(folder, **rows))
    return [(p.where.split(": ", 1)[1], p.found, p.right) for p in caught.value.problems]


def comparison(**changes):
    return ROW | {"compare": [ROW["compare"][0] | changes]}


def test_a_row_is_read_and_told_again(tmp_path):
    row = load(written(tmp_path, half=ROW))["half"]
    assert row.compare[0].expect["burst"].scale == "ratio" and row.compare[0].versus == "healthy"
    assert load(dump("half", row)) == {"half": row}
    # Constants of rodents for a condition of humans.
    assert row.mixed and not load(written(tmp_path, half=ROW | {"about": "rodent"}))["half"].mixed


def test_rows_come_in_the_order_of_their_numbers(tmp_path):
    rows = load(written(tmp_path, late=ROW | {"number": 9}, early=ROW | {"number": 2}))
    assert list(rows) == ["early", "late"]


@pytest.mark.parametrize(
    "row, where, found, right",
    [
        ({"evidence": ["D"]}, "half.against", "missing", "what speaks against it"),
        ({"number": 0}, "half.number", "0", "a whole number, 1 or more"),
        ({"titel": "x"}, "half.titel", "no key called 'titel'", "did you mean 'title'?"),
        ({"about": "monkey"}, "half.about", "'monkey'", "human, rodent or any"),
        ({"evidence": ["E"]}, "half.evidence[0]", "'E'", "a list of A, B, C, D"),
        ({"compare": []}, "half.compare", "[]", "a list of comparisons"),
        (comparison(assay="striatom"), "half.compare[0].assay", "'striatom'", "'striatum'"),
        (
            comparison(condition={"survivor": 1}),
            "half.compare[0].condition.survivor",
            "no setting 'survivor'",
            "'survivors'",
        ),
        (
            comparison(expect={"bursts": {"sign": "up"}}),
            "half.compare[0].expect.bursts",
            "no outcome 'bursts'",
            "'burst'",
        ),
        (
            comparison(expect={"burst": {"sign": "more"}}),
            "half.compare[0].expect.burst.sign",
            "'more'",
            "up, down or same",
        ),
        (
            comparison(expect={"burst": {"sign": "same"}}),
            "half.compare[0].expect.burst",
            "without low and high",
            "the band",
        ),
        (
            comparison(expect={"burst": {"sign": "up", "low": 2.0, "high": 1.0}}),
            "half.compare[0].expect.burst",
            "low 2 above high 1",
            "low below high",
        ),
    ],
)
def test_what_is_wrong_is_told_with_what_would_be_right(tmp_path, row, where, found, right):
    told = problems(tmp_path, half=ROW | row)
    assert len(told) == 1
    assert told[0][0] == where and found in told[0][1] and right in told[0][2]


def test_everything_wrong_is_told_at_once(tmp_path):
    told = problems(
        tmp_path, a=ROW | {"number": 0}, b=comparison(assay="x"), c=ROW, d=ROW | {"source": ""}
    )
    assert [where for where, *_ in told] == ["a.number", "b.compare[0].assay", "d.source"]


def test_two_rows_of_one_number_are_refused(tmp_path):
    (told,) = problems(tmp_path, a=ROW, b=ROW)
    assert told[0] == "b.number" and "'a'" in told[1]


def test_the_central_table_has_every_row():
    table = load()
    assert [row.number for row in table.values()] == list(range(1, 26))
    assert all(row.against for row in table.values() if "D" in row.evidence)


def test_the_table_is_read_without_jax():
    code = f"""
import sys
from jaxda.clinic.table import load
load({str(TABLE)!r})
assert "jax" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
