"""A batch from its configuration to its files."""

import os
import signal
import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pyarrow.parquet as pq
import pytest

from jaxda import cli, config, devices
from jaxda.batch import design, sweep
from jaxda.batch import run as running
from jaxda.batch.run import run
from jaxda.layout import Layout
from jaxda.rollout import simulate

from .experiments import GRID, MODELS, cells, contents, experiment, played, sessions


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    return played(tmp_path_factory.mktemp("grid"))


def test_sessions_are_those_of_simulate_with_the_same_keys_and_values(grid):
    checked = experiment()
    (block,) = design.blocks(checked, "grid")
    playing = sweep.players(checked, block)
    numbers = np.arange(0, block.sessions, 37)
    given = sweep.sessions(checked, block, playing, numbers)
    keys = jr.wrap_key_data(jnp.asarray(sweep.keys(checked, block, given)))
    values = {path: jnp.asarray(x) for path, x in given.values.items()}
    event, _ = jax.jit(lambda k, v: simulate(playing.agent, playing.task, k, 20, v))(keys, values)
    rows, c = sessions(grid), given.columns
    for i in range(len(numbers)):
        cell = ("q", "easy", "snc_loss", "none", c["dose"][i], c["beta"][i])
        row = rows[*cell, c["draw"][i], c["replicate"][i]]
        action, reward = np.asarray(event.action[:, i]), np.asarray(event.reward[:, i])
        assert row["better"] == (action == 0).mean() and row["reward"] == reward.mean()
        won, stayed = reward[:-1] > 0, action[1:] == action[:-1]
        assert row["win_stay"] == (stayed[won].mean() if won.any() else None)
        assert row["alpha_pos_alpha_neg"] == values["model.alpha_pos"][i]
        assert values["model.alpha_pos"][i] == values["model.alpha_neg"][i]


def test_cells_are_statistics_of_their_sessions(grid):
    found = cells(grid)
    assert len(found) == 2 * 2 * 3 * 6
    every = sessions(grid)
    for row in found:
        of = (row["dose"], row["beta"], row["draw"])
        here = [s for s in every.values() if (s["dose"], s["beta"], s["draw"]) == of]
        x = np.array([s[row["measure"]] for s in here], float)
        x = x[np.isfinite(x)]
        assert row["n"] == len(x)
        assert row["mean"] == pytest.approx(x.mean(), rel=1e-12)
        assert row["sd"] == pytest.approx(x.std(ddof=1), rel=1e-9)
        assert (row["min"], row["max"]) == (x.min(), x.max())
        if row["measure"] == "better":
            assert row["histogram"] == np.histogram(x, 4, (0, 1))[0].tolist()
    low, high = (min(s["alpha_pos_alpha_neg"] for s in every.values()), 0.5)
    assert 0.1 <= low < high


def test_a_chunk_changes_no_session_and_no_mean(grid, tmp_path):
    # 64 is neither a multiple of 25 nor a divisor of 300.
    other = played(tmp_path, chunk=64)
    assert len(list((other.batch("grid") / "chunks").rglob("*.parquet"))) == 5
    assert sessions(other) == sessions(grid)
    for a, b in zip(cells(grid), cells(other), strict=True):
        assert a.pop("mean") == pytest.approx(b.pop("mean"), rel=1e-12)
        for name in ("sd", "se", "lower", "upper"):
            assert a.pop(name) == pytest.approx(b.pop(name), rel=1e-9)
        assert a == b


@pytest.mark.parametrize("n", [2, 4])
def test_devices_change_no_byte(grid, tmp_path, n):
    with devices.use(jax.devices()[:n]):
        other = played(tmp_path)
    assert contents(other.root) == contents(grid.root)


def test_more_of_anything_changes_nothing_that_was_there(grid, tmp_path):
    more = {
        "lesions": {"snc_loss": [0.9, 0.5, 0.0], "intact": [0]},
        "parameters": GRID["parameters"] | {"beta": [4.0, 2.0, 1.0]},
        "draws": 4,
        "replicates": 26,
    }
    few, many = sessions(grid), sessions(played(tmp_path, **more))
    assert len(many) == (3 + 1) * 3 * 4 * 26
    assert all(many[who] == row for who, row in few.items())
    # It is not all the same that is the same.
    assert len({row["better"] for row in few.values()}) > 5


def test_paired_cells_differ_by_their_effect_alone(tmp_path):
    # Without learning nothing but noise decides, and a dose does nothing.
    parameters = {"alpha_pos=alpha_neg": [0.0], "beta": [1.0]}
    one = {"parameters": parameters, "draws": 1}
    rows = sessions(played(tmp_path / "a", paired=True, **one)).values()
    of = lambda dose: [(r["reward"], r["better"]) for r in rows if r["dose"] == dose]
    assert of(0.0) == of(0.5)
    rows = sessions(played(tmp_path / "b", **one)).values()
    assert of(0.0) != of(0.5)


def test_pooled_draws_are_sessions_of_one_cell(grid, tmp_path):
    pooled = cells(played(tmp_path, pool_draws=True))
    assert [row["n"] for row in pooled if row["measure"] == "reward"] == [75] * 4
    whole = np.mean([row["mean"] for row in cells(grid) if row["measure"] == "reward"])
    assert np.mean([r["mean"] for r in pooled if r["measure"] == "reward"]) == pytest.approx(whole)
    assert {row["draw"] for row in pooled} == {None}
    assert {row["alpha_pos_alpha_neg"] for row in pooled} == {None}


def test_finished_chunks_are_kept_and_others_made_anew(grid, tmp_path, monkeypatch):
    made = []
    make = running._make
    spy = lambda config, chunk, *rest: (made.append(chunk.first), make(config, chunk, *rest))
    monkeypatch.setattr(running, "_make", spy)
    layout = played(tmp_path, chunk=100)
    before = contents(tmp_path)
    assert made == [0, 100, 200]
    files = sorted((layout.batch("grid") / "chunks").rglob("*.parquet"))
    rows = sorted((layout.batch("grid") / "sessions").rglob("*.parquet"))
    # One chunk lost, one cut short, of one a byte of the data turned over, and a stray.
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:-20])
    flipped = bytearray(rows[2].read_bytes())
    flipped[60] ^= 255
    rows[2].write_bytes(flipped)
    (rows[2].parent / "000099.parquet").write_bytes(b"")
    (rows[2].parent / ".000000.parquet.abc.part").write_bytes(b"")
    del made[:]
    played(tmp_path, chunk=100)
    assert made == [0, 100, 200] and contents(tmp_path) == before
    del made[:]
    played(tmp_path, chunk=100)
    assert not made
    # Other settings, other seed, other code.
    played(tmp_path, chunk=100, win=0.5)
    assert made == [0, 100, 200]
    monkeypatch.setattr(running.plan, "code_block", lambda *a: "other")
    played(tmp_path, chunk=100, win=0.5)
    assert len(made) == 6


def test_parts_come_to_the_same_as_a_whole(grid, tmp_path):
    for part in ((2, 2), (1, 2)):
        run(experiment(chunk=100), "grid", Layout(tmp_path / "a"), part=part)
    assert not Layout(tmp_path / "a").batch_cells("grid").exists()
    played(tmp_path / "a", chunk=100)
    played(tmp_path / "b", chunk=100)
    a, b = (contents(tmp_path / x / "batch" / "grid") for x in "ab")
    assert {"parts/1-of-2.json", "parts/2-of-2.json"} == a.keys() - b.keys()
    assert b.items() <= a.items()


def test_events_are_those_of_the_sessions(grid, tmp_path):
    layout = played(tmp_path, rows="event", draws=1, replicates=5)
    (file,) = (layout.batch("grid") / "events").rglob("*.parquet")
    table = pq.read_table(file, partitioning=None)
    assert table.num_rows == 2 * 2 * 5 * 20
    few = sessions(grid)
    rows = table.to_pylist()
    for start in range(0, len(rows), 20):
        mine = rows[start : start + 20]
        r = mine[0]
        key = (r["dose"], r["beta"], int(r["subject"]), int(r["session"]))
        assert [m["trial"] for m in mine] == list(range(1, 21))
        reward = few["q", "easy", "snc_loss", "none", *key]["reward"]
        assert np.mean([m["reward"] for m in mine]) == pytest.approx(reward)


def test_a_schedule_gives_the_dose_that_kinetics_give(tmp_path):
    from jaxda.dopamine.levodopa import RESPONSES, Levodopa, response

    taken = {"drug": "levodopa", "taken": [[0, 100], [240, 100]], "at": [30, 260]}
    on = taken | {"response": "fluctuating"}
    checked = experiment(schedules={"off": {"drug": "levodopa", "doses": [0.0]}, "on": on})
    off, block = design.blocks(checked, "grid")
    assert (off.label, block.label) == tuple(
        f"model=q/task=easy/lesion=snc_loss/schedule={s}" for s in ("off", "on")
    )
    site = Levodopa().site(
        jnp.array([30.0, 260.0]),
        jnp.array([0.0, 240.0]),
        jnp.array([100.0, 100.0]),
        response("fluctuating").ke0,
    )
    share = np.asarray(site / (site + 0.5))
    np.testing.assert_allclose(sweep.shares(block.given), share, rtol=1e-12)
    assert (share > 0.3).all() and share[0] != share[1]
    playing = sweep.players(checked, block)
    given = sweep.sessions(checked, block, playing, np.arange(block.sessions))
    values = given.values[playing.paths["schedule"][0]]
    assert set(np.round(values, 9)) == set(np.round(share, 9))
    assert set(given.columns["time"]) == {30.0, 260.0}
    assert set(config.Schedule.model_fields["response"].annotation.__args__) == set(RESPONSES)


def test_a_batch_that_is_killed_goes_on_to_the_same_bytes(tmp_path):
    """Kill -9 while chunks are being written."""
    spec = config.dump(experiment(chunk=64, replicates=300))
    command = [sys.executable, "-m", "jaxda", "batch", "grid", "-c", spec, "-r"]
    env = os.environ | {"XLA_FLAGS": ""}
    chunks = tmp_path / "a" / "batch" / "grid" / "chunks"
    with subprocess.Popen([*command, str(tmp_path / "a")], env=env) as process:
        begun = time.monotonic()
        while len(list(chunks.rglob("*.parquet"))) < 3:
            assert process.poll() is None and time.monotonic() - begun < 300
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    done = {path: path.stat().st_mtime_ns for path in chunks.rglob("*.parquet")}
    assert not (tmp_path / "a" / "batch" / "grid" / "batch.json").exists()
    for folder in "ab":
        subprocess.run([*command, str(tmp_path / folder)], env=env, check=True)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    kept = [path for path, when in done.items() if path.stat().st_mtime_ns == when]
    assert len(kept) == len(done)


def test_the_plan_of_a_batch_is_told(capfd, tmp_path):
    (tmp_path / "e.json").write_text(config.dump(experiment(chunk=100)))
    cli.app(["batch", "-c", str(tmp_path / "e.json")], standalone_mode=False)
    out = capfd.readouterr().out
    assert "12 cells, 300 sessions of 20 trials, 3 chunks" in out and "3 files" in out


def test_the_digest_of_a_block_covers_what_its_run_imports(monkeypatch):
    from jaxda import plan

    from ..test_plan import ASIDE, ROOT, imported

    patterns: set[str] = set()
    monkeypatch.setattr(plan, "fingerprint", lambda *p: patterns.update(p) or "")
    checked = experiment(background={"levodopa": 0.1})
    plan.code_batch(checked, "grid")
    covered = {f for p in patterns for f in ROOT.glob(p)}
    aside = ASIDE | {"plan.py"}
    needed = {f for f in imported(ROOT / "batch" / "run.py", set()) if f.name not in aside}
    assert len(needed) > 20
    assert not sorted(str(f.relative_to(ROOT)) for f in needed - covered)
    for file in ("lesions/levodopa.py", "lesions/snc_loss.py", "tasks/bandit.py"):
        assert ROOT / file in covered
    assert ROOT / "models" / f"{MODELS['q']['model']}.py" in covered
