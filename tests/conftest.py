"""All tests run in double precision, on four virtual devices, with every shape checked."""

import jax
import jaxtyping


jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_num_cpu_devices", 4)

# An integer is a float here, as everywhere in Python's typing.
jaxtyping.install_import_hook(
    "jaxda", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))"
)


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
