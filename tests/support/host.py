"""One of several processes that train an ensemble together, as hosts of a cluster would.

`python tests/support/host.py PORT NUMBER COUNT` prints the members' forecasts as JSON.
"""

import json
import sys

import jax
from members import dropping_lstm, make_windows

from coincast.ensemble import Plan, train_members


def main(port, number, count):
    if count > 1:
        jax.distributed.initialize(f"127.0.0.1:{port}", count, number)
    check = make_windows(8, seed=2)
    own = [make_windows(20, seed) for seed in range(5)]
    trained = train_members(dropping_lstm, own, check, Plan(2, 6), [1, 2, 3, 4, 5], chunk=3)
    forecasts = trained.predict(check).tolist()
    sys.stdout.write(json.dumps({"devices": jax.device_count(), "forecasts": forecasts}) + "\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
