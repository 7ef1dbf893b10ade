"""A convolution and its pooling, called as one operation: the numbers of the layers as written."""

import copy
from contextlib import nullcontext

import numpy as np
import pytest

import nnkit as nn
from autograd_core import blocks as chain_blocks
from autograd_core import grad, jvp, no_grad, tensor, threads, vmap
from autograd_core.threads import alone, in_two
from nnkit.functional import phases, pooled_convolution, pooled_normalization
from nnkit.layers import pooled_blocks

rng = np.random.default_rng(0)


@pytest.fixture(params=["one thread", "two threads"])
def blocks(monkeypatch, request):
    """Which fused operations were called; all tests are for two threads that share, too."""
    calls = []
    if request.param == "two threads":
        monkeypatch.setattr(phases, "can_share", lambda: True)
        monkeypatch.setattr(phases, "SHARED", 0)

    def counting(name):
        fused = getattr(pooled_blocks, name)

        def call(*args, **kwargs):
            calls.append(name)
            return fused(*args, **kwargs)

        return call

    for name in ("pooled_convolution", "normalised_pooled_convolution"):
        monkeypatch.setattr(pooled_blocks, name, counting(name))
    with alone() if request.param == "two threads" else nullcontext():
        yield calls


def images(n, c, size, dtype=np.float64, ties=False):
    x = rng.normal(size=(n, c, *size)) * 2
    return (np.round(x) if ties else x).astype(dtype)


def one_by_one(model, x):
    for layer in model:
        x = layer(x)
    return x


def results(call, model, x, learns=True):
    """Return the output, and the gradients of the input and of all that learns."""
    model.zero_grad()
    t = tensor(x, requires_grad=True) if learns else x
    y = call(model, t)
    (y * np.cos(np.arange(y.size)).reshape(y.shape).astype(x.dtype)).sum().backward()
    found = [t.grad] if learns else []
    found += [p.grad for p in model.parameters()]
    return [y.detach().numpy(), *(None if g is None else g.numpy() for g in found)]


def assert_same(a, b, tolerance):
    for mine, theirs in zip(a, b, strict=True):
        assert (mine is None) == (theirs is None)
        if mine is not None:
            assert mine.shape == theirs.shape
            assert mine.dtype == theirs.dtype
            scale = np.abs(theirs).max(initial=1e-300)
            np.testing.assert_allclose(mine, theirs, rtol=0, atol=tolerance * scale)


def as_written(model, x, **more):
    return results(one_by_one, model, x, **more)


def as_called(model, x, **more):
    return results(lambda m, t: m(t), model, x, **more)


# images, channels in and out, size, kernel, settings of the convolution
SHAPES = {
    "channels last": (3, 16, 5, (8, 6), 3, {}),
    "padding": (3, 16, 5, (8, 6), 3, {"padding": 1}),
    "same, even kernel": (2, 16, 5, (8, 6), (2, 4), {"padding": "same"}),
    "odd sizes": (3, 12, 4, (9, 10), (3, 4), {}),
    "one image": (1, 12, 4, (8, 8), 3, {"padding": (0, 2)}),
    "stride": (2, 12, 4, (13, 12), 3, {"stride": (2, 1), "padding": 1}),
    "dilation": (2, 12, 4, (10, 12), 3, {"dilation": (1, 3), "padding": 2}),
    "more padding than kernel": (2, 16, 3, (5, 6), (1, 2), {"padding": 2}),
    "shrinks, so it is spread": (2, 12, 4, (6, 6), 5, {}),
    "one channel": (17, 1, 5, (9, 8), 5, {}),
    "three channels": (9, 3, 5, (8, 9), 3, {"padding": 1}),
    "few, many images": (70, 2, 3, (6, 6), 3, {"stride": 1}),
    "rows of one image": (1, 16, 3, (50, 60), (5, 4), {"padding": 2}),
}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("n", "c", "o", "size", "kernel", "more"), SHAPES.values(), ids=SHAPES)
def test_the_numbers_are_those_of_the_layers(n, c, o, size, kernel, more, bias, blocks):
    for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 1e-5)):
        conv = nn.Conv2d(c, o, kernel, bias=bias, dtype=dtype, **more)
        x = images(n, c, size, dtype)
        for others in ([nn.ReLU(), nn.MaxPool2d(2)], [nn.MaxPool2d(2, 2), nn.ReLU()]):
            model = nn.Sequential(conv, *others)
            assert_same(as_called(model, x), as_written(model, x), tolerance)
        model = nn.Sequential(conv, nn.MaxPool2d((2, 2)), nn.Tanh())
        assert_same(as_called(model, x), as_written(model, x), tolerance)
    assert len(blocks) == 6


@pytest.mark.parametrize("c", [1, 16])
def test_at_ties_the_first_has_the_gradient(c, blocks):
    model = nn.Sequential(nn.Conv2d(c, 4, 3, dtype=np.float64), nn.ReLU(), nn.MaxPool2d(2))
    model[0].weight.data = np.round(model[0].weight.detach().numpy() * 4)
    model[0].bias.data = np.round(model[0].bias.detach().numpy() * 4)
    x = images(8, c, (8, 8), ties=True)
    found, expected = as_called(model, x), as_written(model, x)
    np.testing.assert_array_equal(found[0], expected[0])
    assert_same(found, expected, 1e-12)
    assert blocks


def test_places_that_rounding_makes_equal_are_not_tied(blocks):
    x = np.zeros((1, 16, 2, 2), np.float32)
    x[0, 0] = [[1.0, 2.0], [3.0, 0.0]]
    model = nn.Sequential(nn.Conv2d(16, 1, (1, 2), padding=(0, 1)), nn.MaxPool2d(2))
    model[0].weight.data = np.zeros((1, 16, 1, 2), np.float32)
    model[0].weight.data[0, 0, 0, 0] = 1
    model[0].bias.data = np.float32([2.0**30])
    assert as_called(model, x)[1].argmax() == 2  # the largest; x + 2^30 is 2^30 everywhere
    assert len(blocks) == 1


@pytest.mark.parametrize("c", [1, 16])
def test_what_is_not_a_number_stays_visible(c, blocks):
    model = nn.Sequential(nn.Conv2d(c, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
    x = images(8, c, (8, 8), np.float32)
    x[1, 0, 3, 3], x[2, 0, 0, 0] = np.nan, -np.inf
    with np.errstate(invalid="ignore"):
        mine, theirs = as_called(model, x), as_written(model, x)
    assert np.isnan(theirs[0]).any()
    for a, b in zip(mine[:2], theirs[:2]):
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
    np.testing.assert_allclose(mine[0], theirs[0], atol=1e-5)
    assert blocks


@pytest.mark.parametrize("c", [1, 16])
def test_any_order_in_memory_is_taken(c, blocks):
    model = nn.Sequential(nn.Conv2d(c, 3, 3, dtype=np.float64), nn.ReLU(), nn.MaxPool2d(2))
    x = images(9, c, (7, 8))
    expected = as_written(model, x)
    turned = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    for view in (turned, np.repeat(x, 2, axis=3)[..., ::2], x[:, :, ::-1].copy()[:, :, ::-1]):
        assert_same(as_called(model, view), expected, 1e-12)
    seen = model(x.astype(np.float32))
    assert seen.dtype == np.float64
    assert len(blocks) == 4


@pytest.mark.parametrize("c", [1, 16])
def test_only_what_learns_has_a_gradient(c, blocks):
    model = nn.Sequential(nn.Conv2d(c, 3, 3), nn.ReLU(), nn.MaxPool2d(2))
    x = images(8, c, (8, 8), np.float32)
    assert_same(as_called(model, x, learns=False), as_written(model, x, learns=False), 1e-5)
    model[0].weight.requires_grad_(False)
    assert_same(as_called(model, x), as_written(model, x), 1e-5)
    assert as_called(model, x)[2] is None
    with no_grad():
        y = model(x)
    assert not y.requires_grad
    np.testing.assert_allclose(y, as_written(model, x)[0], atol=1e-5)
    assert len(blocks) == 4


def test_all_orders_and_modes(blocks):
    model = nn.Sequential(nn.Conv2d(12, 2, 3, dtype=np.float64), nn.ReLU(), nn.MaxPool2d(2))
    model.requires_grad_(False)
    x, t = images(2, 12, (6, 6)), images(2, 12, (6, 6))

    def energy(call):
        return lambda x: (call(model, x) ** 3).sum()

    def slope(f):
        return lambda x: (grad(f)(x) * t).sum()

    found = []
    for call in (lambda m, x: m(x), one_by_one):
        f = energy(call)
        examples = vmap(lambda row, call=call: call(model, row[None])[0])(x)
        forward = jvp(lambda x, call=call: call(model, x), (x,), (t,))[1]
        found.append([grad(f)(x), grad(slope(f))(x), forward, examples])
    assert_same(*found, 1e-12)
    assert len(blocks) == 4


def test_a_layer_that_somebody_looks_at_is_called(blocks):
    seen = []
    x = images(2, 12, (8, 8), np.float32)
    for i in range(3):
        model = nn.Sequential(nn.Conv2d(12, 4, 3, padding=1), nn.MaxPool2d(2), nn.ReLU())
        look = model[i].register_forward_hook(lambda _m, _a, output: seen.append(output))
        with no_grad(), look:
            y = model(x)
            np.testing.assert_allclose(seen[-1], one_by_one(model[: i + 1], x), atol=1e-6)
            np.testing.assert_allclose(y, one_by_one(model, x), atol=1e-6)
        assert len(blocks) == (i == 2)
    model[0].forward = lambda x: x
    np.testing.assert_array_equal(model(x), nn.ReLU()(model[1](x)))
    assert len(blocks) == 1


class Own(nn.Conv2d):
    """A kind of one's own."""


LEFT_ALONE = {
    "groups": [nn.Conv2d(16, 4, 3, groups=2), nn.MaxPool2d(2)],
    "one element": [nn.Conv2d(16, 4, 1), nn.MaxPool2d(2)],
    "padding mode": [nn.Conv2d(16, 4, 3, padding=1, padding_mode="circular"), nn.MaxPool2d(2)],
    "stride of the pooling": [nn.Conv2d(16, 4, 3), nn.MaxPool2d(2, 1)],
    "kernel of the pooling": [nn.Conv2d(16, 4, 3), nn.MaxPool2d(3, 2)],
    "padding of the pooling": [nn.Conv2d(16, 4, 3), nn.MaxPool2d(2, padding=1)],
    "dilation of the pooling": [nn.Conv2d(16, 4, 3), nn.MaxPool2d(2, dilation=2)],
    "ceil mode": [nn.Conv2d(16, 4, 2), nn.MaxPool2d(2, ceil_mode=True)],
    "places": [nn.Conv2d(16, 4, 3), nn.MaxPool2d(2, return_indices=True)],
    "mean": [nn.Conv2d(16, 4, 3), nn.AvgPool2d(2)],
    "another kind": [Own(16, 4, 3), nn.MaxPool2d(2)],
    "float16": [nn.Conv2d(16, 4, 3, dtype=np.float16), nn.MaxPool2d(2)],
    "another layer between": [nn.Conv2d(16, 4, 3), nn.Tanh(), nn.MaxPool2d(2)],
}


@pytest.mark.parametrize("layers", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_what_does_not_fit_is_left_alone(layers, blocks):
    x = images(8, 16, (8, 8), np.float32)
    with no_grad():
        mine, theirs = nn.Sequential(*layers)(x), one_by_one(layers, x)
    pairs = zip(mine, theirs) if isinstance(mine, tuple) else [(mine, theirs)]
    for a, b in pairs:
        np.testing.assert_array_equal(a, b)
    assert not blocks


def test_errors_are_those_of_the_layers(blocks):
    model = nn.Sequential(nn.Conv2d(16, 4, 3), nn.ReLU(), nn.MaxPool2d(2))
    for shape, words in [
        ((2, 8, 8, 8), r"Conv2d\(16, 4.*got \(2, 8, 8, 8\)"),
        ((2, 16, 2, 8), "larger than the padded input"),
        ((2, 16, 3, 8), "max_pool2d: the window of size"),
    ]:
        with pytest.raises(ValueError, match=words):
            model(np.zeros(shape, np.float32))
    assert model(np.zeros((16, 8, 8), np.float32)).shape == (4, 3, 3)  # one image
    assert not blocks


def test_compiled_it_gives_the_same_bits(blocks):
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 12, 2), nn.MaxPool2d(2),
        nn.Conv2d(12, 3, 2, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    )  # fmt: skip

    def step(x):
        model.zero_grad()
        loss = (model(x) ** 2).sum()
        loss.backward()
        return loss

    compiled = nn.compile(step)
    for _ in range(4):
        x = images(8, 1, (14, 14), np.float32)
        expected = [step(x).item(), *(p.grad.numpy().copy() for p in model.parameters())]
        mine = [compiled(x).item(), *(p.grad.numpy() for p in model.parameters())]
        for a, b in zip(mine, expected, strict=True):
            np.testing.assert_array_equal(a, b)
    assert blocks and "pooled_convolution" in compiled.source


# --- with a batch norm ----------------------------------------------------------------------------


def with_norm(c, o, kernel=3, dtype=np.float64, relu=True, bias=False, norm=None, **more):
    """Return a block with weights of both signs, with zeros among them."""
    norm = norm or {}
    layers = [nn.Conv2d(c, o, kernel, bias=bias, dtype=dtype, **more)]
    layers += [nn.BatchNorm2d(o, dtype=dtype, **norm), *[nn.ReLU()] * relu, nn.MaxPool2d(2)]
    if layers[1].weight is not None:
        layers[1].weight.data = np.resize([1.5, -0.5, 0.0, 2.0, -1.0], o).astype(dtype)
        layers[1].running_mean[...] = 0.25
    return nn.Sequential(*layers)


def moved_statistics(model):
    return [b.copy() for b in model.buffers()]


NORMS = {
    "as it is": (17, 3, 6, {}, {}),
    "channels last": (3, 16, 6, {}, {}),
    "bias, padding": (2, 12, 6, {"bias": True, "padding": 1}, {}),
    "stride": (2, 12, 6, {"stride": (2, 1), "padding": 1}, {}),
    "mean of all batches": (3, 16, 5, {}, {"momentum": None}),
    "no weight": (3, 16, 5, {}, {"affine": False, "eps": 0.1}),
    "no bias": (3, 16, 5, {}, {"bias": False}),
    "nothing kept": (3, 16, 5, {}, {"track_running_stats": False, "affine": False}),
    "one image": (1, 16, 5, {}, {}),
}


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize(("n", "c", "o", "more", "norm"), NORMS.values(), ids=NORMS)
def test_with_a_norm_too(n, c, o, more, norm, relu, blocks):
    for dtype, tolerance in ((np.float64, 1e-11), (np.float32, 2e-5)):
        model = with_norm(c, o, dtype=dtype, relu=relu, norm=norm, **more)
        twin = copy.deepcopy(model)
        x = images(n, c, (12, 10) if "stride" not in more else (12, 8), dtype)
        for _ in range(2):
            mine, theirs = as_called(model, x), as_written(twin, x)
            if more.get("bias"):  # of the convolution: rounding, and nothing
                assert np.abs(theirs.pop(3)).max() < 1e-4 and not mine.pop(3).any()
            assert_same(mine, theirs, tolerance)
            assert_same(moved_statistics(model), moved_statistics(twin), tolerance)
    assert blocks == ["normalised_pooled_convolution"] * 4


def test_few_digits_are_lost_where_the_mean_is_large(blocks):
    x = images(4, 16, (10, 10)) + 1000.0
    model = with_norm(16, 5)
    single = copy.deepcopy(model).float()
    exact, found = as_written(model, x), as_called(single, x.astype(np.float32))
    kept, ours = moved_statistics(model), moved_statistics(single)
    for a, b in zip(found[:1] + ours, exact[:1] + kept, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-3)
    assert len(blocks) == 1


def test_ties_of_a_norm_go_to_the_first(blocks):
    model = with_norm(16, 5, relu=False)
    model[0].weight.data = np.round(model[0].weight.detach().numpy() * 12)
    x = images(4, 16, (8, 8), ties=True)
    assert_same(as_called(model, x), as_written(model, x), 1e-11)
    assert blocks


@pytest.mark.parametrize(("n", "c", "o", "more", "norm"), NORMS.values(), ids=NORMS)
def test_in_evaluation_a_norm_goes_into_the_kernel(n, c, o, more, norm, blocks):
    model = with_norm(c, o, norm=norm, **more).eval()
    for many, size in ((max(n, 8), (12, 8)), (max(n, 8), (7, 9)), (1, (4, 4))):
        x = images(many, c, size)  # the last has too few places
        before = moved_statistics(model)
        assert_same(as_called(model, x), as_written(model, x), 1e-11)
        assert_same(moved_statistics(model), before, 0)
    kept = norm.get("track_running_stats", True)
    assert blocks == ["pooled_convolution"] * 2 * kept


def test_a_norm_is_called_where_it_does_not_fit(blocks):
    model = with_norm(16, 5)
    twin = copy.deepcopy(model)
    x = images(2, 16, (8, 9))
    assert_same(as_called(model, x), as_written(twin, x), 1e-11)  # an odd size
    assert_same(moved_statistics(model), moved_statistics(twin), 1e-11)
    with model[1].register_forward_hook(lambda *_: None), no_grad():
        model(x[..., :8])
    with pytest.raises(ValueError, match="running statistics under vmap"):
        vmap(lambda row: model(row[None]))(x[..., :8])
    with pytest.raises(ValueError, match=r"BatchNorm2d\(4.*got \(2, 5, 6, 6\)"):
        nn.Sequential(model[0], nn.BatchNorm2d(4), model[3])(x[..., :8])
    assert not blocks


def test_all_orders_and_modes_with_a_norm(blocks):
    model = with_norm(12, 3).requires_grad_(False)
    x, t = images(2, 12, (6, 6)), images(2, 12, (6, 6))
    found = []
    for call in (lambda m, x: m(x), one_by_one):

        def f(x, call=call):
            return (call(model, x) ** 3).sum()

        second = grad(lambda x, f=f: (grad(f)(x) * t).sum())(x)
        found.append([grad(f)(x), second, jvp(lambda x, call=call: call(model, x), (x,), (t,))[1]])
    assert_same(*found, 1e-10)
    assert len(blocks) == 3


def test_a_norm_compiled_keeps_its_statistics(blocks):
    model = nn.Sequential(*with_norm(1, 12, dtype=np.float32), *with_norm(12, 4, dtype=np.float32))
    twin = copy.deepcopy(model)

    def step_of(model):
        optimizer = nn.optim.SGD(model.parameters(), 0.1)

        def step(x):
            optimizer.zero_grad()
            loss = (model(x) ** 2).mean()
            loss.backward()
            optimizer.step()
            return loss

        return step

    compiled, step = nn.compile(step_of(model)), step_of(twin)
    for i in range(8):
        if i == 5:
            assert "normalised_pooled_convolution" in compiled.source
            model.eval(), twin.eval()
        x = images(8, 1, (14, 14), np.float32)
        assert compiled(x).item() == step(x).item()
        for a, b in zip(model.state_dict().values(), twin.state_dict().values(), strict=True):
            np.testing.assert_array_equal(a, b)
    assert blocks


class Library:
    """Stands for a BLAS with two threads."""

    num_threads = 2

    def set_num_threads(self, n):
        self.num_threads = n


@pytest.mark.parametrize("norm", [True, False])
def test_a_compiled_step_holds_blas_while_two_threads_share(norm, monkeypatch):
    for module in (phases, chain_blocks):
        monkeypatch.setattr(module, "can_share", lambda: True)
    monkeypatch.setattr(phases, "SHARED", 0)
    monkeypatch.setattr(threads, "libraries", lambda: [Library()])
    held = []

    def noting(run, parts):
        held.append(threads.sharing.get())
        return in_two(run, parts)

    for module in (phases, pooled_convolution, pooled_normalization):
        monkeypatch.setattr(module, "in_two", noting)
    layers = [nn.Conv2d(3, 8, 3), *([nn.BatchNorm2d(8)] if norm else []), nn.ReLU()]
    nn.seed(0)
    model = nn.Sequential(*layers, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 9, 2))
    twin = copy.deepcopy(model)
    data = images(10, 3, (8, 8), np.float32)

    def gradients(model):
        model.zero_grad()
        (model(data) ** 2).mean().backward()

    step = nn.compile(lambda: gradients(model), exact=True)
    for _ in range(5):
        step()
        assert not threads.sharing.get()
        gradients(twin)
        for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
            np.testing.assert_array_equal(mine.grad.numpy(), theirs.grad.numpy())
    assert True in held and False in held  # compiled, and as it is
    assert "two threads share the images" in step.report()
