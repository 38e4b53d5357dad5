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
