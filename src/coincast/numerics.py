"""The numeric environment: what makes every x86-64 processor with AVX2 give the same bytes.

Libraries choose other instructions, and so other roundings, on other processors. These environment
variables hold all of them to AVX2 and to a fixed number of threads. Most are read when a library
is loaded, so they must be set before Python starts: the runner sets them for every notebook, and
the kernel of `.venv` sets them in Jupyter.

One thing no variable holds: Eigen, which multiplies matrices in XLA and TensorFlow, sums more than
288 products in blocks that fit the processor's first cache, of 32 or 48 KiB. So the ensemble sums
in parts, and notebook 04, on TensorFlow, trains its convolution on few windows a step.
"""

import json
import sys
from pathlib import Path

__all__ = ["NUMERIC_ENVIRONMENT", "write_to_kernel"]

NUMERIC_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    # Threads: sums are added in the same order on any number of cores.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "PJRT_NPROC": "4",  # XLA splits large operations by this number, whatever the cores
    # Instructions: AVX2 and fused multiply-add, no AVX-512.
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # it still multiplies matrices in convolutions, JAX's too
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2 --xla_cpu_enable_platform_dependent_math=false",
}


def write_to_kernel(prefix: Path) -> None:
    """Set the numeric environment in the Jupyter kernel of a Python installation.

    Args:
        prefix: the installation's folder, for example `.venv`.
    """
    path = prefix / "share" / "jupyter" / "kernels" / "python3" / "kernel.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"env": NUMERIC_ENVIRONMENT}))


if __name__ == "__main__":
    write_to_kernel(Path(sys.prefix))
