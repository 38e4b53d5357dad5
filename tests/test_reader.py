"""A lab's own table becomes the table that simulated sessions have."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jaxda.config import Columns, Dataset
from jaxda.data import reader
from jaxda.data.files import metadata
from jaxda.data.sessions import from_table

from .realdata import recorded


COLUMNS = Columns(subject="id", trial="t", choice="c", reward="r")
TABLE = """\
id,t,c,r
b,2,1,0
b,1,2,1
a,1,,1
a,2,1,1
a,3,2,0
"""


def read(folder: Path, text: str = TABLE, columns: Columns = COLUMNS, **words) -> pa.Table:
    path = folder / "lab.csv"
    path.write_text(text, encoding="utf-8")
    words = {"choice_base": 1, **words}
    return reader.read(Dataset(path=str(path), columns=columns, **words), "lab")


def test_rows_by_hand(tmp_path: Path):
    rows = read(tmp_path).to_pylist()
    names = ("subject", "trial", "event", "action", "choice", "reward", "feedback")
    assert [tuple(row[n] for n in names) for row in rows] == [
        ("a", 1, 0, None, False, None, False),
        ("a", 2, 1, 0, True, 1.0, True),
        ("a", 3, 2, 1, True, 0.0, True),
        ("b", 1, 0, 1, True, 1.0, True),
        ("b", 2, 1, 0, True, 0.0, True),
    ]
    same = {"dose": 0.0, "session": "1", "cue": 0, "option_0": 0, "option_1": 1, "latency": None}
    same |= {"onset": True, "terminal": True, "successor": 0, "elapsed": 1.0, "valid": True}
    assert all(row.items() >= same.items() for row in rows)


def test_types_and_facts(tmp_path: Path):
    table = read(tmp_path)
    whole, real, text, flag = pa.int64(), pa.float64(), pa.string(), pa.bool_()
    assert dict(zip(table.column_names, table.schema.types, strict=True)) == {
        **{"dose": real, "subject": text, "session": text, "trial": whole, "event": whole},
        **{"cue": whole, "option_0": whole, "option_1": whole, "action": whole},
        **{"choice": flag, "latency": real, "reward": real, "feedback": flag, "onset": flag},
        **{"terminal": flag, "successor": whole, "elapsed": real, "valid": flag},
    }
    facts = metadata(table)
    assert (facts["scenario"], facts["source"], facts["rows"]) == ("lab", "data", 5)
    env = {"n_cues": 1, "n_items": 2, "n_actions": 2, "acts": True, "timed": False}
    assert facts["env"] == env


def test_the_table_enters_as_sessions_of_events(tmp_path: Path):
    sessions = from_table(read(tmp_path))
    assert [label.subject for label in sessions.labels] == ["a", "b"]
    assert sessions.events.valid.T.tolist() == [[True, True, True], [True, True, False]]
    assert sessions.events.choice.T.tolist() == [[False, True, True], [True, True, False]]


def test_missing_choices_may_be_spelt(tmp_path: Path):
    text = TABLE.replace("a,1,,1", "a,1,-999,1")
    assert read(tmp_path, text, missing=("-999",)).column("action").null_count == 1


def test_a_choice_without_feedback_teaches_nothing(tmp_path: Path):
    table = read(tmp_path, TABLE.replace("a,2,1,1", "a,2,1,NA"), no_feedback=True)
    row = table.to_pylist()[1]
    assert (row["choice"], row["reward"], row["feedback"]) == (True, None, False)


def test_rewards_are_divided_by_their_scale(tmp_path: Path):
    table = read(tmp_path, TABLE.replace("b,1,2,1", "b,1,2,-50"), reward_scale=10.0)
    assert table.column("reward").to_pylist()[3] == -5.0
    assert metadata(table)["units"]["reward"] == "recorded / 10"


def test_latencies_are_in_seconds_and_belong_to_choices(tmp_path: Path):
    text = "id,t,c,r,ms\na,1,1,0,500\na,2,,0,0\na,3,2,1,1250\na,4,2,1,\n"
    columns = COLUMNS.model_copy(update={"latency": "ms"})
    table = read(tmp_path, text, columns, latency_unit="ms")
    assert table.column("latency").to_pylist() == [0.5, None, 1.25, None]


def test_what_is_recorded_beside_a_missed_trial_is_counted(tmp_path: Path):
    text = "id,t,c,r,ms\na,1,1,0,500\na,2,,0,80\na,3,,NA,0\na,4,2,1,\n"
    columns = COLUMNS.model_copy(update={"latency": "ms"})
    table = read(tmp_path, text, columns, latency_unit="ms")
    assert metadata(table)["left_out"] == {"reward": 1, "latency": 2}
    assert metadata(read(tmp_path))["left_out"] == {"reward": 1, "latency": 0}


CUED = "id,t,c,r,k\na,1,0,0,10\na,2,1,0,9\na,3,1,1,10\n"
CUES = COLUMNS.model_copy(update={"cue": "k"})


def test_cues_have_items_of_their_own_in_the_order_of_numbers(tmp_path: Path):
    table = read(tmp_path, CUED, CUES, choice_base=0)
    assert table.column("cue").to_pylist() == [1, 0, 1]
    assert table.column("option_0").to_pylist() == [2, 0, 2]
    assert table.column("option_1").to_pylist() == [3, 1, 3]
    assert metadata(table)["cues"] == {"0": "9", "1": "10"}
    assert metadata(table)["env"]["n_items"] == 4


def test_cues_may_share_items(tmp_path: Path):
    table = read(tmp_path, CUED, CUES, choice_base=0, cues={"10": (2, 0), "9": (1, 0)})
    assert table.column("option_0").to_pylist() == [2, 1, 2]
    assert table.column("option_1").to_pylist() == [0, 0, 0]
    env = metadata(table)["env"]
    assert (env["n_cues"], env["n_items"]) == (2, 3)


def test_sessions_start_anew_and_doses_tell_them_apart(tmp_path: Path):
    text = "id,day,mg,arm,t,c,r\n"
    text += "".join(
        f"{s},{d},{m},x{m},{t},1,0\n" for s in "12" for d in "AB" for m in (0, 5) for t in (2, 1)
    )
    columns = COLUMNS.model_copy(update={"session": "day", "dose": "mg", "condition": "arm"})
    table = read(tmp_path, text, columns)
    assert table.num_rows == 16
    assert table.column("event").to_pylist() == [0, 1] * 8
    assert table.column("trial").to_pylist() == [1, 2] * 8
    assert table.column("dose").to_pylist() == [0.0] * 8 + [5.0] * 8
    assert table.column("condition").to_pylist() == ["x0"] * 8 + ["x5"] * 8


def test_subjects_that_are_numbers_are_in_their_order(tmp_path: Path):
    text = "id,t,c,r\n" + "".join(f"{s},{t},1,0\n" for s in (10, 9, 1) for t in (1, 2))
    assert read(tmp_path, text).column("subject").to_pylist() == ["1", "1", "9", "9", "10", "10"]


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "tsv", "parquet", "csv with all its oddities"])
def test_every_kind_of_file_says_the_same(ending: str, tmp_path: Path):
    path = tmp_path / f"lab copy.{ending.split()[0]}"
    if ending == "parquet":
        whole = {"id": list("bbaaa"), "t": [2, 1, 1, 2, 3], "c": [1, 2, None, 1, 2]}
        pq.write_table(pa.table({**whole, "r": [0.0, 1.0, 1.0, 1.0, 0.0]}), path)
    elif ending == "csv.gz":
        path.write_bytes(gzip.compress(TABLE.encode()))
    elif ending == "tsv":
        path.write_text(TABLE.replace(",", "\t"))
    elif "odd" in ending:
        odd = TABLE.replace("a,2,1,1", ' a , "2",1.0,1e0\n').replace("\n", "\r\n")
        path.write_bytes(b"\xef\xbb\xbf" + odd.encode())
    else:
        path.write_text(TABLE)
    dataset = Dataset(path=str(path), columns=COLUMNS, choice_base=1)
    assert reader.read(dataset, "lab").equals(read(tmp_path), check_metadata=True)


def test_the_synthetic_benchmark_is_read_whole():
    columns = Columns(subject="subjID", trial="trial", choice="choice", reward="outcome")
    dataset = Dataset(path=str(recorded("syn2arm.csv")), columns=columns, choice_base=1)
    table = reader.read(dataset, "syn2arm")
    assert table.num_rows == 8000
    assert table.column("subject").unique().to_pylist() == [str(i + 1) for i in range(40)]
    assert table.column("action").null_count == table.column("reward").null_count == 0
    with pytest.raises(Exception, match="are they 1-based") as refused:
        reader.read(dataset.model_copy(update={"choice_base": 0}), "syn2arm")
    assert len(refused.value.problems) == 1


def test_probabilistic_selection_is_read_whole():
    path = recorded("pst_placebo_learn.csv")
    columns = Columns(
        **{"subject": "subject", "session": "session", "trial": "trial", "cue": "stimulus"},
        **{"choice": "choice", "reward": "outcome", "latency": "rt", "condition": "condition"},
    )
    cues = {"80/20": (1, 0), "70/30": (3, 2), "60/40": (5, 4)}
    dataset = Dataset(
        path=str(path), columns=columns, choice_base=0, latency_unit="s", cues=cues, unit="session"
    )
    table = reader.read(dataset, "placebo")
    rows = path.read_text().count("\n") - 1
    missed = sum(line.split(",")[5] == "" for line in path.read_text().splitlines()[1:])
    assert (table.num_rows, table.column("action").null_count) == (rows, missed)
    assert np.sum(table.column("feedback").to_numpy()) == rows - missed
    env = metadata(table)["env"]
    assert (env["n_cues"], env["n_items"]) == (3, 6)
    # 1 is the better symbol of its pair, so items 0, 2 and 4 are chosen more often.
    chosen = np.where(table["action"].to_numpy() == 1, table["option_1"], table["option_0"])
    better = chosen[table["choice"].to_numpy()] % 2 == 0
    assert np.mean(better) > 0.6
