"""Train both kinds of networks and print the SHA-256 of their weights, metrics and forecasts.

`python tests/support/ensemble_digest.py CORES` keeps to that many processor cores.
"""

import hashlib
import os
import sys


def main(cores):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])

    from coincast.models.backend import prepare_jax

    prepare_jax()
    import keras
    import numpy as np

    from coincast.ensemble import Plan, Plateau, train_members
    from coincast.models import networks
    from coincast.studies.speed.timing import WORKLOADS

    digest = hashlib.sha256()
    plateau = Plateau(patience=1, factor=0.9, minimum=1e-6, monitor="val_loss")
    for build, workload, loss in (
        (networks.lstm, "ethereum", "mae"),
        (networks.cnn_lstm, "bitcoin", "sparse_categorical_crossentropy"),
    ):
        train, check = WORKLOADS[workload].windows()
        plan = Plan(1, 50, keras.optimizers.Nadam(0.002), loss, plateau=plateau)
        ensemble = train_members(build, train, check, plan, range(15))
        weights = [array for kind in ensemble.weights for array in kind]
        for array in (*weights, *ensemble.history.values(), ensemble.predict(check)):
            digest.update(np.ascontiguousarray(array).tobytes())
    print(digest.hexdigest())


if __name__ == "__main__":
    main(int(sys.argv[1]))
