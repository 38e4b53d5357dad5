"""All tests run in double precision, on four virtual devices, with every shape checked."""

import signal
from pathlib import Path

import jax
import jaxtyping
import pytest


# What a shell starts in the background ignores interrupts, and so would the runs that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_num_cpu_devices", 4)

# An integer is a float here, as everywhere in Python's typing.
jaxtyping.install_import_hook(
    "jaxda", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))"
)

from jaxda import devices  # noqa: E402
from jaxda.platform import configure  # noqa: E402


configure()


@pytest.fixture(scope="session", autouse=True)
def one_device():
    """Batches stay on one device, as in a job; tests of several choose them."""
    with devices.use(jax.devices()[:1]):
        yield


# Every loaded program holds memory, and several of the 65,530 maps that Linux lets a process have.
MOST_MAPS = 5_000


def group(nodeid):
    """What shares its programs: a landmark, the laws of a model on a task, or a file.

    Files come first and pairs last: the shorter the last groups, the sooner all are done.
    """
    file, _, test = nodeid.partition("::")
    case = test.partition("[")[2].removesuffix("]")
    if file.endswith("test_landmarks.py"):
        return 1, case
    if file.endswith("test_laws.py") and "/" in case:
        # A lesion is named before its pair.
        return 2, case.partition("-")[2] if "lesions" in file else case
    return 0, file


def pytest_collection_modifyitems(items):
    """Tests of a group follow one another, so that what they share need not be kept."""
    items.sort(key=lambda item: group(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Tests of a group run in one process, so that what they share is compiled once.

    The scheduler of xdist for marked groups does not see the marks from pytest 9.2 on.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return group(nodeid)

    # Left in the order of `group`, not sorted by the number of tests.
    config.option.loadscopereorder = False
    return ByGroup(config, log)


def pytest_runtest_teardown(item, nextitem):
    """Between two groups, programs are unloaded before there are too many of them."""
    maps = Path("/proc/self/maps")
    ended = nextitem is None or group(item.nodeid) != group(nextitem.nodeid)
    if ended and maps.exists() and maps.read_bytes().count(b"\n") > MOST_MAPS:
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
