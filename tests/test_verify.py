"""`jaxda verify` tells what is not as it was made, and gives no false alarm."""

import json

import pytest
import yaml

from jaxda import provenance
from jaxda.cli import main
from jaxda.config import load
from jaxda.data.files import read_table
from jaxda.plan import code_compare, code_fit


CONFIG = """
title: A data set alone
seed: 1
models: {q: {model: q_learning}}
datasets:
  mine:
    path: mine.csv
    columns: {subject: who, trial: trial, choice: choice, reward: won}
    choice_base: 1
    candidates: []
"""
NAME = "results/mine/data/sessions.parquet"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data set that was read, and the record of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text(CONFIG)
    rows = [f"a,{t},{1 + t % 2},{t % 3 % 2}" for t in range(1, 9)]
    (tmp_path / "mine.csv").write_text("\n".join(["who,trial,choice,won", *rows]) + "\n")
    assert run("read", "-d", "mine") == 0
    assert run("provenance") == 0
    assert run("manifest") == 0
    return tmp_path


def run(*args):
    try:
        main(list(args))
    except SystemExit as stop:
        return stop.code or 0
    finally:
        # Each command is a process of its own elsewhere.
        from jaxda.data import files

        files.tell(None)
    return 0


def verified(capsys, *args):
    capsys.readouterr()
    status = run("verify", *args)
    return status, capsys.readouterr().out


def test_what_was_made_is_intact(folder, capsys):
    status, told = verified(capsys, "results", "--all")
    assert status == 0
    assert f"intact      {NAME}" in told and "intact      results/provenance.json" in told
    made = json.loads((folder / "results" / "manifest.json").read_text())["results"]
    assert made["mine/data/sessions.parquet"]["rule"] == "read"
    assert len(made["mine/data/sessions.parquet"]["sha256"]) == 64


def test_an_edit_by_hand(folder, capsys):
    file = folder / NAME
    file.write_bytes(file.read_bytes() + b" ")
    status, told = verified(capsys)
    assert status == 1 and f"edited      {NAME}" in told


def test_a_missing_file_and_a_foreign_one(folder, capsys):
    (folder / NAME).unlink()
    (folder / "results" / "notes.txt").write_text("mine")
    status, told = verified(capsys)
    assert status == 1
    assert f"missing     {NAME}" in told and "unknown     results/notes.txt" in told


def test_a_lost_record_is_found_in_the_manifest(folder, capsys):
    (folder / "results" / "records" / "mine" / "data" / "sessions.parquet.json").unlink()
    assert verified(capsys)[0] == 0
    (folder / "results" / "manifest.json").unlink()
    status, told = verified(capsys)
    assert status == 1 and f"unknown     {NAME}" in told


def test_another_configuration_and_another_table_are_stale(folder, capsys):
    config = folder / "config" / "config.yaml"
    config.write_text(CONFIG.replace("choice_base: 1", "choice_base: 1\n    reward_scale: 2"))
    status, told = verified(capsys)
    assert status == 1 and f"stale       {NAME}: another configuration" in told
    config.write_text(CONFIG)
    table = folder / "mine.csv"
    table.write_text(table.read_text() + "a,9,1,1\n")
    status, told = verified(capsys)
    assert status == 1 and f"stale       {NAME}: what it was made from has changed" in told


def test_another_version_of_a_package_is_stale(folder, capsys, monkeypatch):
    installed = provenance.version("pyarrow")
    monkeypatch.setattr(provenance, "version", lambda p: "0.0" if p == "pyarrow" else installed)
    provenance.environment.cache_clear()
    try:
        status, told = verified(capsys)
    finally:
        monkeypatch.undo()
        provenance.environment.cache_clear()
    assert status == 1 and f"pyarrow {installed}" in told and "pyarrow 0.0" in told


def test_a_condition_has_its_record_and_fewer_individuals_are_not_as_many_as_usual(
    folder, capsys, monkeypatch
):
    with (folder / "config" / "config.yaml").open("a", encoding="utf-8") as file:
        file.write("clinic: [snc_loss_half]\n")
    wanted = "results/clinic/snc_loss_half.json"
    assert run("condition", "snc_loss_half", "-n", "20") == 0
    assert f"stale       {wanted}" in verified(capsys)[1]
    monkeypatch.setattr("jaxda.manifest.INDIVIDUALS", 20)
    assert run("condition", "snc_loss_half", "-n", "20") == 0
    assert f"intact      {wanted}" in verified(capsys, "results", "--all")[1]


def test_a_broken_off_job_is_no_alarm(folder, capsys):
    (folder / NAME).unlink()
    record = folder / "results" / "records" / "mine" / "data" / "sessions.parquet.json"
    record.write_text('{"unfinished": true}')
    part = (folder / NAME).with_name(".sessions.parquet.abc.part")
    part.write_bytes(b"PAR1")
    status, told = verified(capsys)
    assert status == 0 and "2 unfinished" in told


def test_a_misspelt_folder(folder, capsys):
    assert run("verify", "resluts") == 2
    assert "did you mean 'results'?" in capsys.readouterr().err


def test_the_lock_counts_where_it_speaks_of_what_is_used(tmp_path, monkeypatch):
    config = load(overrides=yaml.safe_load(CONFIG))
    lock = tmp_path / "requirements.lock"
    monkeypatch.setattr(provenance, "_ROOT", tmp_path)

    def codes(text):
        lock.write_text(text)
        provenance._lock.cache_clear()
        provenance.environment.cache_clear()
        return code_fit(config, "q"), code_compare()

    try:
        text = "# made\njax==1.0 \\\n    --hash=sha256:aa\n    # via jaxda\nruff==1.0\nnumpy==1.0\n"
        first = codes(text)
        assert codes(text.replace("ruff==1.0", "ruff==2.0").replace("# made", "# again")) == first
        again = codes(text.replace("jax==1.0", "jax==1.1"))
        assert again[0] != first[0] and again[1] == first[1]
        again = codes(text.replace("numpy==1.0", "numpy==1.1"))
        assert again[0] != first[0] and again[1] != first[1]
    finally:
        provenance._lock.cache_clear()
        provenance.environment.cache_clear()


def test_a_fit_that_meets_nan_is_flagged_and_the_others_are_unharmed(folder):
    from jaxda import stages

    table = folder / "mine.csv"
    rows = [f"{who},{t},{1 + t * 7 % 3 % 2},{t % 3 % 2}" for who in "ab" for t in range(1, 41)]
    header = "who,trial,choice,won"
    config = load(overrides=yaml.safe_load(CONFIG.replace("candidates: []", "candidates: [q]")))

    def fitted():
        assert run("read", "-d", "mine") == 0
        found = stages.fit(config, "mine", "q", read_table(NAME)).to_pylist()
        return {
            who: [row for row in found if row["subject"] == who]
            for who in {row["subject"] for row in found}
        }

    table.write_text("\n".join([header, *rows]) + "\n")
    alone = fitted()
    wild = [f"c,{t},{1 + t % 2},{'1e308' if t % 2 else '-1e308'}" for t in range(1, 41)]
    table.write_text("\n".join([header, *rows, *wild]) + "\n")
    beside = fitted()
    assert not any(row["converged"] and row["positive_definite"] for row in beside["c"])
    for who in "ab":
        for one, other in zip(alone[who], beside[who], strict=True):
            assert other["estimate"] == pytest.approx(one["estimate"], rel=1e-10)
            assert other["converged"] == one["converged"]
