"""These tests need Keras on JAX and two devices: `../test_ensembles_on_jax.py` starts them."""

import os

collect_ignore_glob = [] if os.environ.get("KERAS_BACKEND") == "jax" else ["test_*.py"]
