"""All tests run in double precision, on four virtual devices, with every shape checked."""

from pathlib import Path

import jax
import jaxtyping
import pytest


jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_num_cpu_devices", 4)

# An integer is a float here, as everywhere in Python's typing.
jaxtyping.install_import_hook(
    "jaxda", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))"
)

from jaxda.platform import configure  # noqa: E402


configure()

# Every loaded program holds memory, and several of the 65,530 maps that Linux lets a process have.
MOST_MAPS = 5_000


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests of a model on a task run one after the other in one process, like those of a file.

    So what they share is compiled once, and need not be kept until all laws are through.
    """

    def group(item):
        params = item.callspec.params if hasattr(item, "callspec") else {}
        own = [str(params[name]) for name in ("pair", "landmark") if name in params]
        return own[0] if own else item.nodeid.split("::")[0]

    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))
    items.sort(key=group)


def pytest_runtest_teardown(item, nextitem):
    """Between two groups, programs are unloaded before there are too many of them."""
    groups = [i and i.get_closest_marker("xdist_group").args for i in (item, nextitem)]
    maps = Path("/proc/self/maps")
    if groups[0] != groups[1] and maps.exists() and maps.read_bytes().count(b"\n") > MOST_MAPS:
        jax.clear_caches()


def pytest_terminal_summary(terminalreporter):
    """The table of landmarks: what was expected, and what was got."""
    found = {}
    for report in terminalreporter.stats.get("passed", []) + terminalreporter.stats.get(
        "failed", []
    ):
        found |= dict(value for key, value in report.user_properties if key == "landmark")
    if not found:
        return
    from jaxda.listing import landmark_table

    terminalreporter.section("landmarks")
    for row in landmark_table({name: found[name] for name in sorted(found)}):
        terminalreporter.write_line(row)
