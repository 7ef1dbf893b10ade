"""Toy and bundled sets, and scaling: shapes, classes, and what can be undone."""

import sys

import numpy as np
import pytest

import nnkit as nn
from nnkit import data
from nnkit.data import MinMax, Standardize, load_bundled

MAKERS = {
    "moons": data.make_moons,
    "circles": data.make_circles,
    "spirals": data.make_spirals,
    "blobs": data.make_blobs,
    "curve": lambda n=100, **settings: data.make_curve("sine", n, **settings),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_toy_sets_repeat_with_their_seed(make):
    X, y = make(101, seed=3)
    assert (len(X), len(y), X.dtype) == (101, 101, np.float32)
    assert y.dtype == (np.float32 if y.ndim == 2 else np.int64)
    np.testing.assert_array_equal(make(101, seed=3)[0], X)
    np.testing.assert_array_equal(make(101, seed=np.random.default_rng(3))[0], X)
    assert not np.array_equal(make(101, seed=4)[0], X)
    nn.seed(1)
    first = make(101)[0]
    assert not np.array_equal(make(101)[0], first)
    nn.seed(1)
    np.testing.assert_array_equal(make(101)[0], first)
    if y.ndim == 1:
        sizes = np.bincount(y)
        assert sizes.max() - sizes.min() <= 1
        assert (np.diff(y) < 0).any()  # shuffled


def test_points_without_noise_are_on_their_figures():
    X, y = data.make_moons(50, noise=0)
    centre = np.where(y[:, None], [1, 0.5], [0, 0])
    np.testing.assert_allclose(np.linalg.norm(X - centre, axis=1), 1, atol=1e-6)
    assert (X[y == 0, 1] >= -1e-6).all() and (X[y == 1, 1] <= 0.5 + 1e-6).all()
    X, y = data.make_circles(50, noise=0, factor=0.3)
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), np.where(y, 0.3, 1), atol=1e-6)
    X, y = data.make_spirals(60, noise=0, n_classes=3, turns=0.5)
    radius = np.linalg.norm(X, axis=1)
    angle = np.pi * radius + 2 * np.pi * y / 3
    np.testing.assert_allclose(X[:, 0], radius * np.cos(angle), atol=1e-5)
    X, y = data.make_blobs(6, [[0, 0, 1], [5, 5, 5]], cluster_std=0)
    np.testing.assert_array_equal(X, np.where(y[:, None], [5, 5, 5], [0, 0, 1]))
    assert data.make_blobs(9, 4, n_features=5)[0].shape == (9, 5)


@pytest.mark.parametrize("kind", ["sine", "cubic", "abs", "step", "chirp", np.cos])
def test_curves(kind):
    X, y = data.make_curve(kind, 50, noise=0)
    assert X.shape == y.shape == (50, 1)
    assert abs(X).max() <= 1 and (np.diff(X[:, 0]) >= 0).all() and abs(y).max() <= 1
    noisy = data.make_curve(kind, 2000, noise=0.5, seed=0)[1]
    calm = data.make_curve(kind, 2000, noise=0, seed=0)[1]
    assert 0.47 < (noisy - calm).std() < 0.53


def test_noise_has_the_standard_deviation_asked_for():
    noisy, calm = data.make_moons(4000, 0.3, seed=0)[0], data.make_moons(4000, 0, seed=0)[0]
    assert 0.28 < (noisy - calm).std() < 0.32


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [
        ("iris", (150, 4), 3),
        ("wine", (178, 13), 3),
        ("breast_cancer", (569, 30), 2),
        ("digits", (1797, 64), 10),
        ("diabetes", (442, 10), None),
    ],
)
def test_bundled_sets(name, shape, classes):
    pytest.importorskip("sklearn")
    bundled = load_bundled(name)
    X, y = bundled.tensors
    assert (X.shape, X.dtype, len(bundled.features)) == (shape, np.float32, shape[1])
    if classes is None:
        assert (y.shape, y.dtype, bundled.classes) == ((shape[0], 1), np.float32, None)
    else:
        assert len(bundled.classes) == y.max() + 1 == classes
        assert f"{classes} classes" in repr(bundled)


def test_bundled_sets_say_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r"scikit-learn: pip install 'nnkit\[datasets\]'"):
        load_bundled("iris")


RNG = np.random.default_rng(0)
TABLE = RNG.normal([3, -100, 0], [2, 50, 1e-3], (200, 3))
IMAGES = RNG.integers(0, 256, (20, 3, 4, 4)).astype(np.uint8)


@pytest.mark.parametrize("X", [TABLE, TABLE.astype(np.float32), TABLE[:, 0], IMAGES[:, 0]])
@pytest.mark.parametrize("scaling", [Standardize(), MinMax(), MinMax(-1, 3)])
def test_scaling_and_back(X, scaling):
    Z = scaling.fit_transform(X)
    assert Z.dtype == (X.dtype if X.dtype.kind == "f" else np.float32)
    tolerance = 1e-10 if Z.dtype == np.float64 else 1e-4
    if isinstance(scaling, Standardize):
        np.testing.assert_allclose(Z.mean(axis=0), 0, atol=tolerance)
        np.testing.assert_allclose(Z.std(axis=0), 1, atol=tolerance)
    else:
        np.testing.assert_allclose(Z.min(axis=0), scaling.low, atol=tolerance)
        np.testing.assert_allclose(Z.max(axis=0), scaling.high, atol=tolerance)
    np.testing.assert_allclose(scaling.inverse(Z), X, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(scaling.transform(X[:5]), Z[:5])


def test_standardizing_channels_of_images():
    scaling = Standardize(axis=(0, 2, 3)).fit(IMAGES)
    assert scaling.mean.shape == scaling.std.shape == (1, 3, 1, 1)
    Z = scaling.transform(IMAGES)
    np.testing.assert_allclose(Z.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    assert scaling.transform(np.zeros((2, 3, 8, 8))).shape == (2, 3, 8, 8)
    with pytest.raises(ValueError, match=r"shape \(any, 3, any, any\), got \(2, 1, 4, 4\)"):
        scaling.transform(np.zeros((2, 1, 4, 4)))


@pytest.mark.parametrize(("scaling", "expected"), [(Standardize(), 0), (MinMax(2, 5), 2)])
def test_constant_features_keep_finite(scaling, expected):
    X = np.full((7, 1), 0.1)
    np.testing.assert_allclose(scaling.fit_transform(X), expected, atol=1e-12)
    np.testing.assert_allclose(scaling.inverse(scaling.transform(X)), X)


BAD = np.array([[1.0], [np.nan], [2.0], [np.inf]])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: data.make_moons(0), ValueError, "n_samples .* got 0"),
        (lambda: data.make_moons(noise=-1), ValueError, "noise .* got -1"),
        (lambda: data.make_moons(noise=np.nan), ValueError, "noise .* got nan"),
        (lambda: data.make_circles(factor=1), ValueError, "factor .* got 1"),
        (lambda: data.make_spirals(n_classes=0), ValueError, "n_classes .* got 0"),
        (lambda: data.make_blobs(centers=[1, 2]), ValueError, r"centers .* shape \(2,\)"),
        (lambda: data.make_curve("sinus"), ValueError, "sine, cubic.*got 'sinus'"),
        (lambda: load_bundled("boston"), ValueError, "iris, wine.*got 'boston'"),
        (lambda: Standardize().fit(BAD), ValueError, "2 of 4 rows: 1, 3"),
        (lambda: MinMax().fit(np.zeros((0, 2))), ValueError, r"no numbers \(shape \(0, 2\)\)"),
        (lambda: Standardize().transform(TABLE), ValueError, "before fit"),
        (lambda: MinMax().inverse(TABLE), ValueError, "inverse before fit"),
        (lambda: MinMax(1, 1), ValueError, "low must be below high"),
        (lambda: Standardize().fit([1j]), TypeError, "real numbers"),
        (
            lambda: Standardize().fit(TABLE).transform(TABLE[:, :2]),
            ValueError,
            r"\(any, 3\), got \(200, 2\)",
        ),
    ],
)
def test_errors_teach(call, error, words):
    with pytest.raises(error, match=words):
        call()
