"""Data frames go into fit, evaluate and predict, with the same columns and classes in all."""

import numpy as np
import pytest

import nnkit as nn

rng = np.random.default_rng(0)
TABLE = {
    "height": rng.normal(size=30),
    "kind": np.array(["cat", "dog", "ant"])[np.arange(30) % 3],
    "width": rng.normal(size=30),
    "weight": rng.normal(size=30),
}


@pytest.fixture(params=["pandas", "polars"])
def frame(request):
    return pytest.importorskip(request.param).DataFrame


def make_trainer(features, outputs, loss=None):
    nn.seed(0)
    model = nn.Linear(features, outputs)
    return nn.Trainer(model, loss or nn.CrossEntropyLoss(), nn.optim.SGD(model, lr=0.1))


def test_text_targets_keep_their_numbers(frame):
    trainer = make_trainer(3, 3)
    trainer.fit(frame(TABLE), "kind", epochs=2, validation_data=(frame(TABLE), "kind"))
    X = np.stack([TABLE[n] for n in ("height", "width", "weight")], axis=1)
    y = np.array([{"ant": 0, "cat": 1, "dog": 2}[k] for k in TABLE["kind"]])
    expected = make_trainer(3, 3)
    expected.fit(X, y, epochs=2)
    np.testing.assert_array_equal(trainer.history["loss"], expected.history["loss"])
    dogs = {name: values[TABLE["kind"] == "dog"] for name, values in TABLE.items()}
    found = trainer.evaluate(frame(dogs), "kind")["loss"]
    assert found == pytest.approx(trainer.evaluate(X[y == 2], y[y == 2])["loss"])
    # columns are found by name, in any order, with others beside them
    turned = frame(dict(reversed(TABLE.items())))
    np.testing.assert_array_equal(trainer.predict(turned), trainer.predict(X))


@pytest.mark.parametrize("text", [True, False])
def test_a_frame_and_a_series(frame, text):
    inputs = {n: TABLE[n] for n in ("height", "width")}
    y = TABLE["kind"] if text else np.arange(30) % 3
    series = frame({"y": y})["y"]
    trainer = make_trainer(2, 3)
    trainer.fit(frame(inputs), series)
    assert trainer.predict(frame(inputs)).shape == (30, 3)
    assert trainer.evaluate(frame(inputs), series)["loss"] > 0


def test_several_targets(frame):
    trainer = make_trainer(1, 2, nn.MSELoss())
    numbers = {n: v for n, v in TABLE.items() if n != "kind"}
    trainer.fit(frame(numbers), ["width", "weight"])
    assert trainer.predict(frame(numbers)).shape == (30, 2)


def test_classes_and_columns_go_into_the_file(frame, tmp_path):
    trainer = make_trainer(3, 3)
    trainer.fit(frame(TABLE), "kind")
    trainer.save(tmp_path / "t.safetensors")
    other = make_trainer(3, 3)
    other.load(tmp_path / "t.safetensors")
    assert other.evaluate(frame(TABLE), "kind") == trainer.evaluate(frame(TABLE), "kind")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda t, f: t.fit(f(TABLE)), ValueError, r"y is missing; write fit\(frame, 'column'\)"),
        (lambda t, f: t.fit(f(TABLE), "name"), ValueError, "no column 'name'; the columns are"),
        (lambda t, f: t.fit(f(TABLE), "height"), TypeError, "'kind' holds .*not numbers"),
        (
            lambda t, f: t.predict(f({"height": TABLE["height"]})),
            ValueError,
            "no column 'width'; the model was trained with height, width, weight",
        ),
        (
            lambda t, f: t.evaluate(f(TABLE | {"kind": np.array(["cow"] * 30)}), "kind"),
            ValueError,
            "class 'cow' did not occur in fit; there were ant, cat, dog",
        ),
        (
            lambda t, f: t.fit(f(TABLE | {"width": np.array([np.nan] + [1.0] * 29)}), "kind"),
            ValueError,
            "'width' has missing or infinite values in 1 of 30 rows: 0",
        ),
    ],
)
def test_wrong_frames_are_told(frame, call, error, words):
    trainer = make_trainer(3, 3)
    if "trained with" in words or "cow" in words:
        trainer.fit(frame(TABLE), "kind")
    with pytest.raises(error, match=words):
        call(trainer, frame)
