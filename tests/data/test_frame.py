"""Data frames as datasets: the same numbers from every kind of frame, and errors that name rows."""

import datetime
import sys

import numpy as np
import pytest

from nnkit.data import DataLoader, from_frame

COLUMNS = {
    "age": [31, 45, 27],
    "height": [1.7, 1.8, 1.6],
    "member": [True, False, True],
    "city": ["Rome", "Athens", "Rome"],
}


class Frame:
    """The least a data frame has: names, and columns that become arrays."""

    def __init__(self, columns):
        self.data, self.columns = columns, list(columns)

    def __getitem__(self, name):
        return np.array(self.data[name], dtype=object)


def make_with(package, maker):
    def make(columns):
        return getattr(pytest.importorskip(package), maker)(columns)

    return make


MAKERS = {
    "dict": dict,
    "own": Frame,
    "pandas": make_with("pandas", "DataFrame"),
    "polars": make_with("polars", "DataFrame"),
    "pyarrow": make_with("pyarrow", "table"),
}


@pytest.fixture(params=MAKERS)
def make(request):
    return MAKERS[request.param]


@pytest.mark.parametrize(
    ("arguments", "features", "X", "y", "classes"),
    [
        (
            dict(target="city"),
            ["age", "height", "member"],
            [[31, 1.7, 1], [45, 1.8, 0], [27, 1.6, 1]],
            np.array([1, 0, 1]),
            ["Athens", "Rome"],
        ),
        (
            dict(target="member", features=["height", "age"]),
            ["height", "age"],
            [[1.7, 31], [1.8, 45], [1.6, 27]],
            np.array([1, 0, 1]),
            None,
        ),
        (
            dict(target="height", features=["age"]),
            ["age"],
            [[31], [45], [27]],
            np.array([1.7, 1.8, 1.6], np.float32),
            None,
        ),
        (
            dict(target=["height", "member"], features=["age"]),
            ["age"],
            [[31], [45], [27]],
            np.array([[1.7, 1], [1.8, 0], [1.6, 1]], np.float32),
            None,
        ),
        (dict(features=["age"]), ["age"], [[31], [45], [27]], None, None),
        (
            dict(target="age", features=["height"], dtype=np.float64),
            ["height"],
            np.array([[1.7], [1.8], [1.6]]),
            np.array([31, 45, 27]),
            None,
        ),
    ],
)
def test_columns_become_arrays(make, arguments, features, X, y, classes):
    data = from_frame(make(COLUMNS), **arguments)
    assert (data.features, data.classes) == (features, classes)
    assert len(data.tensors) == (1 if y is None else 2)
    assert data.tensors[0].dtype == arguments.get("dtype", np.float32)
    np.testing.assert_array_equal(data.tensors[0], np.array(X, data.tensors[0].dtype))
    if y is not None:
        np.testing.assert_array_equal(data.tensors[1], y)
        assert data.tensors[1].dtype == y.dtype
        assert next(iter(DataLoader(data, 2)))[0].shape == (2, len(features))


@pytest.mark.parametrize("values", [[1.0, None, 3.0, None], ["a", None, "b", None]])
def test_missing_values_name_their_rows(make, values):
    frame = make({"x": [1, 2, 3, 4], "y": values})
    with pytest.raises(ValueError, match=r"column 'y' has missing .* in 2 of 4 rows: 1, 3. .*drop"):
        from_frame(frame, target="y")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_name_their_rows(make, value):
    with pytest.raises(ValueError, match=r"column 'y' .* in 1 of 3 rows: 2"):
        from_frame(make({"x": [1, 2, 3], "y": [1.0, 2.0, value]}))


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean", "category", "string", "uint8"])
def test_dtypes_of_pandas(dtype):
    pandas = pytest.importorskip("pandas")
    text = dtype in ("category", "string")
    column = pandas.Series(["b", "a", "b"] if text else [1, 0, 1], dtype=dtype)
    frame = pandas.DataFrame({"x": [1.0, 2.0, 3.0], "y": column})
    data = from_frame(frame, target="y")
    assert data.tensors[1].tolist() == [1, 0, 1]
    assert data.classes == (["a", "b"] if text else None)
    if dtype != "uint8":
        frame.loc[1, "y"] = None
        with pytest.raises(ValueError, match=r"'y' has missing .* 1 of 3 rows: 1"):
            from_frame(frame, target="y")


def test_columns_of_one_name_in_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.ones((3, 2)), columns=["x", "x"])
    with pytest.raises(ValueError, match="'x' is not one column"):
        from_frame(frame)


def test_no_frame_library_is_imported():
    loaded = set(sys.modules)
    from_frame(COLUMNS, target="city")
    assert not {"pandas", "polars", "pyarrow"} & (set(sys.modules) - loaded)


DAYS = [datetime.datetime(2020, 1, i) for i in (1, 2, 3)]


@pytest.mark.parametrize(
    ("columns", "arguments", "error", "words"),
    [
        (COLUMNS, dict(target="town"), ValueError, "no column 'town'; .*'age', 'height'"),
        (COLUMNS, dict(features=["agee"]), ValueError, "no column 'agee'"),
        (COLUMNS, {}, TypeError, r"'city' holds .*\['Rome'\], not numbers.*get_dummies"),
        (COLUMNS, dict(target="age", features=["age"]), ValueError, "'age' is target and feature"),
        ({"y": [1]}, dict(target="y"), ValueError, "no column is left"),
        ({"x": [1, 2, 3], "y": DAYS}, dict(target="y"), TypeError, "target 'y' holds"),
    ],
)
def test_errors_teach(make, columns, arguments, error, words):
    with pytest.raises(error, match=words):
        from_frame(make(columns), **arguments)


def test_lazy_frame_is_collected_first():
    lazy = pytest.importorskip("polars").LazyFrame(COLUMNS)
    with pytest.raises(TypeError, match=r"LazyFrame has no data yet.*collect\(\)"):
        from_frame(lazy)


def test_what_is_no_frame_is_refused():
    with pytest.raises(TypeError, match=r"got ndarray of shape \(2,\).*TensorDataset"):
        from_frame(np.ones(2))
    with pytest.raises(ValueError, match=r"differ in length: \[1, 2\]"):
        from_frame({"a": [1], "b": [1, 2]})
