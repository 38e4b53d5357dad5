"""Whatever is wrong with an input is told at once: where, what was found, what would be right.

A case edits a sound experiment or table. In an experiment § stands before each place that a
problem must point at; in a table a problem is given as (row, column, found, right).
"""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from jaxda import catalog, config, stages
from jaxda._marked import dotted
from jaxda.data import reader
from jaxda.errors import InputError, Problem


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
  td: {model: td_lambda}
scenarios:
  loss:
    task: {name: pst, settings: {blocks: 2}}
    lesion: snc_loss
    doses: [0, 0.3]
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
    candidates: [q]
figures:
  curves: [loss]
"""

TABLE = """\
who,n,pair,pick,won,rt
a,1,AB,0,1,0.61
a,2,CD,1,0,0.55
a,3,AB,,1,
a,4,CD,1,1,0.72
b,1,AB,0,0,0.48
b,2,CD,0,1,0.93
b,3,AB,1,0,0.66
b,4,CD,1,1,0.57
"""


class Case(NamedTuple):
    """Replacements in the experiment, and (found, right) at each §."""

    name: str
    edits: list[tuple[str, str]]
    problems: list[tuple[str, str]]


class TableCase(NamedTuple):
    """Replacements in the table and in the experiment, and (row, column, found, right)."""

    name: str
    edits: list[tuple[str, str]]
    problems: list[tuple[int | None, str, str, str]]
    experiment: tuple[tuple[str, str], ...] = ()


LOSS_SOURCES = "sources: [opal]"
CASES = [
    # What is not a mapping of the right shape.
    Case("empty file", [(EXPERIMENT, "§")], [("an empty file", "title")]),
    Case("only comments", [(EXPERIMENT, "§# nothing\n")], [("an empty file", "title")]),
    Case("a list", [(EXPERIMENT, "§- title\n- seed\n")], [("['title', 'seed']", "keys")]),
    Case("tab", [("\n    model: opal", "\n§\tmodel: opal")], [("'\\t'", "spaces")]),
    Case("unclosed", [("figures:", "x: [1, 2\nfigures§:")], [("':'", "flow sequence")]),
    Case("two documents", [("models:", "§---\nmodels:")], [("a second document", "one document")]),
    Case(
        "key twice", [("seed: 1", "seed: 1\n§seed: 2")], [("'seed' again, after line 2", "2 and 3")]
    ),
    Case(
        "tagged", [("seed: 1", "seed: §!!python/name:os.sys 1")], [("python/name", "plain value")]
    ),
    Case("unknown alias", [("seed: 1", "seed: §*one")], [("undefined alias", "")]),
    # Keys and values.
    Case(
        "unknown key", [("seed: 1", "seed: 1\n§titel: x")], [("no key called 'titel'", "'title'?")]
    ),
    Case("nested key", [("subjects: 5", "subjects: 5\n    §dose: [0]")], [("'dose'", "'doses'?")]),
    Case(
        "no seed",
        [("title: A sound experiment\nseed: 1", "§title: x")],
        [("seed: missing", "from 0")],
    ),
    Case("seed below 0", [("seed: 1", "seed: §-1")], [("-1", "an integer from 0")]),
    Case("seed in words", [("seed: 1", "seed: §one")], [("'one'", "an integer from 0")]),
    Case("half a subject", [("subjects: 5", "subjects: §2.5")], [("2.5", "an integer from 1")]),
    Case(
        "no trials",
        [("    trials: 120\n", ""), ("  loss:", "  §loss:")],
        [("trials: missing", "from 1")],
    ),
    Case("yes", [("recover_dose: true", "recover_dose: §yes")], [("'yes'", "true")]),
    Case("precision", [("seed: 1", "seed: 1\nprecision: §16")], [("16", "64 or 32")]),
    Case("solver", [("fisher", "§fihser")], [("no solver called 'fihser'", "'fisher'?")]),
    Case("restarts", [("restarts: 2", "restarts: §0")], [("0", "from 1")]),
    Case("tolerance", [("restarts: 2", "tolerance: §-1e-5")], [("-1e-05", "above 0")]),
    Case(
        "text for a list", [("[perseveration]", "§perseveration")], [("'perseveration'", "a list")]
    ),
    Case("infinite dose", [("[0, 0.3]", "[0, §.inf]")], [("inf", "finite dose")]),
    # Names of components.
    Case(
        "model", [("q_learning", "§q_lerning")], [("no model called 'q_lerning'", "'q_learning'?")]
    ),
    Case("habit", [("[perseveration]", "[§perseverance]")], [("no habit", "'perseveration'?")]),
    Case("task", [("name: pst", "name: §pts")], [("no task called 'pts'", "'pst'?")]),
    Case("lesion", [("snc_loss", "§snc_los")], [("no lesion called 'snc_los'", "'snc_loss'?")]),
    Case("figure", [("curves:", "§curve:")], [("no figure called 'curve'", "'curves'?")]),
    Case("source", [(LOSS_SOURCES, "sources: [§opla]")], [("no model called 'opla'", "'opal'?")]),
    Case("candidate", [("[q, opal]", "[q, §opla]")], [("no model called 'opla'", "'opal'?")]),
    Case(
        "analysis",
        [("figures:", "analyses: {§selektion: [loss]}\nfigures:")],
        [("no analysis called 'selektion'", "'selection'?")],
    ),
    Case(
        "analysis of nothing",
        [("figures:", "analyses: {selection: [§los]}\nfigures:")],
        [("called 'los'", "'loss'?")],
    ),
    Case(
        "simulation of data",
        [("figures:", "analyses: {power: [§lab]}\nfigures:")],
        [("the data set 'lab', and power simulates", "a scenario")],
    ),
    Case(
        "setting of an analysis",
        [
            (
                "figures:",
                "analyses: {selection: {of: [loss], settings: {criterion: §bik}}}\nfigures:",
            )
        ],
        [("'bik'", "'bic'?")],
    ),
    Case("figure of nothing", [("[loss]", "[§los]")], [("called 'los'", "'loss'?")]),
    Case("name", [("  td:", "  §t-d:")], [("the name 't-d'", "letters, digits")]),
    Case("name of a folder", [("  td:", "  §logs:")], [("the name 'logs'", "another name")]),
    Case(
        "one name for two",
        [("  lab:", "  §Loss:")],
        [("the name of scenarios.loss", "whatever the case")],
    ),
    # Parameters.
    Case(
        "parameter",
        [("{alpha_c: 0.2}", "{§alpha: 0.2}")],
        [("no parameter called 'alpha'", "'alpha_")],
    ),
    Case("free", [("alpha_neg, beta]", "alpha_neg, §betta]")], [("'betta'", "'beta'?")]),
    Case("free twice", [("beta]", "beta, §alpha_neg]")], [("'alpha_neg' a second time", "once")]),
    Case(
        "tie",
        [("[alpha_pos=alpha_neg", "[§alpha_pos=q0")],
        [("between 0 and 1 with any", "one domain")],
    ),
    Case(
        "free dose", [("alpha_neg, beta]", "alpha_neg, beta, §dose]")], [("'dose'", "recover_dose")]
    ),
    Case("outside", [("alpha_c: 0.2", "alpha_c: §1.5")], [("1.5", "between 0 and 1")]),
    Case("at an end", [("alpha_c: 0.2", "alpha_c: §1")], [("1.0, an end", "not free")]),
    Case("bounds outside", [("[0, 20]", "§[-1, 20]")], [("[-1.0, 20.0]", "above 0")]),
    Case("bounds upside down", [("[0, 20]", "§[20, 0]")], [("[20.0, 0.0]", "lowest first")]),
    Case(
        "bounds of fixed", [("{beta: [0, 20]}", "{§q0: [0, 1]}")], [("no free parameter", "beta")]
    ),
    Case(
        "bounds of half a tie",
        [("{beta: [0, 20]}", "{§alpha_neg: [0, .5]}")],
        [("'alpha_neg'", "'alpha_pos=alpha_neg'?")],
    ),
    Case("population", [("[4.0, 0.4]", "[§-4.0, 0.4]")], [("-4.0", "between 0 and 20")]),
    Case("spread", [("[4.0, 0.4]", "[4.0, §-0.4]")], [("-0.4", "spread from 0")]),
    Case(
        "confounded",
        [("    values: {alpha_c: 0.2}", "    free: §[beta, gain_go, gain_nogo]")],
        [("beta, gain_go, gain_nogo are all free", "only the products beta * gain")],
    ),
    Case(
        "nothing free",
        [("values: {alpha_c: 0.2}", "free: []"), ("[q, opal]", "[q, §opal]")],
        [("nothing is free", "models.opal.free")],
    ),
    Case(
        "setting", [("{critic: item}", "{§critics: item}")], [("no setting 'critics'", "'critic'?")]
    ),
    Case("kind of setting", [("blocks: 2", "blocks: §two")], [("'two'", "an integer")]),
    Case(
        "number without end",
        [("pst, settings: {blocks: 2", "bandit, settings: {p: §[1" + 400 * "0" + "]")],
        [("[1000", "a list of numbers")],
    ),
    Case(
        "texts for numbers",
        [("pst, settings: {blocks: 2", "bandit, settings: {p: §[a, b], outcomes: §[[1]]")],
        [("['a', 'b']", "a list of numbers"), ("[[1]]", "a list of numbers")],
    ),
    Case(
        "list that is empty by default",
        [("{model: td_lambda}", "{model: expectile, settings: {taus: §[a, .5]}}")],
        [("['a', 0.5]", "a list of numbers")],
    ),
    Case(
        "mapping for a name",
        [("pst, settings: {blocks: 2", "schedule, settings: {actions: §[{a: 1}, b]")],
        [("[{a: 1}, 'b']", "a list of texts")],
    ),
    # One mistake in a part hides none beside it.
    Case(
        "values beside nan",
        [("{alpha_c: 0.2}", "{alpha_c: §.nan, §alpha: 1, alpha_g: §4}")],
        [
            ("nan", "a number between 0 and 1"),
            ("no parameter called 'alpha'", "'alpha_"),
            ("4.0", "a number between 0 and 1"),
        ],
    ),
    Case(
        "bounds around a value that is wrong",
        [
            (
                "    bounds: {beta: [0, 20]}",
                "    values: {beta: §.inf}\n    bounds: {beta: [5, 20]}",
            ),
            ("    population: {beta: [4.0, 0.4]}\n", ""),
        ],
        [("inf", "a number above 0")],
    ),
    Case(
        "bounds beside a number",
        [("{beta: [0, 20]}", "{beta: §3, §q0: [0, 1]}")],
        [("3", "[lowest, highest]"), ("no free parameter called 'q0'", "beta")],
    ),
    Case(
        "populations beside a number",
        [("{beta: [4.0, 0.4]}", "{beta: §3, §q0: [0, 1]}")],
        [("3", "[median, spread]"), ("no free parameter called 'q0'", "beta")],
    ),
    Case(
        "setting beside a key",
        [("pst, settings: {blocks", "pst, §setings: {}, settings: {§block")],
        [("no key called 'setings'", "'settings'?"), ("no setting 'block'", "'blocks'?")],
    ),
    Case(
        "column beside a key",
        [("trial: n", "trial: §who, §sesion: day")],
        [("'who', the column of subject", "another"), ("called 'sesion'", "'session'?")],
    ),
    Case(
        "figures beside an empty list",
        [("curves: [loss]", "curves: §[]\n  §curvs: [§los]")],
        [("[]", "at least one"), ("no figure called 'curvs'", "'curves'?"), ("'los'", "'loss'?")],
    ),
    Case(
        "bounds without the value",
        [("    population: {beta: [4.0, 0.4]}\n", ""), ("[0, 20]", "§[5, 20]")],
        [("without the value of beta, 3", "values.beta")],
    ),
    Case(
        "spread around an end",
        [("alpha_pos=alpha_neg, beta]", "forget, beta]"), (LOSS_SOURCES, "sources: [§q]")],
        [("forget varies around an end", "forget: [median, spread]")],
    ),
    # What does not fit together.
    Case("dose", [("[0, 0.3]", "[0, §1.3]")], [("1.3", "from 0 to 1")]),
    Case("dose twice", [("[0, 0.3]", "[0, 0.3, §0.3]")], [("0.3 again", "once")]),
    Case(
        "no target",
        [("snc_loss", "d1_blockade"), (LOSS_SOURCES, "sources: [§q]")],
        [("'q' has nothing that d1_blockade acts on", "another lesion")],
    ),
    Case(
        "background",
        [("    doses: [0", "    background: {§tonik: 0.1, d1_blockade: §1.5}\n    doses: [0")],
        [("no lesion called 'tonik'", "'tonic'"), ("1.5", "from 0 to 1")],
    ),
    Case(
        "background as text",
        [("    doses: [0", "    background: {tonic: §low}\n    doses: [0")],
        [("'low'", "a dose from")],
    ),
    Case(
        "background of the same kind",
        [("    doses: [0", "    background: {§snc_loss: 0.5}\n    doses: [0")],
        [("'snc_loss', the lesion that has doses", "stands in doses")],
    ),
    Case(
        "background of nothing",
        [("    doses: [0", "    background: {§intact: 0}\n    doses: [0")],
        [("no lesion", "another lesion")],
    ),
    Case(
        "background alone",
        [
            ("lesion: snc_loss\n", "§background: {tonic: -0.5}\n"),
            ("    recover_dose: true\n", ""),
        ],
        [("a background without a lesion", "the lesion of the scenario")],
    ),
    Case(
        "background without a target",
        [
            ("    doses: [0", "    background: {d1_blockade: 0.5}\n    doses: [0"),
            (LOSS_SOURCES, "sources: [§q]"),
        ],
        [("'q' has nothing that d1_blockade acts on", "another lesion")],
    ),
    Case(
        "kind of task",
        [(LOSS_SOURCES, "sources: [§td]")],
        [("cannot do a choice task", "pavlovian")],
    ),
    Case(
        "kind of data",
        [("    candidates: [q]", "    candidates: [§td]")],
        [("cannot do a choice task", "pavlovian")],
    ),
    Case(
        "dose of nothing",
        [("snc_loss", "intact"), ("dose: true", "dose: §true")],
        [("without a lesion", "false")],
    ),
    Case(
        "dose 0",
        [("[0, 0.3]", "[0]"), ("dose: true", "dose: §true")],
        [("without a dose", "other than 0")],
    ),
    Case(
        "no candidates",
        [("candidates: [q, opal]", "candidates: []"), ("curves: [loss]", "recovered: [§loss]")],
        [("no candidates", "scenarios.loss.candidates")],
    ),
    Case(
        "recovery of data",
        [("curves: [loss]", "recovered: [§lab]")],
        [("'lab', which has no recovery", "a scenario")],
    ),
    Case(
        "choice base",
        [("    choice_base: 0\n", ""), ("  lab:", "  §lab:")],
        [("choice_base: missing", "0 or 1")],
    ),
    Case(
        "latency unit",
        [("    latency_unit: s\n", ""), ("  lab:", "  §lab:")],
        [("latency_unit: missing", "'s' or 'ms'")],
    ),
    Case(
        "column twice", [("trial: n", "trial: §who")], [("'who', the column of subject", "another")]
    ),
    Case("items", [("AB: [0, 1]", "AB: §[0]")], [("[0]", "one item for each of 2 actions")]),
    Case(
        "kind of table",
        [
            ("    path: lab.csv", "    path: lab.csv\n    task: §two_stage"),
            ("    candidates: [q]", "    candidates: []"),
        ],
        [("'two_stage'", "'choice'")],
    ),
    Case(
        "nothing to do",
        [(EXPERIMENT[EXPERIMENT.index("scenarios:") :], ""), ("title", "§title")],
        [("neither scenarios nor datasets", "at least one")],
    ),
]
# Cases that can stand in one file.
INDEPENDENT = (
    "unknown key",
    "solver",
    "bounds outside",
    "habit",
    "nested key",
    "dose",
    "half a subject",
    "latency unit",
    "column twice",
    "figure of nothing",
)

TABLE_CASES = [
    TableCase("column", [("pick", "pcik")], [(1, "", "no column 'pick'", "'pcik'?")]),
    TableCase(
        "column twice",
        [("pair,", "who,")],
        [(1, "", "2 columns called 'who'", "once"), (1, "", "no column 'pair'", "")],
    ),
    TableCase(
        "header only",
        [(TABLE[TABLE.index("a,1") :], "")],
        [(1, "", "only a header", "one row for each trial")],
    ),
    TableCase("empty", [(TABLE, "")], [(1, "", "an empty file", "a header")]),
    TableCase("semicolons", [(",", ";")], [(1, "", "semicolons", "commas")]),
    TableCase(
        "short row",
        [("a,2,CD,1,0,0.55", "a,2,CD,1,0")],
        [(3, "", "5 cells", "6, as in the header")],
    ),
    TableCase(
        "long row",
        [("a,2,CD,1,0,0.55", "a,2,CD,1,0,0,55")],
        [(3, "", "7 cells", "6, as in the header")],
    ),
    TableCase("quote", [("a,2,", 'a,"2,')], [(3, "", "unexpected end of data", "quotes")]),
    TableCase("choice", [("a,2,CD,1", "a,2,CD,2")], [(3, "pick", "2", "0 or 1")]),
    TableCase(
        "1-based",
        [
            (",1,0,0.55", ",2,0,0.55"),
            (",0,1,0.61", ",1,1,0.61"),
            (",0,0,0.48", ",1,0,0.48"),
            (",0,1,0.93", ",1,1,0.93"),
        ],
        [(3, "pick", "all choices lie in 1..2: are they 1-based?", "choice_base: 1")],
    ),
    TableCase(
        "0-based",
        [],
        [(2, "pick", "all choices lie in 0..1: are they 0-based?", "choice_base: 0")],
        (("choice_base: 0", "choice_base: 1"),),
    ),
    TableCase("choice in words", [("a,2,CD,1", "a,2,CD,left")], [(3, "pick", "'left'", "0 or 1")]),
    TableCase("half a choice", [("a,2,CD,1", "a,2,CD,0.5")], [(3, "pick", "'0.5'", "0 or 1")]),
    TableCase(
        "reward missing",
        [("a,2,CD,1,0", "a,2,CD,1,NA")],
        [(3, "won", "a choice without a reward", "no_feedback: true")],
    ),
    TableCase(
        "nan",
        [("a,2,CD,1,0", "a,2,CD,1,nan")],
        [(3, "won", "'nan'", "a finite number")],
        (("    choice_base", "    missing: ['']\n    choice_base"),),
    ),
    TableCase(
        "infinite reward",
        [("a,2,CD,1,0", "a,2,CD,1,inf")],
        [(3, "won", "'inf'", "a finite number")],
    ),
    TableCase(
        "huge reward",
        [("a,2,CD,1,0", "a,2,CD,1,1e999")],
        [(3, "won", "'1e999'", "a finite number")],
    ),
    TableCase(
        "reward in words",
        [("a,2,CD,1,0", "a,2,CD,1,win")],
        [(3, "won", "'win'", "a finite number")],
    ),
    TableCase("decimal comma", [("a,2,CD,1,0", 'a,2,CD,1,"0,5"')], [(3, "won", "'0,5'", "'0.5'")]),
    TableCase("trial", [("a,2,", "a,two,")], [(3, "n", "'two'", "an integer")]),
    TableCase("no trial", [("a,2,", "a,,")], [(3, "n", "nothing", "an integer")]),
    TableCase(
        "trial twice",
        [("a,2,", "a,1,")],
        [(3, "n", "trial 1 of subject 'a' again, after line 2", "columns.session")],
    ),
    TableCase("latency", [("0.55", "-0.55")], [(3, "rt", "-0.55", "above 0")]),
    TableCase("no latency", [("0.55", "0")], [(3, "rt", "0", "above 0")]),
    TableCase(
        "latency of a missed trial",
        [("a,3,AB,,1,", "a,3,AB,,1,-0.005")],
        [(4, "rt", "-0.005", "above 0")],
    ),
    TableCase(
        "column without a like",
        [("pick", "z")],
        [(1, "", "no column 'pick'", "the columns are n,")],
    ),
    TableCase(
        "milliseconds", [("0.", "10")], [(1, "rt", "a median of 1061 s", "latency_unit: ms")]
    ),
    TableCase(
        "seconds",
        [],
        [(1, "rt", "a median of 0.61 ms", "latency_unit: s")],
        (("latency_unit: s", "latency_unit: ms"),),
    ),
    TableCase(
        "one trial",
        [(TABLE[TABLE.index("a,2") : TABLE.index("b,1")], ""), (TABLE[TABLE.index("b,2") :], "")],
        [
            (2, "who", "one trial of subject 'a'", "more trials"),
            (3, "who", "one trial of subject 'b'", "more trials"),
        ],
    ),
    TableCase(
        "no choice",
        [(TABLE[TABLE.index("a,1") :], "c,1,AB,,1,\nc,2,AB,,0,\n")],
        [(2, "who", "no choice of subject 'c' in 2 trials", "choices")],
    ),
    TableCase(
        "cue", [("a,2,CD", "a,2,DC")], [(3, "pair", "the cue 'DC', in 1 rows", "datasets.lab.cues")]
    ),
    TableCase("no cue", [("a,2,CD", "a,2,")], [(3, "pair", "nothing", "the name of a cue")]),
    TableCase("no subject", [("a,2,", ",2,")], [(3, "who", "nothing", "the name of a subject")]),
    TableCase(
        "several at once",
        [("a,2,CD,1", "a,x,CD,7"), ("b,4,CD,1,1,0.57", "b,1,EF,1,inf,0")],
        [
            (3, "n", "'x'", "an integer"),
            (9, "n", "trial 1 of subject 'b' again, after line 6", "once"),
            (3, "pick", "7", "0 or 1"),
            (9, "won", "'inf'", "finite"),
            (9, "rt", "0", "above 0"),
            (9, "pair", "the cue 'EF'", "AB, CD"),
        ],
    ),
]

FILE_CASES = [
    ("lab.csv", None, "", "no such file", "a path seen from"),
    ("lab.csv", TABLE.replace("a,", "ä,").encode("latin-1"), ":2", "the byte 0xe4", "UTF-8"),
    ("lab.csv", TABLE.encode("utf-16"), ":1", "UTF-16", "UTF-8"),
    ("lab.csv", b"PK\x03\x04 a workbook", ":1", "a binary file", ".csv"),
    ("lab.csv.gz", TABLE.encode(), "", "a damaged .gz file", "a whole one"),
    (
        "lab.csv.gz",
        gzip.compress(TABLE.encode(), mtime=0)[:-20],
        "",
        "a damaged .gz file",
        "a whole one",
    ),
    ("lab.parquet", TABLE.encode(), "", "not a Parquet file", "a whole one"),
    ("lab.xlsx", b"PK", "", "a file of the kind '.xlsx'", ".csv"),
    ("lab.tsv", TABLE.encode(), ":1", "commas between the columns", "tabs"),
]


def edited(text: str, edits: list[tuple[str, str]]) -> str:
    for old, new in edits:
        assert old in text, f"the case replaces {old!r}, which is not there"
        text = text.replace(old, new)
    return text


def marked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without its §, and their lines and columns."""
    places = []
    while "§" in text:
        at = text.index("§")
        text = text.replace("§", "", 1)
        places.append((text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)))
    return text, places


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (f for f in folder.rglob("*") if f.is_file())
    return {str(f): (f.read_bytes(), f.stat().st_mtime_ns) for f in files}


def refusal(folder: Path, act: Callable[[], object]) -> list[Problem]:
    """The problems for which `act` is refused; it must leave no trace in `folder`."""
    before = contents(folder)
    with pytest.raises(InputError) as refused:
        act()
    assert contents(folder) == before
    problems = list(refused.value.problems)
    assert str(refused.value).splitlines() == [str(p) for p in problems]
    assert all(p.found and p.right for p in problems)
    return problems


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two figures, one of which reads what only scenarios with candidates have."""
    names, describe = catalog.names, catalog.describe
    reads = {"curves": ("sessions",), "recovered": ("recovery",)}

    def card(kind: str, name: str) -> catalog.Card:
        if kind != "figures":
            return describe(kind, name)
        return catalog.Card(kind, name, "", "", {}, {"reads": reads[name]}, {}, {})

    monkeypatch.setattr(catalog, "names", lambda k: tuple(reads) if k == "figures" else names(k))
    monkeypatch.setattr(catalog, "describe", card)


def write(folder: Path, experiment: str = EXPERIMENT, table: str = TABLE) -> Path:
    (folder / "lab.csv").write_text(table, encoding="utf-8")
    path = folder / "experiment.yaml"
    path.write_text(experiment, encoding="utf-8")
    return path


def read_table(path: Path) -> object:
    return reader.read(config.load(path).dataset("lab"), "lab")


def test_the_unedited_input_is_sound(tmp_path: Path, figures: None):
    path = write(tmp_path)
    assert config.load(path).dataset("lab").path == str(tmp_path / "lab.csv")
    assert read_table(path).num_rows == 8


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_an_experiment_is_refused_with_every_place(case: Case, tmp_path: Path, figures: None):
    text, places = marked(edited(EXPERIMENT, case.edits))
    path = write(tmp_path, text)
    problems = refusal(tmp_path, lambda: config.load(path))
    assert len(problems) == len(case.problems) == len(places), "\n".join(map(str, problems))
    for problem, (line, column), (found, right) in zip(
        problems, places, case.problems, strict=True
    ):
        assert f"{problem.where}:".startswith(f"{path}:{line}:{column}:"), problem
        assert found in f"{problem.where}: {problem.found}", problem
        assert right in problem.right, problem


@pytest.mark.parametrize("case", TABLE_CASES, ids=lambda c: c.name)
def test_a_table_is_refused_with_every_row(case: TableCase, tmp_path: Path, figures: None):
    experiment = edited(EXPERIMENT, list(case.experiment))
    path = write(tmp_path, experiment, edited(TABLE, case.edits))
    problems = refusal(tmp_path, lambda: read_table(path))
    assert len(problems) == len(case.problems), "\n".join(map(str, problems))
    for problem, (row, column, found, right) in zip(problems, case.problems, strict=True):
        place = f"{row}:{column}" if column else str(row)
        assert problem.where == f"{tmp_path / 'lab.csv'}:{place}", problem
        assert found in problem.found, problem
        assert right in problem.right, problem


@pytest.mark.parametrize(
    ("name", "content", "place", "found", "right"), FILE_CASES, ids=[c[3] for c in FILE_CASES]
)
def test_a_file_of_another_kind_is_refused(
    name: str, content: bytes | None, place: str, found: str, right: str, tmp_path: Path
):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    columns = config.Columns(subject="who", trial="n", choice="pick", reward="won")
    dataset = config.Dataset(path=str(path), columns=columns, choice_base=0)
    (problem,) = refusal(tmp_path, lambda: reader.read(dataset, "lab"))
    assert problem.where == f"{path}{place}"
    assert found in problem.found
    assert right in problem.right


def test_a_misspelt_file_is_told_the_one_that_is_there(tmp_path: Path, figures: None):
    path = write(tmp_path, EXPERIMENT.replace("path: lab.csv", "path: lab.cvs"))
    (problem,) = refusal(tmp_path, lambda: read_table(path))
    assert problem.found == "a file of the kind '.cvs'"
    (problem,) = refusal(tmp_path, lambda: config.load(tmp_path / "experiments.yaml"))
    assert (problem.found, problem.right) == ("no such file", "did you mean 'experiment.yaml'?")


def test_many_alike_are_told_by_the_first_few(tmp_path: Path, figures: None):
    rows = "".join(f"c,{i},AB,5,1,0.5\n" for i in range(51))
    path = write(tmp_path, table=TABLE + rows)
    problems = refusal(tmp_path, lambda: read_table(path))
    assert len(problems) == 21
    assert problems[-1].found == "and 31 more like the last"


def test_mistakes_in_one_part_hide_none_in_another(tmp_path: Path, figures: None):
    edits = [pair for case in CASES if case.name in INDEPENDENT for pair in case.edits]
    text, places = marked(edited(EXPERIMENT, edits))
    path = write(tmp_path, text)
    problems = refusal(tmp_path, lambda: config.load(path))
    lines = [p.where.removeprefix(f"{path}:") for p in problems]
    assert [tuple(map(int, w.split(":")[:2])) for w in lines] == places
    assert len(places) == len(INDEPENDENT)


def test_problems_of_several_files_name_their_own(tmp_path: Path, figures: None):
    first = write(tmp_path, EXPERIMENT.replace("seed: 1", "seed: -1"))
    second = tmp_path / "second.yaml"
    second.write_text("fit: {steps: 0}\nscenarios:\n  loss: {doses: [0, 2]}\n")
    problems = refusal(tmp_path, lambda: config.load(first, second, overrides={"precision": 8}))
    assert sorted(p.where for p in problems) == [
        f"{first}:2:7: seed",
        f"{second}:1:14: fit.steps",
        f"{second}:3:21: scenarios.loss.doses[1]",
        "configuration: precision",
    ]


def test_a_setting_that_the_constructor_cannot_use_is_refused():
    task = {"name": "bandit", "settings": {"p": ("a", "b")}}
    scenario = config.Scenario(task=task, sources=("q",), subjects=1, trials=1)
    with pytest.raises(InputError, match="task bandit: values that cannot be used"):
        stages.build_task(scenario)


def built(model: dict[str, object], task: dict[str, object]) -> list[tuple[str, str, str]]:
    """What is told of building one scenario: where, found and right."""
    scenario = {"task": task, "sources": ["m"], "subjects": 1, "trials": 1}
    overrides = {"title": "", "seed": 1, "models": {"m": model}, "scenarios": {"s": scenario}}
    told: list[tuple[str, str, str]] = []
    say = lambda loc, found, right: told.append((dotted(loc), found, right))
    stages.build_all(config.load(overrides=overrides), say)
    return told


Q, BANDIT = {"model": "q_learning"}, {"name": "bandit"}
IN_TASK = "scenarios.s.task.settings"


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        (
            "bandit",
            {"p": [2.0, 0.1], "outcomes": [1.0]},
            [
                (f"{IN_TASK}.p", "each of p is 2.0", "between 0 and 1"),
                (f"{IN_TASK}.outcomes", "outcomes is (1.0,)", "the rewards of a loss and a win"),
            ],
        ),
        (
            "reversal_bandit",
            {"outcomes": [0.0, 1.0, 2.0]},
            [
                (
                    f"{IN_TASK}.outcomes",
                    "outcomes is (0.0, 1.0, 2.0)",
                    "the rewards of a loss and a win",
                )
            ],
        ),
        # A hazard needs period 0: alone it would not do, together they do.
        (
            "reversal_bandit",
            {"period": 0, "hazard": 0.1, "p_low": 2.0, "window": 0},
            [
                (f"{IN_TASK}.p_low", "p_low is 2.0", "between 0 and 1"),
                (f"{IN_TASK}.window", "window is 0", "a whole number of at least 1"),
            ],
        ),
        # What is wrong only beside the default of a wrong setting is not told.
        (
            "reversal_bandit",
            {"period": -1, "hazard": 0.1, "outcomes": [1.0]},
            [
                (f"{IN_TASK}.period", "period is -1", "a whole number of at least 0"),
                (f"{IN_TASK}.outcomes", "outcomes is (1.0,)", "the rewards of a loss and a win"),
            ],
        ),
    ],
)
def test_every_setting_outside_its_domain_is_told(name, settings, expected):
    assert built(Q, {"name": name, "settings": settings}) == expected


def test_settings_of_a_model_and_what_it_cannot_do_are_told():
    model = {"model": "belief_state", "settings": {"sd": -1.0, "omission": 3.0}}
    assert built(model, {"name": "pavlovian_trace"}) == [
        ("models.m.settings.sd", "sd is -1.0", "a finite number above 0"),
        ("models.m.settings.omission", "omission is 3.0", "between 0 and 1"),
    ]
    model = {"model": "rescorla_wagner", "settings": {"salience": [1.0]}}
    ((where, found, _),) = built(model, {"name": "conditioning"})
    assert where == "scenarios.s.sources[0]"
    assert found.startswith("'m' (rescorla_wagner) cannot do conditioning: salience has 1")


def test_a_bomb_of_aliases_does_not_go_off(tmp_path: Path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    path = write(tmp_path, "\n".join(lines))
    (problem,) = refusal(tmp_path, lambda: config.load(path))
    assert "20000 values" in problem.found


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: " + "[" * 5000], ids=["cycle", "deep"])
def test_endless_nesting_is_refused(text: str, tmp_path: Path):
    path = write(tmp_path, text)
    (problem,) = refusal(tmp_path, lambda: config.load(path))
    assert "nested without end" in problem.found


def run_cli(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """`python -m jaxda` in `folder`."""
    path = os.pathsep.join([str(Path(catalog.__file__).parents[1]), *sys.path])
    environment = os.environ | {"PYTHONPATH": path, "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "jaxda", *args]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize(
    "case",
    [c for c in [*CASES, *TABLE_CASES] if c.name in {"lesion", "tab", "dose", "1-based", "quote"}],
    ids=lambda c: c.name,
)
def test_the_command_line_refuses_without_a_traceback(case: Case | TableCase, tmp_path: Path):
    of_table = isinstance(case, TableCase)
    plain = EXPERIMENT[: EXPERIMENT.index("figures:")]
    experiment, places = marked(plain if of_table else edited(EXPERIMENT, case.edits))
    table = edited(TABLE, case.edits) if of_table else TABLE
    write(tmp_path, experiment.split("figures:")[0], table)
    before = contents(tmp_path)
    done = run_cli(tmp_path, "validate", "experiment.yaml")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    place = f"lab.csv:{case.problems[0][0]}" if of_table else f"experiment.yaml:{places[0][0]}"
    assert place in done.stderr
    assert contents(tmp_path) == before
