"""The history: what is recorded can be read back, and what cannot be recorded is refused."""

import math
import sys
import weakref

import numpy as np
import pytest

from nnkit.training.history import Event, History


def filled():
    history = History()
    for step in range(1, 6):
        history.log(step, loss=10.0 / step)
    history.log(5, val_loss=7.0)
    return history


def test_columns_come_back_as_logged():
    history = filled()
    assert history.names == ("loss", "val_loss")
    assert len(history) == 5
    assert history.last_step == 5
    np.testing.assert_array_equal(history.steps, [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(history["loss"], [10.0, 5.0, 10 / 3, 2.5, 2.0])
    steps, values = history.series("val_loss")
    assert (steps.tolist(), values.tolist()) == ([5], [7.0])
    assert history.last("loss") == 2.0
    assert "loss" in history and "accuracy" not in history
    assert list(history) == ["loss", "val_loss"]


class Scalar:
    """Like a loss Tensor: a number behind .item()."""

    def __init__(self, value):
        self.value = value

    def item(self):
        return self.value


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0.5, 0.5),
        (3, 3.0),
        (True, 1.0),
        (np.float32(0.25), 0.25),
        (np.array(2.0), 2.0),
        (np.array([4.0]), 4.0),
        (Scalar(1.5), 1.5),
        (math.inf, math.inf),
    ],
)
def test_every_kind_of_number_becomes_a_float(value, number):
    history = History()
    history.log(1, loss=value)
    assert history["loss"].tolist() == [number]
    assert type(history.last("loss")) is float


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (np.zeros(3), r"ndarray of shape \(3,\)"),
        ("0.5", "'0.5'"),
        (None, "None"),
        ([1.0], "list"),
        (1 + 2j, "(1+2j)"),
    ],
)
def test_what_is_not_one_number_is_refused_and_leaves_no_trace(value, named):
    history = History()
    with pytest.raises(TypeError, match="'loss' must be one number") as caught:
        history.log(1, loss=value)
    assert named.strip("()").split("(")[0].replace("\\", "").split()[0] in str(caught.value)
    assert len(history) == 0


def test_a_diverged_loss_is_not_an_absent_one():
    history = History()
    history.log(1, loss=math.nan)
    history.log(2, other=1.0)
    assert history["loss"].shape == (1,)
    assert math.isnan(history["loss"][0])


def test_same_step_is_the_same_row_and_the_last_value_counts():
    history = History()
    history.log(1, loss=1.0)
    history.log(1, loss=2.0, accuracy=0.5)
    assert len(history) == 1
    assert history.to_dict() == {"step": [1], "loss": [2.0], "accuracy": [0.5]}


def test_steps_never_go_back():
    history = filled()
    with pytest.raises(ValueError, match="step 3, but step 5 is recorded"):
        history.log(3, loss=1.0)
    with pytest.raises(ValueError, match="name of the row"):
        history.log(6, **{"step": 1.0})


def test_unknown_column_names_the_nearest():
    with pytest.raises(KeyError, match="no column 'los'.*Did you mean 'loss'.*val_loss"):
        filled()["los"]


def test_the_logged_object_is_not_kept():
    history, loss = History(), Scalar(1.0)
    alive = weakref.ref(loss)
    history.log(1, loss=loss)
    del loss
    assert alive() is None


def test_arrays_handed_out_are_copies_and_logging_goes_on():
    history = filled()
    values = history["loss"]
    values[:] = 0
    history.log(6, loss=1.0)
    assert history["loss"][0] == 10.0
    assert len(values) == 5


def test_fifty_thousand_rows_stay_small():
    history = History()
    for step in range(50_000):
        history.log(step, loss=1.0, accuracy=0.5)
        if step % 100 == 0:
            history.log(step, **{"grad/layer": 1.0})
    stored = [history._steps, *(a for c in history._columns.values() for a in (c.steps, c.values))]
    assert sum(map(sys.getsizeof, stored)) < 50_000 * 8 * 5 * 1.2 + 20_000


def test_marks_are_kept_in_order():
    history = History()
    history.mark(3, "pause")
    history.mark(3, "lr", old=0.1, new=0.2)
    assert history.events == [Event(3, "pause", {}), Event(3, "lr", {"old": 0.1, "new": 0.2})]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "History(1 steps: no values)"),
        ({"loss": 0.123}, "History(1 steps: loss)"),
        (
            {"loss": 1.0, "grad/a": 1.0, "ratio/a": 1.0, "grad/b": 2.0},
            "History(1 steps: loss; gradient flow of 2 layers)",
        ),
    ],
)
def test_repr_shows_no_values(values, text):
    history = History()
    history.log(1, **values)
    assert repr(history) == text
