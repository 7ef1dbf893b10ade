"""Averages of weights: EMA, SWA, the exchange for evaluation, statistics of BatchNorm."""

import signal
from contextlib import nullcontext

import numpy as np
import pytest

import nnkit as nn
from nnkit.optim import EMA, swa_utils
from nnkit.optim.swa_utils import AveragedModel, update_bn


def model(seed=0):
    nn.seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def weights(m):
    return [p.tolist() for p in m.parameters()] + [b.tolist() for b in m.buffers()]


def shifted(m, by):
    for p in m.parameters():
        p.data = p.detach().numpy() + by
    return m


WAYS = {
    "swa": ({}, lambda values: np.mean(values)),
    "swa_avg_fn": ({"avg_fn": swa_utils.get_swa_avg_fn()}, lambda values: np.mean(values)),
    "ema_avg_fn": ({"avg_fn": swa_utils.get_ema_avg_fn(0.75)}, lambda v: ema(v, 0.75)),
    "ema_multi": ({"multi_avg_fn": swa_utils.get_ema_multi_avg_fn(0.75)}, lambda v: ema(v, 0.75)),
    "own": ({"avg_fn": lambda a, c, n: np.maximum(a, c)}, max),
}


def ema(values, decay):
    average = values[0]
    for value in values[1:]:
        average = decay * average + (1 - decay) * value
    return average


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_average(way):
    kwargs, expected = WAYS[way]
    net = nn.Linear(2, 1)
    average, values = AveragedModel(net, **kwargs), [1.0, 4.0, 2.0, 8.0]
    for value in values:
        net.weight.data = np.full((1, 2), value, np.float32)
        average.update_parameters(net)
    assert average.module.weight.tolist() == [[pytest.approx(expected(values))] * 2]
    assert average.module.weight.dtype == np.float32
    assert average.n_averaged == 4
    assert net.weight.tolist() == [[8.0, 8.0]]


def test_ema_is_the_formula():
    net = nn.Linear(1, 1)
    average = EMA(net, decay=0.75)
    for value in (1.0, 4.0, 2.0):
        net.weight.data = [[value]]
        average.update_parameters(net)
    assert average.module.weight.item() == pytest.approx(ema([1.0, 4.0, 2.0], 0.75))


@pytest.mark.parametrize("use_buffers", [False, True])
def test_buffers_are_copied_or_averaged(use_buffers):
    net = model()
    average = AveragedModel(net, use_buffers=use_buffers)
    means = []
    for value in (1.0, 3.0):
        net(np.full((4, 3), value))
        means.append(net[1].running_mean.copy())
        average.update_parameters(net)
    expected = np.mean(means, axis=0) if use_buffers else means[-1]
    np.testing.assert_allclose(average.module[1].running_mean, expected, rtol=1e-6)
    assert average.module[1].num_batches_tracked == 2


def test_state_dict_goes_through_a_file(tmp_path):
    net = model()
    average = EMA(net, 0.5)
    for by in (0.5, 1.0):
        average.update_parameters(shifted(net, by))
    nn.save(average.state_dict(), tmp_path / "ema.safetensors")
    other = EMA(model(1), 0.5)
    other.load_state_dict(nn.load(tmp_path / "ema.safetensors"))
    for one in (average, other):
        one.update_parameters(net)
    assert weights(other) == weights(average)
    assert {"n_averaged", "module.0.weight"} <= set(average.state_dict())


# --- the exchange ---------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_exchanged_and_back_whatever_happens(error):
    net = model()
    average = EMA(net)
    average.update_parameters(net)
    shifted(net, 1.0)
    net(np.eye(3))
    raw, averaged = weights(net), weights(average.module)
    with pytest.raises(error) if error else nullcontext(), average.swapped_into(net) as inside:
        assert inside is net
        assert weights(net) == averaged
        assert weights(average.module) == raw
        if error:
            raise error
    assert weights(net) == raw
    assert weights(average.module) == averaged


def test_the_arrays_stay_the_same():
    net = nn.Linear(2, 2)
    array = net.weight.detach().numpy()
    average = AveragedModel(net)
    before = array.copy()
    shifted(average.module, 1.0)
    with average.swapped_into(net):
        np.testing.assert_allclose(array, before + 1)
    np.testing.assert_array_equal(array, before)


def test_an_interrupt_waits_for_the_end_of_the_exchange(monkeypatch):
    net = model()
    average = EMA(net)
    shifted(net, 1.0)
    raw, averaged = weights(net), weights(average.module)
    copies = []

    def copyto(*args, **kwargs):
        copies.append(args)
        if len(copies) == 3:
            signal.raise_signal(signal.SIGINT)
        return original(*args, **kwargs)

    original = np.copyto
    monkeypatch.setattr(np, "copyto", copyto)
    with pytest.raises(KeyboardInterrupt), average.swapped_into(net):
        pass
    monkeypatch.undo()
    assert weights(net) == raw
    assert weights(average.module) == averaged


def test_a_graph_of_the_old_weights_is_not_used():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    average = AveragedModel(net)
    shifted(average.module, 1.0)
    loss = net(np.ones((1, 2))).sum()
    with average.swapped_into(net), pytest.raises(RuntimeError, match="overwritten"):
        loss.backward()


# --- statistics -----------------------------------------------------------------------------------


@pytest.mark.parametrize("as_pairs", [False, True])
def test_statistics_are_the_mean_over_all_batches(as_pairs):
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 1)).eval()
    net[1].train()
    rng = np.random.default_rng(0)
    batches = [rng.normal(size=(5, 3)).astype(np.float32) for _ in range(4)]
    net[0].running_mean[...] = 100
    update_bn([(b, 0) for b in batches] if as_pairs else batches, net)
    means = np.mean([b.mean(axis=0) for b in batches], axis=0)
    variances = np.mean([b.var(axis=0, ddof=1) for b in batches], axis=0)
    np.testing.assert_allclose(net[0].running_mean, means, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(net[0].running_var, variances, rtol=1e-5)
    assert [m.training for m in net.modules()] == [False, False, True]
    assert net[0].momentum == 0.1


def test_statistics_survive_an_error():
    net = model().eval()
    with pytest.raises(ValueError, match="Linear"):
        update_bn([np.ones((4, 7))], net)
    assert net[1].momentum == 0.1
    assert not net.training


# --- errors ---------------------------------------------------------------------------------------


def swap_twice():
    net = nn.Linear(1, 1)
    average = AveragedModel(net)
    with average.swapped_into(net), average.swapped_into(net):
        pass


def update_inside():
    net = nn.Linear(1, 1)
    average = AveragedModel(net)
    with average.swapped_into(net):
        average.update_parameters(net)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: AveragedModel([1]), TypeError, ["averages a model"]),
        (lambda: EMA(nn.Linear(1, 1), 1.5), ValueError, ["decay", "at most 1", "1.5"]),
        (lambda: EMA(nn.Linear(1, 1), -1), ValueError, ["decay", ">= 0", "-1"]),
        (
            lambda: AveragedModel(nn.Linear(1, 1), avg_fn=max, multi_avg_fn=max),
            ValueError,
            ["not both"],
        ),
        (
            lambda: EMA(nn.Linear(1, 1)).update_parameters(nn.Linear(1, 2)),
            ValueError,
            ["the average is of a Linear with 2 parameters", "model it was made of"],
        ),
        (swap_twice, RuntimeError, ["inside of itself"]),
        (update_inside, RuntimeError, ["holds the average now"]),
    ],
)
def test_errors_teach(call, kind, words):
    with pytest.raises(kind) as info:
        call()
    assert all(word in str(info.value) for word in words), str(info.value)
