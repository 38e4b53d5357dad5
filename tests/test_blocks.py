"""A fit that is dealt to several jobs: the same units and numbers, whatever the blocks."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from jaxda import config, plan, stages
from jaxda.data import blocks
from jaxda.errors import InputError
from jaxda.fit.identifiability import Unidentified
from jaxda.layout import Layout


def experiment(**fit):
    return config.load(
        overrides={
            "title": "Blocks",
            "seed": 3,
            "fit": {"restarts": 3, "steps": 60, **fit},
            "models": {
                "q": {"model": "q_learning", "population": {"beta": [3.0, 0.3]}},
                "still": {
                    "model": "q_learning",
                    "free": ["alpha_pos", "alpha_neg"],
                    "values": {"beta": 0.0},
                },
            },
            "scenarios": {
                "both": {
                    "task": "bandit",
                    "lesion": "snc_loss",
                    "doses": [0, 0.5],
                    "sources": ["q"],
                    "candidates": ["q"],
                    "subjects": 5,
                    "trials": 40,
                    "sessions": 2,
                }
            },
        }
    )


@pytest.fixture(scope="module")
def sessions():
    return stages.simulate(experiment(), "both", "q")


@pytest.fixture(scope="module")
def whole(sessions):
    return stages.fit(experiment(), "both", "q", *sessions)


@pytest.mark.parametrize("n", [3, 12])
def test_blocks_give_the_numbers_of_one_fit(sessions, whole, n):
    parts = [stages.fit(experiment(), "both", "q", *sessions, block=(i + 1, n)) for i in range(n)]
    assert sum(not part.num_rows for part in parts) == max(0, n - 10)
    found = blocks.joined(parts, blocks.rows_of(sessions[0], "subject").names)
    assert found.schema.equals(whole.schema, check_metadata=True)
    assert found.num_rows == whole.num_rows
    for name in whole.column_names:
        old, new = (t.column(name).to_pandas() for t in (whole, found))
        if name == "open" or old.dtype.kind not in "f":
            assert list(old) == list(new), name
        else:
            np.testing.assert_allclose(new, old, rtol=1e-10, atol=1e-12, err_msg=name)


def test_units_are_those_of_the_fit_in_their_order(sessions, whole):
    rows = blocks.rows_of(sessions[0], "subject")
    labels = zip(
        *(whole.column(n).to_pylist() for n in ("dose", "subject", "session")), strict=True
    )
    assert rows.names == list(dict.fromkeys(labels))
    assert np.concatenate([rows.block(i + 1, 4) for i in range(4)]).tolist() == list(range(10))
    assert len(blocks.rows_of(sessions[0], "session").names) == 20
    assert rows.longest == 40


def test_units_are_counted_when_blocks_are_joined(sessions, whole):
    names = blocks.rows_of(sessions[0], "subject").names
    k = whole.num_rows // len(names)
    first, second = whole.slice(0, 4 * k), whole.slice(4 * k)
    assert blocks.joined([first, pa.table({}), second], names).equals(whole)
    for parts in ([first], [second, first], [first, first, second], [first, second.slice(1)], []):
        with pytest.raises(InputError, match="each once and in their order"):
            blocks.joined(parts, names)
    with pytest.raises(InputError, match=r"8 units, without 0\.0 s1, 0\.0 s2"):
        blocks.joined([whole.slice(2 * k)], names)


def test_a_flat_direction_is_refused_by_every_block(sessions):
    told = set()
    for block in ((1, 1), (1, 4), (4, 4)):
        with pytest.raises(Unidentified) as refusal:
            stages.fit(experiment(), "both", "still", *sessions, block=block)
        told.add(str(refusal.value))
    assert len(told) == 1


def test_no_job_but_the_fits_depends_on_the_number_of_blocks():
    one, four = experiment(), experiment(blocks=4)
    for spec in (
        lambda c: plan.spec_fit(c, "both", "q", "q"),
        lambda c: plan.spec_dose(c, "both", "q"),
        lambda c: plan.spec_simulate(c, "both", "q"),
        lambda c: plan.spec_compare(c, "both"),
        plan.spec_report,
    ):
        assert spec(one) == spec(four)
        assert spec(one) != spec(four.model_copy(update={"seed": 4})) or spec(one).count('"seed":0')
    layout = Layout(Path("results"))
    assert plan.block_files(one, layout, "both", "q", "q") == []
    files = plan.block_files(four, layout, "both", "q", "q")
    assert [f.name for f in files] == [f"{i}-of-4.parquet" for i in (1, 2, 3, 4)]
    # There are no more blocks than units.
    assert plan.blocks(experiment(blocks=50), "both") == 10


def test_a_unit_alone_is_what_it_is_among_others(sessions, whole):
    """Also where the solver is not the default one."""
    c = experiment(solver="lbfgs", restarts=1)
    all_ = stages.fit(c, "both", "q", *sessions)
    last = stages.fit(c, "both", "q", *sessions, block=(10, 10))
    k = last.num_rows
    for name in ("estimate", "se", "log_likelihood"):
        old, new = (t.column(name).to_numpy() for t in (all_.slice(all_.num_rows - k), last))
        np.testing.assert_allclose(new, old, rtol=1e-9, err_msg=name)
