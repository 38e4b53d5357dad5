"""Every row of the central table, and what becomes of a wrong sign."""

import csv
import json

import pytest
import yaml

from jaxda import cli
from jaxda.clinic.effects import INDIVIDUALS, measure, told
from jaxda.clinic.table import load
from jaxda.layout import Layout
from jaxda.report_clinic import collect, counter, read, write

from .test_table import ROW, comparison


CENTRAL = load()
# Programs are compiled for a number of individuals: wherever few will do, as many.
FEW = "20"


@pytest.mark.parametrize("name", CENTRAL)
def test_no_sign_is_wrong_and_every_size_lies_in_its_band(name):
    effects = measure(name, CENTRAL[name], INDIVIDUALS)
    assert effects
    wrong = [f"{e.outcome}: {e.sign}, not {e.expected}" for e in effects if not e.right]
    off = [f"{e.outcome}: {e.size:g}" for e in effects if not e.within]
    assert not wrong and not off


def table(folder, **rows):
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(rows))
    return str(path)


def contrary():
    expect = {"burst": {"sign": "up"}}
    return comparison(expect=expect) | {"evidence": ["C", "D"], "against": "A burst may grow."}


def ended(*args):
    with pytest.raises(SystemExit) as stop:
        cli.main([*args])
        raise SystemExit(0)
    return stop.value.code


def test_a_wrong_sign_ends_with_status_1_and_contested_rows_say_what_speaks_against(
    tmp_path, capsys
):
    mine = table(tmp_path, half=ROW, contrary=contrary() | {"number": 2})
    assert ended("conditions", "-t", mine, "-n", FEW) == 1
    out, err = capsys.readouterr()
    assert "wrong sign (↓)" in out and "1 of 2 conditions have no wrong sign" in out
    assert "2 contrary, contested: A burst may grow." in out
    assert "wrong sign: contrary" in err


def test_a_row_without_a_wrong_sign_ends_well(tmp_path, capsys):
    assert ended("conditions", "-t", table(tmp_path, half=ROW), "-n", FEW) == 0
    assert "1 of 1 conditions have no wrong sign" in capsys.readouterr().out


def test_a_name_that_is_none_and_a_setting_out_of_its_domain(tmp_path, capsys):
    mine = table(tmp_path, half=comparison(condition={"survivors": 1.5}))
    assert ended("conditions", "-t", mine, "halff") == 2
    assert "did you mean 'half'" in capsys.readouterr().err
    assert ended("conditions", "-t", mine, "-n", FEW) == 2
    err = capsys.readouterr().err
    assert "half: compare[0].condition" in err and "survivors" in err and "1.5" in err
    assert "Traceback" not in err


def test_individuals_are_keyed_by_name_so_a_row_changes_no_other(tmp_path):
    rows = load(table(tmp_path, half=ROW, other=ROW | {"number": 2}))
    first, second = (measure(name, row, int(FEW)) for name, row in rows.items())
    assert first == second
    more = measure("half", rows["half"], INDIVIDUALS)
    assert more[0].control != first[0].control


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root = tmp_path_factory.mktemp("results")
    rows = load(table(root, half=ROW, contrary=contrary() | {"number": 2}))
    layout = Layout(root)
    layout.condition("x").parent.mkdir()
    for name, row in rows.items():
        found = json.dumps(told(name, row, measure(name, row, int(FEW))))
        layout.condition(name).write_text(found, encoding="utf-8")
    return layout, rows


def test_the_page_and_the_table_tell_signs_sizes_and_counter_evidence(results):
    layout, rows = results
    write(layout, rows)
    page = layout.clinic.read_text(encoding="utf-8")
    for text in ("wrong sign (↓)", "A burst may grow.", "species mixed", "no medical advice"):
        assert text in page
    assert "<script" not in page and "http" not in page.split("</style>")[-1]
    with layout.conditions.open(encoding="utf-8") as file:
        half, other = csv.DictReader(file)
    assert half["right"] == "True" and other["right"] == "False"
    assert float(half["low"]) <= float(half["size"]) <= float(half["high"])
    assert half["species_mixed"] == "True" and half["n"] == FEW


def test_what_is_missing_or_damaged_is_told_at_once(results, tmp_path):
    _, rows = results
    layout = Layout(tmp_path)
    layout.condition("half").parent.mkdir()
    layout.condition("half").write_text("{}")
    with pytest.raises(cli.InputError) as caught:
        collect(layout, rows)
    assert [p.found.split(" (")[0] for p in caught.value.problems] == [
        "not a measured condition",
        "no such file",
    ]


def test_only_contested_rows_have_a_line_of_counter_evidence(results):
    layout, rows = results
    found = [json.loads(layout.condition(name).read_text(encoding="utf-8")) for name in rows]
    assert counter([read(row) for row in found]) == ["2 contrary, contested: A burst may grow."]
