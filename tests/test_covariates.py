"""Covariates: as columns of a lab's table, and as a linear model."""

from pathlib import Path

import numpy as np
import pytest

from jaxda.config import Columns, Dataset
from jaxda.data import covariates, reader
from jaxda.data.files import metadata
from jaxda.errors import InputError


def read(folder: Path, text: str, unit: str = "subject", **columns: str):
    path = folder / "lab.csv"
    path.write_text(text, encoding="utf-8")
    names = Columns(subject="id", trial="t", choice="c", reward="r", session="day")
    dataset = Dataset(path=str(path), columns=names, choice_base=0, unit=unit, covariates=columns)
    return reader.read(dataset, "lab")


TABLE = """\
id,day,dx,age,drug,t,c,r
2,A,patient,41.5,on,1,1,0
2,A,patient,41.5,on,2,0,1
2,B,patient,41.5,off,1,1,1
2,B,patient,41.5,off,2,1,1
1,A,control,,off,1,1,1
1,A,control,,off,2,0,0
"""


def test_covariates_stand_beside_their_rows(tmp_path: Path):
    table = read(tmp_path, TABLE, group="dx", age="age")
    assert table.column("subject").to_pylist() == ["1"] * 2 + ["2"] * 4
    assert table.column("covariate_group").to_pylist() == ["control"] * 2 + ["patient"] * 4
    assert table.column("covariate_age").to_pylist() == [None] * 2 + [41.5] * 4
    units = [(0.0, "2", ""), (0.0, "1", "")]
    of_units = covariates.of_units(table, units)
    assert of_units == {"group": ["patient", "control"], "age": [41.5, None]}


def test_a_unit_without_a_covariate_is_told_with_its_place(tmp_path: Path):
    (line,) = metadata(read(tmp_path, TABLE, age="age"))["lacking"]
    assert line.startswith(f"{tmp_path}/lab.csv:6:age: no age of subject '1' → ")


def test_a_covariate_may_differ_between_sessions_that_are_units(tmp_path: Path):
    table = read(tmp_path, TABLE, unit="session", drug="drug")
    units = [(0.0, "1", "A"), (0.0, "2", "A"), (0.0, "2", "B")]
    assert covariates.of_units(table, units) == {"drug": ["off", "on", "off"]}
    with pytest.raises(InputError) as refused:
        read(tmp_path, TABLE, drug="drug")
    problem = refused.value.problems[0]
    assert problem.where == f"{tmp_path}/lab.csv:4:drug"
    assert problem.found == "'off', after 'on' in line 2"
    assert problem.right == "one drug for each subject, or unit: session"


@pytest.mark.parametrize(
    "text, columns, where, found, right",
    [
        (TABLE, {"group": "dxx"}, "1", "no column 'dxx' (datasets.lab.covariates.group)", "'dx'"),
        (TABLE.replace("2,A,patient,41.5,on,2", "2,A,,41.5,on,2"),
         {"group": "dx"}, "3:dx", "nothing, after 'patient' in line 2", "one group"),
        (TABLE.replace("41.5", '"41,5"'), {"age": "age"}, "2:age", "'41,5'", "41.5"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_place(tmp_path, text, columns, where, found, right):
    with pytest.raises(InputError) as refused:
        read(tmp_path, text, **columns)
    problem = refused.value.problems[0]
    assert problem.where == f"{tmp_path}/lab.csv:{where}"
    assert problem.found == found and right in problem.right


SUBJECTS = list("abcdef")
GROUP = ["p", "p", "c", "c", "c", None]


def test_coding_by_hand():
    age = [20.0, 30.0, 40.0, 50.0, 60.0, 70.0]
    made = covariates.design({"group": GROUP, "age": age}, SUBJECTS)
    assert made.coefficients == ("intercept", "group[p]", "age")
    assert made.contrast == ("", "p against c", "+15.81, one SD")
    assert made.categorical == (True, True, False)
    assert made.missing == ("",) * 5 + ("group",)
    assert made.complete.tolist() == [True] * 5 + [False]
    # A mean of 40 and a variance of 250, over the units that have both.
    z = np.asarray([-20, -10, 0, 10, 20]) / np.sqrt(250)
    assert np.allclose(made.matrix[:5], np.stack([np.ones(5), [1, 1, 0, 0, 0], z], axis=1))
    assert np.isnan(made.matrix[5]).all()


def test_the_reference_may_be_named_and_two_numbers_are_groups():
    made = covariates.design({"group": GROUP}, SUBJECTS, {"group": "p"})
    assert made.contrast == ("", "c against p")
    made = covariates.design({"drug": [0.0, 1.0, 0.0, 1.0]}, list("aabb"))
    assert made.coefficients == ("intercept", "drug[1]")
    assert made.matrix[:, 1].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    "values, reference, where, found",
    [
        ({"site": ["x"] * 6}, {}, "covariates.site", "'x' for every unit"),
        ({"site": ["x", *"yyyyy"]}, {}, "covariates.site", "a single subject with site 'x'"),
        ({"dx": ["x", *"xxyyy"], "arm": ["u", *"uuvvv"]}, {}, "covariates",
         "arm[v] follows from intercept, dx[y]"),
        ({"dx": ["x", *"xxyyy"]}, {"dx": "z"}, "reference.dx", "'z', which is no dx"),
        ({"dx": ["x", *"xxyyy"]}, {"dy": "x"}, "reference.dy", "a reference of no covariate"),
    ],
)  # fmt: skip
def test_covariates_that_say_nothing_are_refused(values, reference, where, found):
    with pytest.raises(InputError) as refused:
        covariates.design(values, SUBJECTS, reference)
    (problem,) = refused.value.problems
    assert (problem.where, problem.found) == (where, found)
