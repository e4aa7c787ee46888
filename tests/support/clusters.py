"""Dask clusters on this machine, of real processes."""

import contextlib
import os
import subprocess
import sys

from distributed import LocalCluster


@contextlib.contextmanager
def local_cluster(folder, workers=2):
    """Run a scheduler and workers that execute one notebook at a time; they work in a folder."""
    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        local_directory=str(folder / "dask"),
    ) as cluster:
        yield cluster


@contextlib.contextmanager
def started_worker(address, folder, *, source):
    """Run one worker whose coincast is imported from another folder of sources."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1"]
    options = ["--no-nanny", "--no-dashboard", "--local-directory", str(folder / "dask")]
    environment = os.environ | {"PYTHONPATH": str(source)}
    with subprocess.Popen([*command, *options], env=environment, cwd=folder) as process:
        try:
            yield process
        finally:
            process.kill()
