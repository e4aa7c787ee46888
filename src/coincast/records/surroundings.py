"""What a notebook's process is told by the runner, and which libraries its results depend on."""

__all__ = ["NOTEBOOKS_VARIABLE", "OUTPUT_VARIABLE", "VERSIONED"]

# Environment variables: where what a notebook makes goes, and where the notebooks' sources are.
OUTPUT_VARIABLE = "COINCAST_OUT"
NOTEBOOKS_VARIABLE = "COINCAST_NOTEBOOKS"
VERSIONED = (
    "tensorflow", "jax", "keras", "numpy", "scipy", "pandas", "scikit-learn", "arch", "matplotlib"
)  # fmt: skip
