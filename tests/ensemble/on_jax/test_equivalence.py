"""A member is what stock Keras trains on the same batches; many members are many single ones."""

import re

import jax
import keras
import numpy as np
import pytest
from members import FEATURES, LAGS, cnn_lstm, dropping_lstm, lstm, make_windows, transformer
from scipy import stats

from coincast.ensemble import Plan, Plateau, program, train_members
from coincast.models import networks

SEEDS = [3, 11, 7, 20]


def fit(build, train, validation, plan, seed, callbacks=()):
    """Return a model trained by `fit` on the windows in their order, and its history."""
    keras.utils.set_random_seed(seed)
    model = build(LAGS, FEATURES)
    metrics = ["accuracy"] if plan.accuracy else []
    model.compile(plan.make_optimizer(), plan.loss, metrics=metrics)
    history = model.fit(
        train.inputs,
        train.targets,
        batch_size=plan.batch_size,
        epochs=plan.epochs,
        shuffle=False,
        validation_data=(validation.inputs, validation.targets),
        callbacks=list(callbacks),
        verbose=0,
    )
    return model, history.history


@pytest.fixture
def in_order(monkeypatch):
    """Have members take the windows in their own order, as `fit` does without shuffling."""

    def draw_orders(epochs, rows, seeds):
        return np.tile(np.arange(rows, dtype=np.int32), (epochs, len(seeds), 1))

    monkeypatch.setattr(program, "draw_orders", draw_orders)


def assert_same_weights(model, other, tolerance=1e-5):
    for mine, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize(("name", "windows"), [("cnn_lstm", 50), ("cnn", 128), ("lstm", 128)])
def test_no_sum_is_so_long_that_its_rounding_depends_on_the_cache(name, windows, monkeypatch):
    """The studies' networks and batches; a convolution has a row per window and day to sum."""
    lowered = []

    def lower(_, call, arguments, options):
        lowered.append(jax.jit(call, compiler_options=options).lower(*arguments).as_text())
        raise KeyboardInterrupt  # it need not run

    monkeypatch.setattr(program.Program, "_trace", lower)
    train = make_windows(windows, seed=1, classes=2)
    plan = Plan(1, windows, "nadam", "mse" if name == "lstm" else "sparse_categorical_crossentropy")
    with pytest.raises(KeyboardInterrupt):
        train_members(getattr(networks, name), train, train, plan, SEEDS)
    (text,) = lowered
    longest = max(
        np.prod([int(shape.split("x")[int(axis)]) for axis in axes.split(", ")])
        for axes, shape in re.findall(
            r"dot_general.* contracting_dims = \[([\d, ]+)\] x .* : \(tensor<([\dx]+)xf32>", text
        )
    )
    assert windows // 2 <= longest <= 288  # (32 KiB - 384) / 112, in eights: Eigen, for AVX2


@pytest.mark.parametrize(("build", "optimizer"), [(lstm, "adam"), (cnn_lstm, "nadam")])
@pytest.mark.usefixtures("in_order")
def test_member_equals_fit_after_200_steps(build, optimizer):
    """20 rows and a batch of 6: three full batches and a smaller one, 50 times."""
    classes, loss = (2, "sparse_categorical_crossentropy") if build is cnn_lstm else (0, "mse")
    train, check = make_windows(20, seed=1, classes=classes), make_windows(9, 2, classes=classes)
    plan = Plan(50, 6, optimizer, loss, accuracy=bool(classes))
    model, history = fit(build, train, check, plan, SEEDS[1])
    ensemble = train_members(build, train, check, plan, SEEDS)
    assert_same_weights(ensemble.member(1), model)
    for name, values in history.items():
        if name != "accuracy":  # `fit` measures it in training as well
            np.testing.assert_allclose(ensemble.history[name][1], values, atol=1e-5)


def test_shuffled_member_equals_fit_on_the_windows_in_its_orders():
    train, check = make_windows(20, seed=1), make_windows(9, seed=2)
    ensemble = train_members(lstm, train, check, Plan(5, 6, loss="mse"), SEEDS)
    keras.utils.set_random_seed(SEEDS[2])
    model = lstm(LAGS, FEATURES)
    model.compile("adam", "mse")
    for order in program.draw_orders(5, 20, SEEDS)[:, 2]:
        model.fit(train.inputs[order], train.targets[order], batch_size=6, shuffle=False, verbose=0)
    assert_same_weights(ensemble.member(2), model)


def test_orders_are_permutations_of_each_seed_and_epoch_alone():
    orders = program.draw_orders(3, 50, [8, 9, -1])
    assert (np.sort(orders, axis=-1) == np.arange(50)).all()
    assert len(np.unique(orders.reshape(9, 50), axis=0)) == 9
    np.testing.assert_array_equal(orders[:, 1], program.draw_orders(3, 50, [9])[:, 0])


def test_members_end_where_fits_end_in_distribution():
    """Other orders of the windows, so no pair is equal; the two samples are of one kind."""
    train, check = make_windows(40, seed=1), make_windows(30, seed=2)
    plan = Plan(6, 4, keras.optimizers.Adam(0.01), "mse")
    seeds = range(12)
    members = train_members(dropping_lstm, train, check, plan, range(100, 200))
    fitted = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        model = dropping_lstm(LAGS, FEATURES)
        model.compile(plan.make_optimizer(), plan.loss)
        model.fit(train.inputs, train.targets, batch_size=4, epochs=6, verbose=0)
        fitted.append(model.evaluate(check.inputs, check.targets, verbose=0))
    assert stats.ks_2samp(fitted, members.history["val_loss"][:, -1]).pvalue > 0.05
    untrained = train_members(dropping_lstm, train, check, Plan(1, 40, loss="mse"), range(100))
    assert stats.ks_2samp(fitted, untrained.history["val_loss"][:, -1]).pvalue < 0.001


@pytest.mark.usefixtures("in_order")
def test_rules_are_those_of_keras_callbacks(tmp_path):
    train, check = make_windows(24, seed=3), make_windows(8, seed=4)
    optimizer, plateau = keras.optimizers.Adam(0.05), Plateau(2, factor=0.5, minimum=0.004)
    plan = Plan(40, 8, optimizer, "mse", keep_best=True, plateau=plateau)
    ensemble = train_members(lstm, train, check, plan, SEEDS)
    best = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", save_best_only=True)
    lower = keras.callbacks.ReduceLROnPlateau(patience=2, factor=0.5, min_lr=0.004)
    _, history = fit(lstm, train, check, plan, SEEDS[2], [lower, best])
    rates = ensemble.history["learning_rate"][2]
    np.testing.assert_allclose(rates, history["learning_rate"], rtol=1e-6)
    assert np.argmin(history["val_loss"]) < 39
    assert_same_weights(ensemble.member(2), keras.models.load_model(tmp_path / "best.keras"))


@pytest.mark.usefixtures("in_order")
def test_plateau_on_accuracy_is_that_of_keras():
    train, check = (make_windows(n, n, classes=2) for n in (30, 15))
    loss, rule = "sparse_categorical_crossentropy", Plateau(2, 0.5, monitor="val_accuracy")
    plan = Plan(12, 10, "nadam", loss, accuracy=True, plateau=rule)
    keras_rule = keras.callbacks.ReduceLROnPlateau(
        "val_accuracy", patience=2, factor=0.5, mode="max"
    )
    _, history = fit(cnn_lstm, train, check, plan, 5, [keras_rule])
    found = train_members(cnn_lstm, train, check, plan, [5]).history
    np.testing.assert_allclose(found["learning_rate"][0], history["learning_rate"], rtol=1e-6)
    np.testing.assert_allclose(found["val_accuracy"][0], history["val_accuracy"], rtol=1e-6)


@pytest.mark.parametrize("build", [dropping_lstm, transformer])
def test_many_members_equal_single_ones(build):
    train, check = make_windows(20, seed=5), make_windows(8, seed=6)
    plan = Plan(3, 6)
    together = train_members(build, train, check, plan, SEEDS).predict(check)
    alone = [train_members(build, train, check, plan, [s]).predict(check)[0] for s in SEEDS[:2]]
    np.testing.assert_allclose(together[:2], alone, atol=1e-6)
    assert len(np.unique(together[:, 0])) == len(SEEDS)


@pytest.mark.usefixtures("in_order")
def test_dropout_masks_differ_between_members_and_steps():
    """The learning rate is next to nothing, so only what is dropped can differ."""
    train = make_windows(12, seed=9)
    plan = Plan(4, 12, keras.optimizers.Adam(1e-30))
    loss = train_members(dropping_lstm, train, train, plan, [1, 1, 2]).history["loss"]
    assert np.array_equal(loss[0], loss[1])
    assert len(np.unique(loss[0])) == 4
    assert not np.isin(loss[2], loss[0]).any()
