"""Executing notebooks: plan, processes, local pool, Dask cluster, sweeps."""
