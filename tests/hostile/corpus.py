"""Inputs that mean harm, or that meant well and went wrong: what is given and what must come.

Cases are code, so a mutant is its number. A case puts files into an empty folder; `tells` are
what its refusal must say, and a case with none of them is sound.
"""

import gzip
import json
import os
import random
import re
import struct
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq


EXPERIMENT = """\
title: A sound experiment
seed: 1
fit: {solver: fisher, restarts: 2}
models:
  q:
    model: q_learning
    free: [alpha_pos=alpha_neg, beta]
    bounds: {beta: [0, 20]}
    population: {beta: [4.0, 0.4]}
  opal:
    model: opal
    habits: [perseveration]
    settings: {critic: item}
    values: {alpha_c: 0.2}
scenarios:
  loss:
    task: {name: pst, settings: {blocks: 2}}
    lesion: snc_loss
    doses: [0, 0.3]
    background: {tonic: -0.1}
    sources: [opal]
    candidates: [q, opal]
    subjects: 5
    trials: 120
    recover_dose: true
datasets:
  lab:
    path: lab.csv
    columns: {subject: who, trial: n, choice: pick, reward: won, cue: pair, latency: rt}
    choice_base: 0
    latency_unit: s
    cues: {AB: [0, 1], CD: [2, 3]}
    covariates: {group: arm, age: years}
    candidates: [q]
analyses:
  selection: {of: [loss], settings: {criterion: bic}}
figures:
  learning_curves: [loss]
"""

TABLE = """\
who,n,pair,pick,won,rt,arm,years
a,1,AB,0,1,0.61,x,31
a,2,CD,1,0,0.55,x,31
a,3,AB,,1,,x,31
a,4,CD,1,1,0.72,x,31
b,1,AB,0,0,0.48,y,28
b,2,CD,0,1,0.93,y,28
b,3,AB,1,0,0.66,y,28
b,4,CD,1,1,0.57,y,28
"""

# The least that names a table, so that a case about the table waits for nothing else.
ALONE = """\
title: A table
seed: 1
models: {q: {model: q_learning}}
datasets:
  lab:
    path: lab.csv
    columns: {subject: who, trial: n, choice: pick, reward: won, cue: pair, latency: rt}
    choice_base: 0
    latency_unit: s
    covariates: {group: arm, age: years}
    candidates: [q]
"""

SCHEDULED = """\
title: A schedule
seed: 1
models: {q: {model: q_learning}}
scenarios:
  s:
    task: {name: schedule, settings: {table: schedule.csv}}
    sources: [q]
    subjects: 2
    trials: 30
"""

SCHEDULE = """\
phase,trials,cue,p_left,p_right
early,20,A,0.8,0.2
late,10,A,0.2,0.8
"""

CONDITIONS = """\
half:
  number: 1
  title: Loss of half of the terminals
  change: half of the terminals survive
  about: human
  evidence: [A, D]
  source: A book
  against: Another book
  compare:
    - assay: striatum
      condition: {survivors: 0.5}
      expect:
        tonic: {sign: same, low: 0.95, high: 1.01}
        burst: {sign: down, low: 0.60, high: 0.63}
"""

CLINICAL = """\
title: Conditions
seed: 1
models: {q: {model: q_learning}}
scenarios: {s: {task: bandit, sources: [q], subjects: 1, trials: 2}}
clinic: [all]
conditions: conditions.yaml
"""

BATCHED = """\
title: A batch
seed: 1
models:
  q: {model: q_learning}
  opal: {model: opal}
batch:
  day:
    models: [opal]
    tasks: {easy: bandit, other: {name: bandit, settings: {p: [0.6, 0.4]}}}
    trials: 9
    lesions: {snc_loss: [0.5, 0.9], intact: [0]}
    background: {tonic: -0.1}
    schedules:
      none_taken: {drug: levodopa, doses: [0]}
      taken: {drug: levodopa, taken: [[0, 100]], at: [30, 60], response: fluctuating}
    parameters: {beta: {low: 0.5, high: 20, spacing: log}}
    draws: 3
    replicates: 2
    histograms: {better: [0, 1, 20]}
    chunk: 64
"""

Make = Callable[[Path], None]


class Case(NamedTuple):
    """`door` is the command with its arguments; `tells` is None where either answer will do."""

    name: str
    make: Make
    door: tuple[str, ...]
    tells: tuple[str, ...] | None = ()


VALIDATE = ("validate", "experiment.yaml")
READ = ("read", "-c", "experiment.yaml", "-d", "lab")
# A name is asked for that the table lacks, so that a sound one is refused before it is run.
CONDITION = ("conditions", "-t", "conditions.yaml", "-n", "2", "no_such_row")


def files(**contents: str | bytes) -> Make:
    """Files by name, in which two underscores stand for a dot."""

    def make(folder: Path) -> None:
        for name, content in contents.items():
            raw = content if isinstance(content, bytes) else content.encode("utf-8")
            (folder / name.replace("__", ".")).write_bytes(raw)

    return make


def both(*makes: Make) -> Make:
    """One after the other."""

    def make(folder: Path) -> None:
        for each in makes:
            each(folder)

    return make


def experiment(name: str, text: str | bytes, *tells: str, table: str = TABLE) -> Case:
    return Case(name, files(experiment__yaml=text, lab__csv=table), VALIDATE, tells)


def config(name: str, old: str, new: str, *tells: str) -> Case:
    assert old in EXPERIMENT, f"{name}: {old!r}"
    return experiment(name, EXPERIMENT.replace(old, new, 1), *tells)


def raw_table(name: str, content: str | bytes, *tells: str) -> Case:
    return Case(name, files(experiment__yaml=ALONE, lab__csv=content), READ, tells)


def table(name: str, old: str, new: str, *tells: str) -> Case:
    assert old in TABLE, f"{name}: {old!r}"
    return raw_table(name, TABLE.replace(old, new, 1), *tells)


def _spelt(name: str) -> str:
    """A text as YAML and JSON write it, in quotes."""
    escape = lambda c: c if c.isprintable() else f"\\u{ord(c):04x}"
    return "".join(map(escape, json.dumps(name, ensure_ascii=False)))


def other(name: str, file: str, put: Make, *tells: str) -> Case:
    """A table that lies in another file, which `put` makes."""
    text = ALONE.replace("lab.csv", _spelt(file))
    return Case(name, both(files(experiment__yaml=text), put), READ, tells)


def columns(**changes: Any) -> dict[str, Any]:
    """The columns of the table as Python values, for Parquet."""
    header, *rows = [line.split(",") for line in TABLE.splitlines()]
    out: dict[str, Any] = {name: [r[i] or None for r in rows] for i, name in enumerate(header)}
    number = lambda kind, name: [None if v is None else kind(v) for v in out[name]]
    out |= {"n": number(int, "n"), "pick": number(int, "pick"), "won": number(float, "won")}
    out |= {"rt": number(float, "rt"), "years": number(int, "years")}
    return out | changes


def parquet(name: str, made: Callable[[], pa.Table], *tells: str) -> Case:
    return other(name, "lab.parquet", lambda f: pq.write_table(made(), f / "lab.parquet"), *tells)


def put(name: str, content: bytes) -> Make:
    return lambda folder: (folder / name).write_bytes(content) and None


def link(name: str, to: str) -> Make:
    return lambda folder: (folder / name).symlink_to(to)


# ---- Experiments -----------------------------------------------------------------------------

E, L, C = "experiment.yaml", "lab.csv", "conditions.yaml"


def _laughs(levels: int = 12, each: int = 9) -> str:
    lines = [f"a0: &a0 [{', '.join(['lol'] * each)}]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * each)}]" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


def _doubled(levels: int = 30) -> str:
    lines = ["a0: &a0 {x: 1, y: 2}"]
    lines += [f"a{i}: &a{i} {{l: *a{i - 1}, r: *a{i - 1}}}" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


def encodings() -> Iterator[Case]:
    """One text, saved in all the ways that editors have."""
    umlaut = EXPERIMENT.replace("sound", "tönend")
    yield experiment("config with BOM", b"\xef\xbb\xbf" + umlaut.encode())
    yield experiment("config with CRLF", EXPERIMENT.replace("\n", "\r\n"))
    yield experiment("config with CR", EXPERIMENT.replace("\n", "\r"))
    yield experiment("config as UTF-16 LE", umlaut.encode("utf-16"), E, "UTF-8")
    yield experiment("config as UTF-16 BE", b"\xfe\xff" + umlaut.encode("utf-16-be"), E, "UTF-8")
    yield experiment("config as UTF-32", umlaut.encode("utf-32"), E)
    yield experiment("config as Latin-1", umlaut.encode("latin-1"), f"{E}:1", "UTF-8")
    yield experiment("config with a NUL", EXPERIMENT.replace("sound", "so\0und"), f"{E}:1")
    yield experiment("config of NULs", b"\0" * 5000, E)
    yield experiment(
        "config with an escape inside", EXPERIMENT.replace("sound", "\x1b[31m"), f"{E}:1"
    )
    yield experiment("config with a bell", EXPERIMENT.replace("seed", "se\x07ed"), f"{E}:2")
    yield experiment("config of random bytes", random.Random(1).randbytes(4096), E)
    yield experiment("config that is gzip", gzip.compress(EXPERIMENT.encode()), E)
    yield experiment("config that is a workbook", b"PK\x03\x04" + b"\0" * 99, E)
    yield experiment("config that is empty", b"", E, "an empty file")
    yield experiment("config of blanks", b" \n\n  \n", E)
    yield experiment("config that is a word", "hello", E, "'hello'")
    yield experiment("config that is a number", "42", E, "42")
    yield experiment("config that is a list", "- a\n- b\n", E)
    yield experiment("config that is null", "null\n", E, "an empty file")
    yield experiment("config of cut UTF-8", "title: ä".encode()[:-1], f"{E}:1:8", "UTF-8")
    yield experiment("config with a lone surrogate", EXPERIMENT.replace("A sound", '"\\ud800'), E)
    yield config("escaped surrogate", "A sound experiment", '"\\ud800"', f"{E}:1")
    yield config("escaped surrogate in a key", "  q:\n", '  "q\\udfff":\n', f"{E}:5")
    yield config("overlong escape", "A sound experiment", '"\\Uffffffff"', f"{E}:1")
    yield config("noncharacter", "A sound experiment", '"\\uffff"', *())
    yield config("right to left", "A sound experiment", '"\\u202e txt.exe"', *())
    yield experiment("JSON as a file", json.dumps({"title": "x"}), E, "seed")
    yield experiment(
        "a whole experiment as JSON",
        json.dumps(
            {
                "title": "x",
                "seed": 1,
                "models": {"q": {"model": "q_learning"}},
                "scenarios": {
                    "s": {"task": "bandit", "sources": ["q"], "subjects": 1, "trials": 2}
                },
            }
        ),
    )


def yaml_traps() -> Iterator[Case]:
    """What YAML can do, and what people think that it does."""
    yield experiment("billion laughs", _laughs(), E, "20000 values")
    yield experiment("billion laughs of mappings", _doubled(), E, "20000 values")
    yield experiment(
        "billion laughs in place",
        EXPERIMENT.replace("title:", _laughs() + "title:"),
        E,
        "20000 values",
    )
    merges = "a0: &a0 {x: 1}\n" + "".join(
        f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}, *a{i - 1}], k{i}: 1}}\n" for i in range(1, 30)
    )
    yield experiment("bomb of merges", merges, E, "20000 values")
    yield experiment("anchor in itself", "a: &a [*a]\n", E)
    yield experiment("anchor in its mapping", "a: &a {b: *a}\n", E)
    yield experiment("merge into itself", "a: &a {<<: *a}\n", E)
    yield experiment("root in itself", "&a\ntitle: *a\n", E)
    yield experiment("deep flow lists", "a: " + "[" * 30_000, E)
    yield experiment("deep closed lists", "a: " + "[" * 400 + "]" * 400, E)
    yield experiment("deep flow maps", "a: " + "{a: " * 3_000, E)
    deep = "".join(" " * i + "a:\n" for i in range(700))
    yield experiment("deep block", deep, E)
    yield experiment("deep dashes", "a:\n  " + "- " * 5_000 + "x\n", E)
    yield config("deep in a setting", "blocks: 2", "blocks: " + "[" * 40 + "]" * 40, E)
    yield config("deeper in a setting", "blocks: 2", "blocks: " + "[" * 90 + "]" * 90, E)
    yield experiment("ten megabytes in a scalar", "title: " + "x" * 10_000_000 + "\n", E)
    yield experiment("a long scalar", EXPERIMENT.replace("A sound", "x" * 100_000))
    yield experiment(
        "a scalar too long for a job",
        EXPERIMENT.replace("A sound", "x" * 200_000),
        f"{E}:1",
        "bytes",
    )
    yield experiment("ten megabytes of comment", "# " + "x" * 10_000_000 + "\n" + EXPERIMENT, E)
    yield experiment(
        "twenty-five thousand keys", "".join(f"k{i}: 1\n" for i in range(25_000)), E, "20000 values"
    )
    yield experiment(
        "a thousand keys", "".join(f"k{i}: 1\n" for i in range(1_000)), E, "and at least"
    )
    yield experiment(
        "thousands of wrong models",
        "title: x\nseed: 1\nmodels:\n" + "".join(f"  m{i}: {{model: q}}\n" for i in range(2_000)),
        E,
        "and at least",
    )
    many = "".join(f"  m{i}: {{model: q_learning}}\n" for i in range(600))
    wanted = ", ".join(f"n{i}" for i in range(1_000))
    yield experiment(
        "thousands of unknown sources",
        f"title: x\nseed: 1\nmodels:\n{many}scenarios:\n  s:\n    task: bandit\n    subjects: 1\n"
        f"    trials: 2\n    sources: [{wanted}]\n",
        E,
        "and at least",
    )
    yield experiment("anchors used well", EXPERIMENT.replace("[0, 20]", "&b [0, 20]"))
    shared = EXPERIMENT.replace("  opal:\n", "  q2:\n    <<: *q\n  opal:\n")
    shared = shared.replace("  q:\n", "  q: &q\n")
    yield experiment("a merge used well", shared)
    yield experiment("merge of a number", "<<: 3\n" + EXPERIMENT, f"{E}:1", "<<")
    yield experiment("merge of a list of numbers", "<<: [1, 2]\n" + EXPERIMENT, E, "<<")
    yield config("alias of nothing", "seed: 1", "seed: *nobody", f"{E}:2")
    for tag in (
        "!!python/object/apply:os.system ['touch canary']",
        "!!python/object/new:os.system ['touch canary']",
        "!!python/object:os.popen {}",
        "!!python/name:os.system",
        "!!python/module:os",
        "!!python/tuple [1]",
        "!!binary aGVsbG8=",
        "!!set {a, b}",
        "!!omap [a: 1]",
        "!mine {a: 1}",
        "!!float x",
        "!!int 1.5",
        "!!bool yes",
    ):
        yield config(f"tag {tag}", "seed: 1", f"seed: {tag}", f"{E}:2")
    yield config("tag on a key", "seed: 1", "!!python/name:os.system seed: 1", f"{E}:2")
    yield config("tag on a mapping", "fit: {", "fit: !!python/object:os.x {", f"{E}:3")
    yield config("tag of text", "seed: 1", "seed: !!str 1", f"{E}:2", "'1'")
    yield config("an exclamation mark", "A sound experiment", "!", E, "title: nothing")
    yield config("percent directive", "title:", "%YAML 9.9\n---\ntitle:", E)
    yield config("unknown directive", "title:", "%TAG ! tag:x,2000:\n---\ntitle:", *())
    yield config("two documents", "models:", "---\nmodels:", f"{E}:4", "one document")
    yield config("an end and more", "models:", "...\nmodels:", E)
    yield config("a key twice", "seed: 1", "seed: 1\nseed: 1", f"{E}:3", "again")
    yield config("a section twice", "figures:", "models: {}\nfigures:", E, "again")
    yield config("a key twice inside", "blocks: 2", "blocks: 2, blocks: 2", f"{E}:17", "again")
    yield config("tab for blanks", "    model: opal", "\tmodel: opal", f"{E}:11", "tab")
    yield config("tab after blanks", "    model: opal", "  \t  model: opal", E)
    yield config("no blank after the colon", "seed: 1", "seed:1", E)
    yield config("bad indent", "    model: opal", "   model: opal", E)
    yield config("a list as a key", "seed: 1", "? [a, b]\n: 1\nseed: 1", f"{E}:2", "not a word")
    yield config("a mapping as a key", "seed: 1", "{a: b}: 1\nseed: 1", f"{E}:2", "not a word")
    yield config("null as a key", "seed: 1", "~: 1\nseed: 1", f"{E}:2", "not a word")
    yield config("no key", "seed: 1", ": 1\nseed: 1", f"{E}:2")
    yield config("a number as a key", "seed: 1", "3: 1\nseed: 1", f"{E}:2", "no key called '3'")
    yield config("a number as a model", "  q:\n", "  3:\n", f"{E}:5", "'3'")
    yield config("a date as a key", "seed: 1", "2024-01-01: 1\nseed: 1", f"{E}:2", "2024-01-01")
    yield config("true as a model", "  q:\n", "  true:\n", E, "'q'")
    yield config("no as a model", "[loss]\n", "[no]\n", E, "'no'")
    yield config("norway", "group: arm", "no: arm", *())
    yield config("yes", "recover_dose: true", "recover_dose: yes", f"{E}:25", "'yes'")
    yield config("on", "recover_dose: true", "recover_dose: on", E, "'on'")
    yield config("sexagesimal", "subjects: 5", "subjects: 1:30", E, "'1:30'")
    yield config("octal", "subjects: 5", "subjects: 0o17", E, "'0o17'")
    yield config("hexadecimal", "subjects: 5", "subjects: 0x1F", E, "'0x1F'")
    yield config("underscores", "subjects: 5", "subjects: 1_000", E, "'1_000'")
    yield config("a leading zero", "subjects: 5", "subjects: 007", *())
    yield config("a date for a number", "seed: 1", "seed: 2024-01-01", f"{E}:2:7", "2024-01-01")
    yield config("a date for a name", "task: {name: pst", "task: {name: 2024-01-01", E)
    yield config("unclosed quote", "A sound experiment", '"A sound', E)
    yield config("unclosed bracket", "[0, 0.3]", "[0, 0.3", E)
    yield config("unclosed brace", "{blocks: 2}", "{blocks: 2", E)
    yield config("at sign", "A sound experiment", "@x", f"{E}:1")
    yield config("backtick", "A sound experiment", "`id`", f"{E}:1")
    yield config("percent", "A sound experiment", "%x", f"{E}:1")
    yield config("block scalar without end", "A sound experiment", "|\n  x\n  y", *())
    yield config("multiline key", "seed: 1", '"se\n  ed": 1\nseed: 1', E)
    yield config("JSON inside", "fit: {", 'fit: {"steps": 3, ', *())


NUMBERS = (
    "1e400",
    "-1e400",
    ".inf",
    "-.inf",
    ".nan",
    "nan",
    "inf",
    "1e-400",
    "-0",
    "-0.0",
    "0",
    "9" * 30,
    "9" * 400,
    "9" * 5000,
    "-9223372036854775809",
    "1.5",
    "1e3",
    "true",
    "~",
    "[]",
    "{}",
    "''",
    "1,5",
    "'1'",
    "½",
    "٣",
    "1 000",
    "--1",
    "1e",
    ".",
)


def numbers() -> Iterator[Case]:
    """Every kind of number at every kind of place."""
    places = {
        "seed": ("seed: 1", "seed: {}"),
        "subjects": ("subjects: 5", "subjects: {}"),
        "trials": ("trials: 120", "trials: {}"),
        "dose": ("doses: [0, 0.3]", "doses: [0, {}]"),
        "value": ("alpha_c: 0.2", "alpha_c: {}"),
        "bound": ("beta: [0, 20]", "beta: [0, {}]"),
        "spread": ("beta: [4.0, 0.4]", "beta: [4.0, {}]"),
        "setting": ("blocks: 2", "blocks: {}"),
        "restarts": ("restarts: 2", "restarts: {}"),
        "item": ("AB: [0, 1]", "AB: [0, {}]"),
        "background": ("tonic: -0.1", "tonic: {}"),
    }
    # Every number at some places, and every place with some numbers.
    for k, (place, (old, new)) in enumerate(places.items()):
        for number in NUMBERS[k % 9 :: 9]:
            text = EXPERIMENT.replace(old, new.format(number), 1)
            make = files(experiment__yaml=text, lab__csv=TABLE)
            yield Case(f"{place} {number[:12]} ({len(number)})", make, VALIDATE, None)
    yield config("seed beyond 64 bits", "seed: 1", f"seed: {2**64}")
    yield config("a trillion subjects", "subjects: 5", "subjects: 1000000000000", E, "subjects")
    yield config("a billion trials", "trials: 120", "trials: 1000000000", E, "trials")
    yield config("a billion restarts", "restarts: 2", "restarts: 1000000000", E, "restarts")
    yield config("a billion steps", "restarts: 2", "steps: 100000000000", E, "steps")
    yield config("a billion items", "AB: [0, 1]", "AB: [0, 1000000000]", E, "cues")
    yield config(
        "a billion actions", "choice_base: 0", "choice_base: 0\n    actions: 1000000000", E
    )
    yield config("a million sessions", "subjects: 5", "subjects: 100000\n    sessions: 1000000", E)


NAMES = (
    "$(touch canary)",
    "`touch canary`",
    "x; touch canary",
    "x && touch canary",
    "x | tee canary",
    "> canary",
    "x\ntouch canary",
    "it's",
    'a "quoted" one',
    "a b",
    "{wildcards}",
    "{source}",
    "{{x}}",
    "%s%n",
    "..",
    "../up",
    "../../../tmp/up",
    "/etc/passwd",
    "/abs",
    "a/b",
    "a\\b",
    "~",
    "~root",
    "-rf",
    "--results",
    "*",
    "?",
    ".hidden",
    "",
    " ",
    "\t",
    "a\0b",
    "\x1b[2J",
    "größe",
    "名前",
    "😀",
    "a\u202eb",
    "a\u2028b",
    "e\u0301",
    "ﬁ",
    "Ⅳ",
    "ｑ",
    "a" * 65,
    "a" * 300,
    "a" * 70_000,
    "CON",
    "logs",
    "LOGS",
    "con.txt",
    "null",
    "__proto__",
    "__class__",
    "<script>alert(1)</script>",
    "$\\frac{",
)
_SAFE = ("CON", "null")


def names() -> Iterator[Case]:
    """Names that are no names: nothing of them may become a path or a command."""
    for place, old in (("model", "  opal:\n"), ("scenario", "  loss:\n"), ("dataset", "  lab:\n")):
        for name in NAMES if place == "model" else NAMES[place == "dataset" :: 5]:
            spelt = _spelt(name)
            text = EXPERIMENT.replace(old, f"  {spelt}:\n", 1)
            bare = old.strip(" :\n")
            # What points at it follows, so that the name alone is at fault.
            text = re.sub(rf"(?<=[\[ ]){bare}(?=[\],])", lambda m, s=spelt: s, text)
            # YAML itself knows no keys that long.
            tells = (E,) if len(name) > 1024 else (E, "name")
            tells = () if name in _SAFE else tells
            make = files(experiment__yaml=text, lab__csv=TABLE)
            yield Case(f"{place} called {name[:24]!r} ({len(name)})", make, VALIDATE, tells)
    for k, name in enumerate(NAMES):
        spelt = _spelt(name)
        places = (
            ("covariate", "group: arm"),
            ("cue", "AB: [0, 1]"),
            ("column", "cue: pair"),
            ("model of a variant", "model: opal"),
            ("task", "name: pst"),
            ("lesion", "lesion: snc_loss"),
            ("habit", "habits: [perseveration]"),
            ("parameter", "{alpha_c: 0.2}"),
            ("figure", "learning_curves: [loss]"),
            ("analysis", "selection: {of"),
        )
        for place, old in places[k % 10 :: 10]:
            key = old.strip("{}").partition(": ")[0]
            new = {
                "covariate": f"{spelt}: arm",
                "cue": f"{spelt}: [0, 1]",
                "parameter": f"{{{spelt}: 0.2}}",
                "figure": f"{spelt}: [loss]",
                "analysis": f"{spelt}: {{of",
                "habit": f"habits: [{spelt}]",
            }.get(place, f"{key}: {spelt}")
            text = EXPERIMENT.replace(old, new, 1)
            make = files(experiment__yaml=text, lab__csv=TABLE)
            yield Case(f"{place} {name[:24]!r} ({len(name)})", make, VALIDATE, None)


def shapes() -> Iterator[Case]:
    """Everything in place of everything else."""
    wrong = ("3", "text", "true", "~", "[]", "{}", "[1, 2]", "[[]]", "{a: 1}", "[{a: 1}]", "''")
    lines = EXPERIMENT.splitlines()
    for i, line in enumerate(lines):
        key = line.split(":")[0]
        rest = [x for x in lines[i + 1 :]]
        indent = len(key) - len(key.lstrip())
        # What hung below the key goes with its value.
        while rest and len(rest[0]) - len(rest[0].lstrip()) > indent:
            rest.pop(0)
        for value in wrong[i % 11 :: 11]:
            text = "\n".join([*lines[:i], f"{key}: {value}", *rest]) + "\n"
            make = files(experiment__yaml=text, lab__csv=TABLE)
            yield Case(f"{key.strip()}: {value} (line {i + 1})", make, VALIDATE, None)


def missing_files() -> Iterator[Case]:
    """What is named and is no file."""
    none: Make = lambda folder: None
    pipe: Make = lambda folder: os.mkfifo(folder / E)
    loop = both(link(E, "loop"), link("loop", E))
    yield Case("no config", none, VALIDATE, (E, "no such file"))
    yield Case("config is a folder", lambda f: (f / E).mkdir(), VALIDATE, (E, "a folder"))
    yield Case("config is a pipe", pipe, VALIDATE, (E, "a pipe"))
    yield Case("config is a device", link(E, "/dev/zero"), VALIDATE, (E, "a device"))
    yield Case("config is a loop of links", loop, VALIDATE, (E, "cannot be read"))
    yield Case("config is a dead link", link(E, "nowhere"), VALIDATE, (E, "no such file"))
    yield Case("config cannot be read", link(E, "/proc/self/mem"), VALIDATE, (E, "cannot be read"))
    yield Case("config with a NUL in its name", none, ("validate", "a\0b"), ("a\\x00b",))
    yield Case("config with a long name", none, ("validate", "a" * 5000), ("cannot be read",))
    yield Case("config in a file", put("x", b""), ("validate", "x/y.yaml"), ("y.yaml",))
    yield Case("config with an escape", none, ("validate", "\x1b[31mx"), ("\\x1b[31mx",))
    yield Case("config without a name", none, ("validate", ""), (":",))
    for name, text in (
        ("cut", '{"title": '),
        ("a word", "{hello}"),
        ("with nan", '{"title": "x", "seed": NaN}'),
        ("with inf", '{"title": "x", "seed": Infinity}'),
        ("deep", '{"a": ' + "[" * 100_000),
        ("deep and closed", '{"a": ' + "[" * 500 + "]" * 500 + "}"),
        ("deeper and closed", '{"a": ' + "[" * 50_000 + "]" * 50_000 + "}"),
        ("twice", '{"title": "x", "title": "y", "seed": 1, "models": {}}'),
        ("surrogate", '{"title": "\\ud800", "seed": 1, "models": {}}'),
        ("huge number", '{"seed": ' + "9" * 5000 + "}"),
        ("wide", json.dumps({f"k{i}": i for i in range(30_000)})),
        ("wildcards", "{wildcards}.yaml"),
        ("NUL", '{"title": "\\u0000"}'),
    ):
        yield Case(f"JSON {name}", none, ("validate", text), ("configuration",))
        door = ("conditions", "-t", text, "-n", "2")
        yield Case(f"conditions as JSON {name}", none, door, ("conditions",))


def table_files() -> Iterator[Case]:
    """A table in every kind of file that is no table."""
    pipe: Make = lambda f: os.mkfifo(f / L)
    alone = files(experiment__yaml=ALONE)
    for name, make, tell in (
        ("missing", lambda f: None, "no such file"),
        ("a folder", lambda f: (f / L).mkdir(), "a folder"),
        ("a pipe", pipe, "a pipe"),
        ("a device", link(L, "/dev/zero"), "a device"),
        ("random device", link(L, "/dev/urandom"), "a device"),
        ("null device", link(L, "/dev/null"), "a device"),
        ("a loop of links", both(link(L, "loop"), link("loop", L)), "cannot be read"),
        ("a dead link", link(L, "nowhere"), "no such file"),
        ("unreadable", link(L, "/proc/self/mem"), "cannot be read"),
    ):
        for door in (READ, VALIDATE):
            yield Case(f"table is {name} ({door[0]})", both(alone, make), door, (L, tell))
    sparse: Make = lambda f: (f / L).write_bytes(b"") or os.truncate(f / L, 2**40)
    yield Case("table of a terabyte of nothing", both(alone, sparse), READ, (L, "GiB"))
    yield other("table with a NUL in its name", "a\0b.csv", lambda f: None, "a\\x00b.csv")
    yield other("table with a long name", "a" * 300 + ".csv", lambda f: None, "cannot be read")
    yield other("table with a longer name", "a" * 5000 + ".csv", lambda f: None, "cannot be read")
    yield other("table with no ending", "lab", put("lab", TABLE.encode()), "of the kind ''")
    yield other("table that is a pickle", "lab.pkl", put("lab.pkl", _PICKLE), "'.pkl'")
    yield other("pickle called csv", "x.csv", put("x.csv", _PICKLE), "x.csv", "a binary file")
    yield other(
        "pickle called parquet", "x.parquet", put("x.parquet", _PICKLE), "not a Parquet file"
    )
    yield other("npy called csv", "x.csv", put("x.csv", b"\x93NUMPY\x01\0" + b"\0" * 90), "x.csv")
    yield other("folder called parquet", "x.parquet", lambda f: (f / "x.parquet").mkdir(), "folder")
    for name in NAMES[::2]:
        if "/" in name or "\0" in name or len(name) > 200:
            continue
        file = f"{name}.csv"
        tells = (E, "wildcards") if {*name} & {*"{}"} else ()
        title = f"table called {name[:24]!r} ({len(name)})"
        yield other(title, file, put(file, TABLE.encode()), *tells)
    yield other("table above", "../experiment.yaml/../x.csv", lambda f: None, "x.csv")
    yield other("absolute table", "/etc/passwd", lambda f: None, "/etc/passwd", "of the kind")
    yield other("absolute csv", "/proc/self/environ.csv", lambda f: None, "no such file")
    whole = gzip.compress(TABLE.encode(), mtime=0)
    gz = "lab.csv.gz"
    yield other("gz", gz, put(gz, whole))
    yield other("gz with a tail", gz, put(gz, whole + b"tail"), gz, "damaged")
    yield other("gz with zeros after", gz, put(gz, whole + b"\0" * 512))
    yield other("gz in two parts", gz, put(gz, whole + gzip.compress(b"c,1,AB,0,1,.5,x,3\n")))
    for cut in (0, 1, 5, 10, 18, len(whole) // 2, len(whole) - 8, len(whole) - 1):
        yield other(f"gz cut at {cut}", gz, put(gz, whole[:cut]), gz)
    for flip in range(10, len(whole), 17):
        broken = whole[:flip] + bytes([whole[flip] ^ 0x55]) + whole[flip + 1 :]
        yield Case(
            f"gz flipped at {flip}",
            both(files(experiment__yaml=ALONE.replace(L, gz)), put(gz, broken)),
            READ,
            None,
        )
    yield other("gz twice", gz, put(gz, gzip.compress(whole)), gz)
    yield other("gz that is plain", gz, put(gz, TABLE.encode()), gz, "damaged")
    yield other("gz bomb of zeros", gz, put(gz, bomb(b"\0" * 2**20)), gz)
    yield other("gz bomb of rows", gz, put(gz, bomb(_ROWS)), gz, "times")
    yield other("gz bomb of blank lines", gz, put(gz, bomb(b"\n" * 2**20)), gz, "times")
    yield other("gz bomb of bombs", gz, put(gz, gzip.compress(bomb(b"\0" * 2**20))), gz)


_PICKLE = b"\x80\x04\x95\x1e\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94" + (
    b"\x8c\x0ctouch canary\x94\x85\x94R\x94."
)
_ROWS = TABLE.splitlines()[0].encode() + b"\n" + b"a,1,AB,0,1,0.61,x,31\n" * 50_000


def bomb(content: bytes, times: int = 1000) -> bytes:
    """A .gz file that unpacks to `times` the content."""
    return gzip.compress(content, mtime=0) * times


def text_tables() -> Iterator[Case]:
    """Tables of text, spoiled by editors, spreadsheets and people."""
    yield raw_table("sound table", TABLE)
    yield raw_table("table with BOM", b"\xef\xbb\xbf" + TABLE.encode())
    yield raw_table("table with CRLF", TABLE.replace("\n", "\r\n"))
    yield raw_table("table with CR", TABLE.replace("\n", "\r"))
    yield raw_table("table with blank lines", TABLE.replace("\n", "\n\n"))
    yield raw_table("table without a last line feed", TABLE.rstrip())
    yield raw_table("table with a comment", "# mine\n" + TABLE, L)
    yield raw_table("table as UTF-16 LE", TABLE.encode("utf-16"), f"{L}:1", "UTF-16")
    yield raw_table("table as UTF-16 BE", b"\xfe\xff" + TABLE.encode("utf-16-be"), "UTF-16")
    yield raw_table("table as UTF-16 without BOM", TABLE.encode("utf-16-le"), f"{L}:1")
    yield raw_table("table as UTF-32", TABLE.encode("utf-32"), f"{L}:1", "UTF-")
    latin = TABLE.replace("\nb,2", "\nbä,2").encode("latin-1")
    yield raw_table("table as Latin-1", latin, f"{L}:7", "0xe4", "UTF-8")
    yield raw_table("table with a late NUL", TABLE + "c,1,AB,0,1,0.6,x,31\n" * 300 + "\0", L)
    yield table("table with a NUL", "0.61", "0\0.61", f"{L}:1")
    yield raw_table("table that is empty", "", f"{L}:1", "an empty file")
    yield raw_table("table of blanks", " \n \n", f"{L}:1", "an empty file")
    yield raw_table("table that is a BOM", b"\xef\xbb\xbf", f"{L}:1", "an empty file")
    yield raw_table("table of a header", TABLE.splitlines()[0], f"{L}:1", "only a header")
    yield raw_table("table of commas", ",,,,\n,,,,\n", L)
    yield raw_table("table without a header", TABLE.split("\n", 1)[1], L, "no column 'who'")
    yield raw_table("table with semicolons", TABLE.replace(",", ";"), L, "semicolons")
    yield raw_table(
        "semicolons and decimal commas",
        TABLE.replace(",", ";").replace("0.", "0,"),
        L,
        "semicolons",
    )
    yield raw_table("table with tabs", TABLE.replace(",", "\t"), L, "tabs")
    yield raw_table("table with bars", TABLE.replace(",", "|"), L)
    yield raw_table("table with spaces", TABLE.replace(",", " "), L)
    yield raw_table("a web page", "<!DOCTYPE html><html><body>404</body></html>", L)
    yield raw_table("JSON for a table", json.dumps(columns()), L)
    yield raw_table("quote left open", TABLE.replace("a,2,", 'a,"2,'), f"{L}:3", "quotes")
    yield raw_table("quote in the middle", TABLE.replace("a,2,", 'a,"2"2,'), f"{L}:3")
    yield raw_table("quote at the end", TABLE + '"', L)
    yield raw_table("quotes around all", re.sub(r"[^,\n]+", r'"\g<0>"', TABLE))
    yield raw_table("a line feed in a cell", TABLE.replace("a,2,CD", 'a,2,"C\nD"'))
    yield raw_table("rows after a line feed", TABLE.replace("b,4,CD,1", '"b\n",x,CD,1'), f"{L}:9")
    yield table("a row too short", "a,2,CD,1,0,0.55,x,31", "a,2,CD,1,0", f"{L}:3", "5 cells")
    yield table("a row too long", "a,2,CD,1,0", "a,2,CD,1,0,0,0,0", f"{L}:3", "11 cells")
    yield raw_table("every row too long", TABLE.replace("31\n", "31,\n"), f"{L}:2", "9 cells")
    yield raw_table("ragged rows without end", TABLE + "a\n" * 5000, L, "and 4980 more")
    yield table("a header twice", "pair", "who", f"{L}:1", "2 columns called 'who'")
    yield table("a header with another case", "who", "Who", f"{L}:1", "'Who'?")
    yield table("a header with blanks", "who,", "  who  ,")
    yield table("a header that is empty", "pair", "", f"{L}:1", "no column 'pair'")
    yield table("decimal comma", "0.55", '"0,55"', f"{L}:3:rt", "'0.55'")
    yield table("thousands", "0.55", '"1,000.5"', f"{L}:3:rt")
    yield table("a date for a reward", "a,2,CD,1,0", "a,2,CD,1,2024-01-01", f"{L}:3:won")
    yield table("a date for a trial", "a,2,CD", "a,01/02/2024,CD", f"{L}:3:n")
    yield table("a time for a latency", "0.55", "00:00:00.55", f"{L}:3:rt")
    yield table("a percentage", "a,2,CD,1,0", "a,2,CD,1,50%", f"{L}:3:won")
    yield table("a currency", "a,2,CD,1,0", "a,2,CD,1,$5", f"{L}:3:won")
    yield table("a formula", "a,2,CD,1,0", "a,2,CD,1,=1+1", f"{L}:3:won")
    yield table("an error of a spreadsheet", "a,2,CD,1,0", "a,2,CD,1,#DIV/0!", f"{L}:3:won")
    yield table("digits of another script", "a,2,CD", "a,٢,CD", f"{L}:3:n")
    yield table("a minus that is a dash", "a,2,CD,1,0", "a,2,CD,1,−1", f"{L}:3:won")
    yield table("underscores in a number", "a,2,CD", "a,1_0,CD", f"{L}:3:n")
    yield table("a hexadecimal", "a,2,CD", "a,0x2,CD", f"{L}:3:n")
    for number in ("1e400", "-1e400", "inf", "-inf", "Infinity", "NAN", "9" * 400, "1e", "--1"):
        yield table(f"a reward of {number[:12]}", "a,2,CD,1,0", f"a,2,CD,1,{number}", f"{L}:3:won")
        yield table(f"a trial of {number[:12]}", "a,2,CD", f"a,{number},CD", f"{L}:3:n")
        yield table(f"a choice of {number[:12]}", "a,2,CD,1", f"a,2,CD,{number}", f"{L}:3:pick")
        yield table(f"a latency of {number[:12]}", "0.55", number, f"{L}:3:rt")
    for number in ("1e-400", "-0", "-0.0", "1e300", "+1", "1.", "05"):
        yield table(f"a reward of {number}", "a,2,CD,1,0", f"a,2,CD,1,{number}")
    yield table("a choice of -0", "a,2,CD,1", "a,2,CD,-0")
    yield table("half a choice", "a,2,CD,1", "a,2,CD,0.5", f"{L}:3:pick")
    yield table("a choice below", "a,2,CD,1", "a,2,CD,-1", f"{L}:3:pick")
    yield table("a trial of 2^63", "a,2,CD", f"a,{2**63},CD", f"{L}:3:n")
    yield table("a trial below 0", "a,2,CD", "a,-5,CD")
    yield table("a trial twice", "a,2,CD", "a,1,CD", f"{L}:3:n", "again, after line 2")
    yield table("no subject", "a,2,CD", ",2,CD", f"{L}:3:who")
    yield table("two values of a covariate", "0.55,x", "0.55,y", f"{L}:3:arm", "one group")
    yield table("an age without end", "31\na,2", "1e400\na,2", L, "years")
    yield raw_table("ages without end", TABLE.replace(",31", ",1e400"), f"{L}:2:years", "finite")
    yield raw_table("ages with commas", TABLE.replace(",31", ',"3,5"'), f"{L}:2:years", "'3.5'")
    yield raw_table("no ages", TABLE.replace(",31", ",").replace(",28", ","))
    yield raw_table("one age", TABLE.replace(",31", ","))
    yield raw_table("ages in words", TABLE.replace(",31", ",old"))
    yield raw_table("one group", TABLE.replace(",y,", ",x,"))
    yield raw_table("groups called by commands", TABLE.replace(",x,", ",$(touch canary),"))
    yield raw_table("groups of markup", TABLE.replace(",x,", ",<script>alert(1)</script>,"))
    long = TABLE.replace("\na,", f"\n{'a' * 10_000},")
    yield raw_table("a subject with a long name", long)
    yield raw_table(
        "a long name and a mistake", long.replace(",2,CD,1", ",1,CD,7", 1), f"{L}:3:n", "…"
    )
    yield raw_table("a cell of 200 KB", TABLE.replace("\na,", f"\n{'a' * 200_000},"), L)
    yield raw_table("a cell of 20 MB", TABLE.replace("\na,1", f"\n{'a' * 20_000_000},1"), L)
    for name in NAMES[1::2]:
        cell = '"' + name.replace('"', '""') + '"'
        if name.strip():
            tells = (f"{L}:1", "a binary file") if "\0" in name else ()
            cut = (L, "field larger") if len(name) > 131_072 else tells
            yield raw_table(
                f"a subject called {name[:24]!r} ({len(name)})",
                TABLE.replace("\na,", f"\n{cell},"),
                *cut,
            )
    wide = "x," * 1_000_000 + "y\n" + "1," * 1_000_000 + "1\n"
    yield raw_table("a million columns", wide, f"{L}:1", "no column 'who'")
    distinct = ",".join(f"c{i}" for i in range(1_000_000)) + "\n" + "1," * 999_999 + "1\n"
    yield raw_table("a million columns of their own", distinct, f"{L}:1", "no column 'who'")
    near = ",".join(f"wh{i}" for i in range(100_000)) + "\n" + "1," * 99_999 + "1\n"
    yield raw_table("columns almost called so", near, f"{L}:1", "no column 'who'")
    extra = "\n".join(f"{row},{'1,' * 20_000}1" for row in TABLE.splitlines()[1:])
    header = TABLE.splitlines()[0] + "," + ",".join(f"e{i}" for i in range(20_001))
    yield raw_table("twenty thousand more columns", f"{header}\n{extra}\n")
    yield raw_table("thousands of wrong rows", TABLE + "c,x,EF,9,z,-1,q,0\n" * 2_000, L)
    yield raw_table("a million blank lines", TABLE.replace("\n", "\n" + "\n" * 200_000, 1))


def units() -> Iterator[Case]:
    """Subjects of whom little is known: the rest of the cohort is kept."""
    head = "who,n,pair,pick,won,rt,arm,years\n"
    good = TABLE.split("\n", 1)[1]
    rows = lambda who, pick, won, n=4: "".join(
        f"{who},{t},AB,{pick},{won},,x,30\n" for t in range(1, n + 1)
    )
    yield raw_table("a subject without a choice", head + good + rows("c", "", ""))
    yield raw_table("a subject without a choice first", head + rows("A", "", "") + good)
    yield raw_table("a subject with one option", head + good + rows("c", 1, 1))
    yield raw_table("a subject with one outcome", head + good + rows("c", 0, 0))
    yield raw_table("a subject with one trial", head + good + rows("c", 0, 0, 1))
    yield raw_table("a subject with one missed trial", head + good + rows("c", "", "", 1))
    yield raw_table("nobody chose", head + rows("a", "", "") + rows("b", "", ""), L, "no choice")
    yield raw_table(
        "one trial each", head + "".join(rows(f"s{i}", 0, 1, 1) for i in range(9)), L, "one trial"
    )
    yield raw_table("one subject", head + rows("a", 0, 1))
    yield raw_table("a table twice in one", TABLE + good, f"{L}:10:n", "again, after line 2")


def parquets() -> Iterator[Case]:
    """Parquet is typed, and every type turns up."""
    t = lambda **changes: lambda: pa.table(columns(**changes))
    P = "lab.parquet"
    yield parquet("parquet", t())
    yield parquet("parquet without rows", lambda: pa.table(columns()).slice(0, 0), P, "no rows")
    yield parquet("parquet without columns", lambda: pa.table({}), P, "no rows")
    empty = lambda: pa.table({n: [] for n in columns()})
    yield parquet("parquet of nulls", empty, P, "no rows")
    yield parquet("parquet with a null column", t(pick=pa.nulls(8)), P, "no choice")
    who = list("aaaabbbb")
    yield parquet("parquet with a dictionary", t(who=pa.array(who).dictionary_encode()))
    yield parquet("parquet with large strings", t(who=pa.array(who, pa.large_string())))
    yield parquet("parquet with decimals", t(won=[Decimal(i) / 10 for i in range(8)]))
    yield parquet("parquet with half floats", t(won=pa.array([1.0] * 8).cast(pa.float16())))
    yield parquet("parquet with small integers", t(pick=pa.array([0, 1] * 4, pa.uint8())))
    yield parquet("parquet with truth values", t(won=[True, False] * 4))
    yield parquet("parquet with dates as sessions", t(pair=[date(2024, 1, 1)] * 8))
    yield parquet("parquet with dates for numbers", t(won=[date(2024, 1, 1)] * 8), P, "won")
    yield parquet("parquet with times for numbers", t(n=[datetime(2024, 1, 1)] * 8), P, ":n")
    late = pa.array([2**62] * 8, pa.timestamp("us"))
    yield parquet("parquet with times beyond years", t(pair=late), P, "pair")
    fine = pa.array([1] * 8, pa.timestamp("ns"))
    yield parquet("parquet with nanoseconds", t(pair=fine))
    zone = pa.array([1] * 8, pa.timestamp("us", tz="Nowhere/City"))
    yield parquet("parquet in no time zone", t(pair=zone), P, "pair")
    yield parquet("parquet with durations", t(won=pa.array([1] * 8, pa.duration("s"))), P, "won")
    yield parquet("parquet with binary", t(who=[x.encode() for x in who]), P, "who", "binary")
    yield parquet("parquet with lists", t(won=[[1.0]] * 8), P, "won", "list")
    yield parquet("parquet with structs", t(who=[{"a": 1}] * 8), P, "who", "struct")
    pairs = pa.array([[("a", 1)]] * 8, pa.map_(pa.string(), pa.int64()))
    yield parquet("parquet with maps", t(pair=pairs), P, "pair", "map")
    yield parquet("parquet with lists beside", t(more=[[1, [2]]] * 0 + [[1]] * 8))
    yield parquet("parquet with nan", t(won=[float("nan")] * 8), P, "won", "without a reward")
    yield parquet("parquet with inf", t(won=[float("inf")] * 8), P, "won", "'inf'")
    yield parquet("parquet with floats for subjects", t(who=[1.0] * 4 + [2.0] * 4))
    yield parquet(
        "parquet with huge integers",
        t(n=pa.array([2**64 - 1 - i for i in range(8)], pa.uint64())),
        P,
        ":n",
    )
    twice = lambda: pa.Table.from_arrays([pa.array(who)] * 2, names=["who", "who"])
    yield parquet("parquet with a name twice", twice, P, "each name once")
    bad = pa.Array.from_buffers(
        pa.string(),
        8,
        [None, pa.py_buffer(struct.pack("<9i", *range(9))), pa.py_buffer(b"\xff" * 8)],
    )
    yield parquet("parquet with broken UTF-8", t(who=bad), P, "who", "UTF-8")
    naughty = lambda: pa.table(columns()).rename_columns(["who", *"\x00\n\x1b", "e", "f", "g", "h"])
    yield parquet("parquet with columns of controls", naughty, P, "no column")
    whole = pa.BufferOutputStream()
    pq.write_table(pa.table(columns()), whole)
    raw = whole.getvalue().to_pybytes()
    for cut in (0, 3, 4, 8, len(raw) // 3, len(raw) // 2, len(raw) - 8, len(raw) - 1):
        yield other(f"parquet cut at {cut}", P, put(P, raw[:cut]), P, "not a Parquet file")
    lie = raw[:-8] + struct.pack("<I", 2**31 - 1) + b"PAR1"
    yield other("parquet with a lying footer", P, put(P, lie), P, "not a Parquet file")
    rng = random.Random(2)
    for i in range(40):
        broken = bytearray(raw)
        for _ in range(rng.randint(1, 8)):
            broken[rng.randrange(len(raw))] = rng.randrange(256)
        make = both(files(experiment__yaml=ALONE.replace(L, P)), put(P, bytes(broken)))
        yield Case(f"parquet mutant {i}", make, READ, None)
    yield parquet(
        "parquet bomb",
        lambda: pa.table({n: pa.repeat(v[0], 3_000_000) for n, v in columns().items()}),
        P,
        "rows",
    )


def schedules() -> Iterator[Case]:
    """Schedules in tables."""
    S = "schedule.csv"

    def scheduled(name: str, text: str | bytes, *tells: str, **more: bytes) -> Case:
        return Case(name, files(experiment__yaml=SCHEDULED, schedule__csv=text), VALIDATE, tells)

    yield scheduled("a schedule", SCHEDULE)
    yield scheduled("a schedule with CRLF", SCHEDULE.replace("\n", "\r\n"))
    yield scheduled("a schedule that is empty", "", S, "an empty file")
    yield scheduled("a schedule of a header", SCHEDULE.splitlines()[0], S, "only a header")
    yield scheduled("a schedule of one action", SCHEDULE.replace(",p_right", ",x"), S, "p_")
    yield scheduled("a schedule without names", SCHEDULE.replace("p_left,p_right", "p_,p_"), S)
    yield scheduled("a schedule of UTF-16", SCHEDULE.encode("utf-16"), S, "UTF-16")
    yield scheduled("a schedule with a NUL", SCHEDULE.replace("A", "\0"), S)
    yield scheduled("a schedule with semicolons", SCHEDULE.replace(",", ";"), S, "semicolons")
    yield scheduled("a schedule with commas", SCHEDULE.replace("0.8", '"0,8"'), f"{S}:2:p_left")
    rows = "".join(f"{'a' * 50}{i},1,A,0.8,0.2\n" for i in range(1_300))
    whole = SCHEDULED.replace("trials: 30", "trials: 1330")
    make = files(experiment__yaml=whole, schedule__csv=SCHEDULE + rows)
    yield Case("a schedule too long for a job", make, VALIDATE, (f"{E}:6:", "bytes"))
    for number in ("1e400", "nan", "-1", "9" * 400, "2024-01-01", "", "1.5", "0"):
        yield scheduled(f"{number[:9]!r} trials", SCHEDULE.replace(",20,", f",{number},"), f"{S}:2")
    for number in ("1e400", "nan", "-1", "1.5", "9" * 400, "2024-01-01", "", "x"):
        yield scheduled(f"a chance of {number[:9]!r}", SCHEDULE.replace("0.8", number, 1), f"{S}:2")
    yield scheduled("a schedule of a billion", SCHEDULE.replace(",20,", f",{10**15},"), "trials")
    for name in NAMES[::2]:
        cell = '"' + name.replace('"', '""') + '"'
        text = SCHEDULE.replace("early", cell).replace("p_left", f'"p_{cell[1:]}')
        make = files(experiment__yaml=SCHEDULED, schedule__csv=text)
        yield Case(f"a phase called {name[:24]!r} ({len(name)})", make, VALIDATE, None)
    pipe: Make = lambda f: os.mkfifo(f / S)
    alone = files(experiment__yaml=SCHEDULED)
    yield Case("a schedule that is a pipe", both(alone, pipe), VALIDATE, (S, "a pipe"))
    yield Case("a schedule that is missing", alone, VALIDATE, (S, "no such file"))
    device = both(alone, link(S, "/dev/zero"))
    yield Case("a schedule that is a device", device, VALIDATE, (S, "a device"))


def clinical() -> Iterator[Case]:
    """Tables of conditions."""

    def given(name: str, text: str | bytes, *tells: str) -> Case:
        return Case(name, files(conditions__yaml=text), CONDITION, tells)

    def row(name: str, old: str, new: str, *tells: str) -> Case:
        assert old in CONDITIONS, f"{name}: {old!r}"
        return given(name, CONDITIONS.replace(old, new, 1), *(tells or (C,)))

    yield given("conditions", CONDITIONS, "no condition called 'no_such_row'")
    yield given("conditions with BOM", b"\xef\xbb\xbf" + CONDITIONS.encode(), "no_such_row")
    yield given("conditions that are empty", "", C)
    yield given("conditions of UTF-16", CONDITIONS.encode("utf-16"), C)
    yield given("conditions of laughs", _laughs(), C, "20000 values")
    yield given("conditions in themselves", "a: &a {b: *a}\n", C)
    yield given("conditions without end", "a: " + "[" * 30_000, C)
    yield given("conditions as a list", "- a\n", C)
    yield given("conditions of nothing", "{}\n", "no_such_row")
    yield row("a row of nothing", CONDITIONS[6:], "", C, "half")
    yield row("a row twice", "half:", CONDITIONS + "half:", C, "again")
    yield row("conditions by command", "half:", '"$(touch canary)":', C, "small letters")
    yield row("conditions above", "half:", '"../up":', C, "small letters")
    yield row("a condition with a long name", "half:", f"{'a' * 300}:", C, "small letters")
    yield row("conditions with braces", "half:", '"{condition}":', C)
    for number in ("-1", "0", "1.5", ".nan", "'1'", "true", "~", "[]", "9" * 5000):
        yield row(
            f"a condition of number {number[:9]}", "number: 1", f"number: {number}", C, "number"
        )
    for end in (".nan", ".inf", "-.inf", "1e400", "x", "[]", "true", "~", "99"):
        yield row(f"a band from {end}", "low: 0.95", f"low: {end}", f"{C}:13", "low")
    yield row("an unknown assay", "striatum", "striatu", C, "'striatum'?")
    yield row("an assay above", "striatum", "../striatum", C)
    yield row("an assay by dunder", "striatum", "_base", C)
    yield row("an unknown setting", "survivors", "survivor", C, "'survivors'?")
    yield row("an unknown outcome", "tonic:", "tonik:", C, "'tonic'?")
    yield row("an unknown sign", "sign: same", "sign: sideways", C, "up, down")
    yield row("no comparison", "compare:\n    - assay: striatum\n", "compare: []\n    #", C)
    yield row("evidence of nothing", "[A, D]", "[]", C, "evidence")
    yield row("evidence of E", "[A, D]", "[E]", C, "evidence")
    for value in ("two", "[1]", "{a: 1}", ".nan", ".inf", "~", "true", "9" * 400, "'0.5'"):
        make = files(conditions__yaml=CONDITIONS.replace("survivors: 0.5", f"survivors: {value}"))
        door = ("conditions", "-t", C, "-n", "2", "half")
        yield Case(f"survivors {value[:9]}", make, door, ("half", "survivors"))
    make = files(experiment__yaml=CLINICAL, conditions__yaml=CONDITIONS)
    yield Case("an experiment with conditions", make, VALIDATE)
    for name, text in (("a list", "- a\n"), ("nothing", ""), ("a word", "hello")):
        make = files(experiment__yaml=CLINICAL, conditions__yaml=text)
        yield Case(f"an experiment with conditions of {name}", make, VALIDATE, (C,))
    pipe: Make = lambda f: os.mkfifo(f / C)
    yield Case("conditions that are a pipe", pipe, CONDITION, (C, "a pipe"))
    alone = files(experiment__yaml=CLINICAL)
    yield Case("an experiment with a pipe", both(alone, pipe), VALIDATE, (C, "a pipe"))
    nul = files(experiment__yaml=CLINICAL.replace(C, '"a\\0b"'))
    yield Case("conditions with a NUL in their name", nul, VALIDATE, (E, "conditions"))


def escapes() -> Iterator[Case]:
    """Results that lead elsewhere."""
    sound = files(experiment__yaml=ALONE, lab__csv=TABLE)

    def leads(*links: tuple[str, str]) -> Make:
        def make(folder: Path) -> None:
            (folder / "elsewhere").mkdir()
            for name, to in links:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).symlink_to(to)

        return both(sound, make)

    inside = leads(("results/lab", "../elsewhere"))
    yield Case("a folder of results that leads out", inside, READ, ("results/lab", "a link"))
    deeper = leads(("results/lab/data", "../../elsewhere"))
    yield Case("a deeper one", deeper, READ, ("results/lab/data", "a link"))
    absolute = leads(("results/lab", "/dev/shm"))
    yield Case("an absolute one", absolute, READ, ("results/lab", "a link"))
    file = leads(("results/lab/data/sessions.parquet", "../../../elsewhere/x"))
    yield Case("a file of results that leads out", file, READ)
    loop = leads(("results/lab", "lab"))
    yield Case("results in a loop", loop, READ, ("results/lab",))
    dead = leads(("results", "nowhere"))
    yield Case("results that lead nowhere", dead, READ, ("results",))
    taken = both(sound, put("results", b""))
    yield Case("results that are a file", taken, READ, ("results", "a file"))
    blocked: Make = both(sound, lambda f: (f / "results").mkdir(), put("results/lab", b""))
    yield Case("a file where a folder belongs", blocked, READ, ("lab", "cannot be written"))
    long = ("read", "-c", E, "-d", "lab", "-r", "r" * 300)
    yield Case("results with a long name", sound, long, ("r" * 99,))
    nul = ("read", "-c", E, "-d", "lab", "-r", "a\0b")
    yield Case("results with a NUL", sound, nul, ("--results",))
    for name in ("$(touch canary)", "a b", "{x}", "ü;'\""):
        yield Case(f"results called {name}", sound, ("read", "-c", E, "-d", "lab", "-r", name))


def batches() -> Iterator[Case]:
    """Batches of sessions that have no end, no sense or no shape."""

    def batch(name: str, old: str, new: str, *tells: str) -> Case:
        assert old in BATCHED, f"{name}: {old!r}"
        text = BATCHED.replace(old, new, 1)
        make = files(experiment__yaml=text)
        return Case(f"batch: {name}", make, VALIDATE, (E, "batch", *tells) if tells else None)

    sound = files(experiment__yaml=BATCHED)
    yield Case("a batch", sound, VALIDATE)
    yield Case("a batch asked for its size", sound, ("batch", "-c", E))
    yield Case("a batch that is not there", sound, ("batch", "dya", "-c", E), ("'day'?",))
    for part in ("0/2", "3/2", "x", "1", "1/0", "-1/2", "1e9/2", ""):
        door = ("batch", "day", "-c", E, "-p", part)
        yield Case(f"batch: the part {part!r}", sound, door, ("--part",))
    yield batch("a trillion replicates", "replicates: 2", f"replicates: {10**12}", "10,000,000")
    yield batch("a trillion draws", "draws: 3", f"draws: {10**12}", "10,000,000")
    yield batch("a trillion trials", "trials: 9", f"trials: {10**12}", "trials")
    yield batch("a trillion at once", "chunk: 64", f"chunk: {10**12}")
    yield batch("a trillion jobs", "chunk: 64", f"jobs: {10**12}")
    yield batch("a trillion bins", "[0, 1, 20]", f"[0, 1, {10**12}]", "1000")
    yield batch("bins upside down", "[0, 1, 20]", "[1, 0, 20]", "lowest")
    yield batch("bins without width", "[0, 1, 20]", "[1, 1, 20]", "lowest")
    yield batch("bins without end", "[0, 1, 20]", "[0, .inf, 20]", "better")
    yield batch("bins too few", "[0, 1, 20]", "[0, 1]", "better")
    yield batch("a measure by command", "better:", '"$(touch canary)":', "no measure")
    yield batch("rows of nothing", "chunk: 64", "rows: ../up", "'cell'")
    yield batch("a range upside down", "low: 0.5, high: 20", "low: 20, high: 0.5", "low below")
    yield batch("a range without width", "low: 0.5, high: 20", "low: 2, high: 2", "low below")
    yield batch("half a range", "low: 0.5, ", "", "neither values nor a range")
    yield batch("a range below nothing", "low: 0.5", "low: -1", "low below")
    yield batch("a log of nothing", "low: 0.5", "low: 0", "above 0")
    yield batch("a range of text", "low: 0.5", "low: x", "low")
    yield batch("a range beside values", "low: 0.5", "values: [1], low: 0.5", "either")
    yield batch("a range without end", "high: 20", "high: .inf", "high")
    yield batch("a dose beyond", "[0.5, 0.9]", "[0.5, 9]", "a dose from 0 to 1")
    yield batch("a dose that is none", "[0.5, 0.9]", "[0.5, .nan]", "snc_loss")
    yield batch("a dose twice", "[0.5, 0.9]", "[0.5, 0.5]", "again")
    yield batch("no doses", "[0.5, 0.9]", "[]", "neither values nor a range")
    yield batch("doses in doses", "[0.5, 0.9]", "[[0.5], [0.9]]", "snc_loss")
    yield batch("doses of two signs", "[0.5, 0.9]", "[-0.0, 0.0]", "again")
    many = ", ".join(str(i / 30_000) for i in range(8_000))
    yield batch("thousands of doses", "[0.5, 0.9]", f"[{many}]", "bytes")
    yield batch("thousands of equal doses", "[0.5, 0.9]", f"[{'0.5, ' * 2_000}]", "again")
    yield batch("a lesion by dunder", "snc_loss", "__class__", "no lesion")
    yield batch("a lesion twice", "tonic: -0.1", "snc_loss: 0.1", "doses already")
    yield batch("intact below", "tonic: -0.1", "intact: 0", "'intact'")
    yield batch("a model that is not there", "models: [opal]", "models: [opel]", "'opal'")
    yield batch("a model twice", "models: [opal]", "models: [opal, opal]", "again")
    yield batch("no model", "models: [opal]", "models: []", "models")
    yield batch("no tasks", "{easy: bandit, other", "{} #", "tasks")
    yield batch("a task of a number", "easy: bandit", "easy: 3", "easy")
    yield batch("a task above", "easy: bandit", "easy: ../bandit", "no task")
    yield batch("a chance above one", "[0.6, 0.4]", "[0.6, 4]", "settings.p")
    yield batch("two names that differ in case", "other:", "EASY:")
    yield batch("a schedule of nothing", "doses: [0]", "doses: []", "no dose")
    yield batch(
        "a schedule of an unknown drug", "drug: levodopa, d", "drug: levodop, d", "levodopa"
    )
    yield batch("a schedule without times", ", at: [30, 60]", "", "at")
    yield batch("a schedule without a drug", "drug: levodopa, d", "d", "drug")
    yield batch("times twice", "at: [30, 60]", "at: [30, 30]", "again")
    yield batch("times before all", "at: [30, 60]", "at: [-1e300, 60]")
    yield batch("a milligram below nothing", "[[0, 100]]", "[[0, -1]]", "mg")
    yield batch("a pill of nothing", "[[0, 100]]", "[[0]]", "taken")
    yield batch("pills without end", "[[0, 100]]", "[[0, .inf]]", "taken")
    yield batch("a mountain of pills", "[[0, 100]]", "[[0, 1e300]]")
    yield batch("a response of nobody", "fluctuating", "instant", "'stable'")
    yield batch("draws of nothing", "{beta: {low: 0.5, high: 20, spacing: log}}", "{}", "draws")
    yield batch("a parameter of nobody", "beta:", "bete:", "'beta'")
    yield batch("a parameter that is a dose", "{beta:", "{dose:", "lesion")
    yield batch("a parameter tied to itself", "{beta:", "{beta=beta:", "second time")
    yield batch("a parameter tied to nothing", "{beta:", '{"beta=":', "beta=")
    keys = ("models", "tasks", "lesions", "background", "schedules", "parameters")
    for k, key in enumerate(keys):
        for value in ("3", "text", "true", "[[]]", "[{a: 1}]", "{a: {b: c}}", "~")[k % 2 :: 2]:
            line = next(x for x in BATCHED.splitlines() if x.startswith(f"    {key}:"))
            text = BATCHED.replace(line, f"    {key}: {value}", 1)
            if key == "schedules":
                text = re.sub(r"      (none_taken|taken):.*\n", "", text)
            make = files(experiment__yaml=text)
            yield Case(f"batch: {key}: {value}", make, VALIDATE, None)
    for value in ("3", "text", "true", "[]", "{}", "[[]]", "''"):
        head = BATCHED.split("batch:")[0]
        make = files(experiment__yaml=f"{head}batch: {value}\n")
        yield Case(f"batch: {value}", make, VALIDATE, (E,))
        make = files(experiment__yaml=f"{head}batch:\n  day: {value}\n")
        yield Case(f"batch: day: {value}", make, VALIDATE, (E, "batch.day"))
    for name in NAMES[::8]:
        text = BATCHED.replace("  day:\n", f"  {_spelt(name)}:\n", 1)
        yield Case(
            f"a batch called {name[:24]!r} ({len(name)})",
            files(experiment__yaml=text),
            VALIDATE,
            None,
        )
    for name in NAMES[1::8]:
        text = BATCHED.replace("other:", f"{_spelt(name)}:", 1)
        yield Case(
            f"a task of a batch called {name[:24]!r} ({len(name)})",
            files(experiment__yaml=text),
            VALIDATE,
            None,
        )


# ---- Mutants ---------------------------------------------------------------------------------

_TOKENS = (
    *("", " ", "\t", "\n", "\r\n", "\0", ":", ": ", ",", ";", "-", "- ", "#", "&a", "*a", "<<"),
    *("[", "]", "{", "}", '"', "'", "|", ">", "!", "!!str ", "%", "@", "`", "?", "~", "null"),
    *(
        "true",
        "no",
        "nan",
        ".nan",
        "inf",
        "1e999",
        "-1",
        "0",
        "1.5",
        "0x10",
        "99999999999999999999",
    ),
    *(
        "2024-01-01",
        "1,5",
        "ä",
        "\ufeff",
        "\u2028",
        "\ud7ff",
        "😀",
        "$(touch canary)",
        "../..",
        "{x}",
    ),
)


def mutated(text: str, rng: random.Random) -> str:
    """`text` after one to four edits of characters, words and lines."""
    for _ in range(rng.randint(1, 4)):
        lines = text.splitlines(keepends=True) or [""]
        i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
        words = list(re.finditer(r"\w+|[^\w\s]", text)) or [re.match("", text)]
        word, again = rng.choice(words), rng.choice(words)
        at = rng.randrange(len(text) + 1)
        swap = lambda m, new, text=text: text[: m.start()] + new + text[m.end() :]
        edit = rng.randrange(9)
        if edit == 0:
            text = "".join(lines[:i] + lines[i + 1 :])
        elif edit == 1:
            text = "".join([*lines[: i + 1], lines[j], *lines[i + 1 :]])
        elif edit == 2:
            lines[i], lines[j] = lines[j], lines[i]
            text = "".join(lines)
        elif edit == 3:
            text = swap(word, rng.choice(_TOKENS))
        elif edit == 4:
            text = swap(word, again.group())
        elif edit == 5:
            text = text[:at] + rng.choice(_TOKENS) + text[at:]
        elif edit == 6:
            text = text[:at] + text[at + rng.randint(1, 5) :]
        elif edit == 7:
            lines[i] = " " * rng.randint(0, 6) + lines[i].lstrip(" ")
            text = "".join(lines)
        else:
            text = swap(word, word.group() * rng.choice((2, 40)))
    return text


def mutants(each: int = 12) -> Iterator[Case]:
    """Sound inputs with a few edits; whatever comes of them, it is said in words."""
    for kind, text, put_, door in (
        ("config", EXPERIMENT, lambda t: files(experiment__yaml=t, lab__csv=TABLE), VALIDATE),
        ("table", TABLE, lambda t: files(experiment__yaml=ALONE, lab__csv=t), READ),
        (
            "schedule",
            SCHEDULE,
            lambda t: files(experiment__yaml=SCHEDULED, schedule__csv=t),
            VALIDATE,
        ),
        ("conditions", CONDITIONS, lambda t: files(conditions__yaml=t), CONDITION),
        ("batch", BATCHED, lambda t: files(experiment__yaml=t), VALIDATE),
    ):
        for i in range(each):
            changed = mutated(text, random.Random(f"{kind} {i}"))
            yield Case(f"{kind} mutant {i}", put_(changed), door, None)


def corpus() -> list[Case]:
    """All of it."""
    parts = (
        encodings(),
        yaml_traps(),
        numbers(),
        names(),
        shapes(),
        missing_files(),
        table_files(),
        text_tables(),
        units(),
        parquets(),
        schedules(),
        clinical(),
        escapes(),
        batches(),
        mutants(),
    )
    return [case for part in parts for case in part]
