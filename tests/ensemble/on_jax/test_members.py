"""What members may have of their own, what training gives, and what it refuses."""

import os
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest
from members import cnn_lstm, lstm, make_windows

from coincast.ensemble import MemberWarning, Plan, Plateau, train_members
from coincast.ensemble.program import run_in_groups
from coincast.errors import InputError

TRAIN, CHECK = make_windows(20, seed=1), make_windows(8, seed=2)
PLAN = Plan(2, 5)


def test_members_with_own_windows_are_those_trained_on_them_alone():
    own = [make_windows(20, seed) for seed in (4, 5, 6)]
    checks = [make_windows(8, seed) for seed in (7, 8, 9)]
    together = train_members(lstm, own, checks, PLAN, [1, 2, 3])
    alone = train_members(lstm, own[1], checks[1], PLAN, [2])
    np.testing.assert_allclose(together.history["val_loss"][1], alone.history["val_loss"][0], 1e-5)
    np.testing.assert_allclose(together.predict(checks)[1], alone.predict(checks[1])[0], atol=1e-6)


def test_member_is_a_model_that_can_be_saved_and_used_by_tensorflow(tmp_path):
    train, check = (make_windows(n, n, classes=2) for n in (20, 9))
    plan = Plan(2, 5, "nadam", "sparse_categorical_crossentropy", accuracy=True)
    ensemble = train_members(cnn_lstm, train, check, plan, [1, 2])
    ensemble.member(1).save(tmp_path / "member.keras")
    np.save(tmp_path / "inputs.npy", check.inputs)
    code = (
        "import sys, keras, numpy as np\n"
        "model = keras.models.load_model(sys.argv[1] + '/member.keras')\n"
        "inputs = np.load(sys.argv[1] + '/inputs.npy')\n"
        "np.save(sys.argv[1] + '/outputs.npy', model.predict(inputs, verbose=0))\n"
    )
    environment = os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=environment, check=True)
    outputs = np.load(tmp_path / "outputs.npy")
    np.testing.assert_allclose(ensemble.predict(check)[1], outputs, atol=1e-5)
    right = (outputs.argmax(axis=1) == check.targets).mean()
    assert ensemble.history["val_accuracy"][1, -1] == pytest.approx(right)


def test_watched_windows_are_measured_and_change_nothing():
    watched = train_members(lstm, TRAIN, CHECK, PLAN, [1], watch={"test": TRAIN})
    plain = train_members(lstm, TRAIN, CHECK, PLAN, [1])
    mae = np.abs(watched.predict(TRAIN)[0] - TRAIN.targets).mean()
    assert watched.history["test_loss"][0, -1] == pytest.approx(mae, rel=1e-5)
    np.testing.assert_allclose(watched.history["loss"], plain.history["loss"], rtol=1e-6)


@pytest.mark.parametrize("build", [lstm, cnn_lstm])  # the second has running means as well
def test_members_that_stop_after_their_own_epochs_equal_shorter_trainings(build):
    """Two programs of other lengths round alike here; the orders of the first epochs agree too."""
    classes, loss = (2, "sparse_categorical_crossentropy") if build is cnn_lstm else (0, "mse")
    train, check = (make_windows(n, n, classes=classes) for n in (20, 8))
    stops, long = [3, 1], Plan(4, 6, loss=loss)
    together = train_members(build, train, check, long, [4, 5], stop_after=stops)
    for position, epochs in enumerate(stops):
        plan = replace(long, epochs=epochs)
        alone = train_members(build, train, check, plan, [4, 5])
        pairs = zip(*(each.member(position).weights for each in (together, alone)), strict=True)
        for kept, weights in pairs:
            np.testing.assert_allclose(kept, weights, rtol=1e-6, atol=1e-6)
        history = together.history["val_loss"][position, :epochs]
        np.testing.assert_allclose(history, alone.history["val_loss"][position], rtol=1e-5)
    assert together.history["val_loss"].shape == (2, 4)


def test_member_with_broken_windows_is_named_and_the_others_go_on():
    own = [make_windows(20, seed) for seed in (4, 5, 6)]
    own[1].inputs[3, 2, 1] = np.nan
    with pytest.warns(MemberWarning, match=r"member 1 \(seed 9\): its train windows hold NaN"):
        ensemble = train_members(lstm, own, CHECK, PLAN, [8, 9, 10])
    forecasts = ensemble.predict(CHECK)
    assert np.isnan(forecasts[1]).all()
    assert np.isfinite(forecasts[[0, 2]]).all()
    with pytest.raises(InputError, match="member 1 has no model: its train windows"):
        ensemble.member(1)


def test_member_whose_loss_explodes_is_named_and_the_others_go_on():
    own = [replace(TRAIN, targets=TRAIN.targets * scale) for scale in (1e30, 1)]
    with pytest.warns(MemberWarning, match=r"1 of 2 .*member 0 .*from epoch 1 on"):
        ensemble = train_members(lstm, own, CHECK, Plan(2, 5, "sgd", "mse"), [1, 2])
    assert list(ensemble.failures) == [0]
    assert np.isfinite(ensemble.history["loss"][1]).all()


@pytest.mark.parametrize(("members", "size"), [(5, 5), (24, 12), (26, 13), (27, 9), (1000, 13)])
def test_group_size_depends_on_the_number_of_members_alone(members, size):
    sizes = []
    found = run_in_groups(lambda group: sizes.append(len(group)) or group, members)
    assert found.tolist() == list(range(members))
    assert set(sizes) == {size}


class Peeking(keras.layers.Layer):
    """A layer that looks at a value to decide what to do."""

    def call(self, inputs, training=None):
        return inputs * 2 if training and bool(inputs[0, 0] > 0) else inputs


class Hidden(keras.Model):
    """A model whose layer is not run while it is built."""

    def __init__(self):
        super().__init__()
        self.head = keras.layers.Dense(1)
        self.peek = Peeking()

    def build(self, shape):
        self.head.build((None, shape[1] * shape[2]))
        self.peek.build((None, 1))
        self.built = True

    def call(self, inputs, training=None):
        flat = keras.ops.reshape(inputs, (inputs.shape[0], -1))
        return self.peek(self.head(flat), training=training)


def untraceable(lags, features):
    model = Hidden()
    model.build((None, lags, features))
    return model


def scheduled():
    return keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": []}, "no seeds"),
        ({"train": [TRAIN]}, "1 train windows for 2 seeds"),
        ({"train": [TRAIN, CHECK]}, r"train windows of member 1 .*\(8, 6, 3\)"),
        ({"train": replace(TRAIN, targets=TRAIN.targets * np.nan)}, "train windows hold NaN"),
        ({"validation": TRAIN.take(TRAIN.targets > 9)}, "val windows are empty"),
        ({"validation": TRAIN.without({"a"})}, "val windows are 6 x 2"),
        ({"build": untraceable}, "'hidden.*' cannot be traced"),
        ({"plan": Plan(1, 5, scheduled(), plateau=Plateau())}, "schedule"),
        ({"stop_after": [1, 3]}, r"stop_after \[1, 3\] .* 1 to 2"),
        ({"stop_after": [0, 1]}, r"stop_after \[0, 1\]"),
    ],
)
def test_train_members_refuses_what_it_cannot_use(changes, message):
    given = {"build": lstm, "train": TRAIN, "validation": CHECK, "plan": PLAN, "seeds": [1, 2]}
    with pytest.raises(InputError, match=message):
        train_members(**given | changes)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"plateau": Plateau(0)}, "plateau.patience is 0"),
        ({"plateau": Plateau(2, factor=1.0)}, "plateau.factor is 1.0"),
        ({"plateau": Plateau(monitor="val_accuracy")}, "'val_accuracy' is not .*; use val_loss"),
    ],
)
def test_plan_refuses_what_makes_no_sense(settings, message):
    with pytest.raises(InputError, match=message):
        Plan(**{"epochs": 1, "batch_size": 1} | settings)
