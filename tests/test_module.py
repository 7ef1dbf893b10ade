"""Module and Parameter: finding parts, state, modes, dtypes, hooks, copies, and what errors say."""

import copy
from collections import OrderedDict

import numpy as np
import pytest

import nnkit as nn
from autograd_core import AutogradError, Tensor


class Block(nn.Module):
    """A module of one's own, without super().__init__(), with a buffer and a part used twice."""

    def __init__(self):
        self.fc1 = nn.Linear(3, 4)
        self.again = self.fc1
        self.scale = nn.Parameter([2.0])
        self.register_buffer("mean", np.zeros(4, np.float32))
        self.register_buffer("cache", np.ones(2), persistent=False)
        self.name = "a plain attribute"

    def forward(self, x):
        return (self.fc1(x) - self.mean) * self.scale


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Block()
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(4, 2, bias=False))

    def forward(self, x):
        return self.head(self.encoder(x))


def names(pairs):
    return [name for name, _ in pairs]


def test_parts_are_found_in_order_and_once():
    model = Model()
    assert names(model.named_parameters()) == [
        "encoder.scale",
        "encoder.fc1.weight",
        "encoder.fc1.bias",
        "head.1.weight",
    ]
    assert names(model.named_modules()) == [
        "",
        "encoder",
        "encoder.fc1",
        "head",
        "head.0",
        "head.1",
    ]
    assert names(model.named_children()) == ["encoder", "head"]
    assert names(model.named_buffers()) == ["encoder.mean", "encoder.cache"]
    assert names(model.named_parameters(recurse=False)) == []
    assert names(model.encoder.named_parameters(prefix="e", recurse=False)) == ["e.scale"]
    assert "encoder.again.weight" in names(model.named_parameters(remove_duplicate=False))


def test_state_dict_has_every_name_and_no_memory_of_the_model():
    model = Model()
    state = model.state_dict()
    assert list(state) == [
        "encoder.scale",
        "encoder.mean",
        "encoder.fc1.weight",
        "encoder.fc1.bias",
        "encoder.again.weight",
        "encoder.again.bias",
        "head.1.weight",
    ]
    state["head.1.weight"][...] = 7
    assert not (model.head[1].weight == 7).any()
    assert list(model.head.state_dict(prefix="h.")) == ["h.1.weight"]


def test_load_state_dict_goes_into_the_same_arrays():
    one, two = Model(), Model()
    memory = two.head[1].weight.detach().numpy()
    assert two.load_state_dict(one.state_dict()) == ([], [])
    np.testing.assert_array_equal(memory, one.head[1].weight.detach())
    x = np.ones((2, 3), np.float32)
    np.testing.assert_array_equal(one(x).detach(), two(x).detach())


def test_load_state_dict_not_strict_reports_what_it_left_out():
    model = Model()
    state = model.state_dict()
    del state["encoder.scale"]
    state["other"] = np.zeros(1)
    assert model.load_state_dict(state, strict=False) == (["encoder.scale"], ["other"])


def test_a_state_dict_that_does_not_fit_changes_nothing():
    model = Model()
    before = model.state_dict()
    bad = {k: v + 1 for k, v in before.items()} | {"head.1.weight": np.zeros((5, 5))}
    with pytest.raises(AutogradError, match=r"head.1.weight: Model has \(2, 4\)"):
        model.load_state_dict(bad)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_modes_gradients_and_freezing():
    model = Model()
    assert all(not m.training for m in model.eval().modules())
    assert all(m.training for m in model.train().modules())
    model(np.ones((1, 3))).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad(set_to_none=False)
    assert all((p.grad == 0).all() for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())
    model.encoder.requires_grad_(False)
    model(np.ones((1, 3))).sum().backward()
    assert [n for n, p in model.named_parameters() if p.grad is not None] == ["head.1.weight"]


def test_dtype_is_float32_and_changes_as_a_whole():
    model = Model()
    assert {p.dtype for p in model.parameters()} == {np.dtype(np.float32)}
    model(np.ones((1, 3))).sum().backward()
    identities = [id(p) for p in model.parameters()]
    assert model.double() is model
    assert identities == [id(p) for p in model.parameters()]
    assert {v.dtype for v in model.state_dict().values()} == {np.dtype(np.float64)}
    assert {p.grad.dtype for p in model.parameters()} == {np.dtype(np.float64)}
    y = model(np.ones((1, 3)))
    model.zero_grad()
    y.sum().backward()
    assert (y.dtype, model.head[1].weight.grad.dtype) == (np.float64, np.float64)
    assert {v.dtype for v in model.float().to("cpu").state_dict().values()} == {
        np.dtype(np.float32)
    }


@pytest.mark.parametrize("scalar", [2, 2.0, np.float32(2)])
def test_a_float32_model_stays_float32(scalar):
    model = nn.Sequential(
        nn.Linear(3, 4), nn.GELU(), nn.Dropout(0.5), nn.Linear(4, 4), nn.Tanh(), nn.Sigmoid()
    )
    seen = []
    for module in model:
        module.register_forward_hook(lambda _m, _args, output: seen.append(output.dtype))
    x = np.ones((5, 3)) * scalar  # float64, as NumPy makes it
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)(model(x) * scalar, np.zeros(5, int))
    loss.backward()
    optimizer = nn.optim.Adam(model.parameters(), weight_decay=0.1)
    optimizer.step()
    seen += [loss.dtype] + [p.grad.dtype for p in model.parameters()]
    seen += [p.dtype for p in model.parameters()]
    seen += [s["exp_avg"].dtype for s in optimizer.state.values()]
    assert set(seen) == {np.dtype(np.float32)}


def test_hooks_see_and_change_and_go():
    layer, calls = nn.Linear(2, 2), []
    pre = layer.register_forward_pre_hook(lambda m, args: (args[0] * 0,))
    post = layer.register_forward_hook(lambda m, args, y: calls.append((m, args, y)))
    y = layer(np.ones((1, 2)))
    assert calls[0][0] is layer
    assert (calls[0][1][0] == 0).all() and calls[0][2] is y
    np.testing.assert_array_equal(y.detach()[0], layer.bias.detach())
    pre.remove()
    post.remove()
    post.remove()
    layer(np.ones((1, 2)))
    assert len(calls) == 1
    with layer.register_forward_hook(lambda m, args, y: y + 100):
        assert (layer(np.zeros((1, 2))) > 50).all()
    assert (layer(np.zeros((1, 2))) < 50).all()


def test_a_copy_is_a_model_of_its_own():
    model = Model()
    twin = copy.deepcopy(model)
    assert twin.encoder.again is twin.encoder.fc1
    x = np.ones((1, 3), np.float32)
    (model(x).sum() - twin(x).sum()).backward()  # both in one graph
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        np.testing.assert_array_equal(p.detach(), q.detach())
        assert (p.grad == -q.grad).all()
        assert not np.shares_memory(p.detach().numpy(), q.detach().numpy())


def test_apply_visits_the_innermost_first():
    order = []
    Model().apply(lambda m: order.append(type(m).__name__))
    assert order == ["Linear", "Linear", "Block", "ReLU", "Linear", "Sequential", "Model"]


def test_submodules_and_parameters_by_path():
    model = Model()
    assert model.get_submodule("encoder.fc1") is model.encoder.fc1
    assert model.get_submodule("") is model
    assert model.get_parameter("head.1.weight") is model.head[1].weight
    with pytest.raises(ValueError, match=r"encoder has no part 'fc2'; its parts are: fc1, again"):
        model.get_submodule("encoder.fc2")
    with pytest.raises(ValueError, match=r"head.1 has no parameter 'bias'; it has: weight"):
        model.get_parameter("head.1.bias")


def test_repr_shows_the_tree():
    assert repr(Model()) == (
        "Model(\n"
        "  (encoder): Block(\n"
        "    (fc1): Linear(in_features=3, out_features=4, bias=True)\n"
        "    (again): Linear(in_features=3, out_features=4, bias=True)\n"
        "  )\n"
        "  (head): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Linear(in_features=4, out_features=2, bias=False)\n"
        "  )\n"
        ")"
    )


def test_parameter_is_a_tensor_with_memory_of_its_own():
    source = np.arange(6.0).reshape(2, 3).T
    p = nn.Parameter(source)
    assert isinstance(p, Tensor) and p.requires_grad and p.is_leaf
    assert (p.dtype, nn.Parameter(source, dtype=np.float64).dtype) == (np.float32, np.float64)
    assert p.detach().numpy().flags.c_contiguous
    p.detach().numpy()[...] = 0
    assert source[2, 1] == 5
    assert repr(p).startswith("Parameter containing:\nTensor(")
    assert nn.Parameter(3.0).shape == ()
    assert not isinstance(p * 2, nn.Parameter)
    assert not nn.Parameter([1.0], requires_grad=False).requires_grad


# --- containers -----------------------------------------------------------------------------------


def test_sequential_indexes_slices_and_grows():
    layers = [nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)]
    model = nn.Sequential(*layers)
    assert (len(model), model[0], model[-1]) == (3, layers[0], layers[2])
    assert list(model[1:]) == layers[1:]
    assert list(model[1:].state_dict()) == ["1.weight", "1.bias"]
    model[1] = nn.Tanh()
    model.append(nn.Sigmoid()).insert(0, nn.Identity())
    assert [type(m).__name__ for m in model] == ["Identity", "Linear", "Tanh", "Linear", "Sigmoid"]
    assert list(model.state_dict()) == ["1.weight", "1.bias", "3.weight", "3.bias"]
    del model[0]
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    with pytest.raises(IndexError, match="has 4 modules; index 4"):
        model[4]


def test_sequential_of_names():
    model = nn.Sequential(OrderedDict(first=nn.Linear(2, 2), act=nn.ReLU()))
    assert list(model.state_dict()) == ["first.weight", "first.bias"]
    assert model.first is model[0]
    assert list(model[:1].state_dict()) == ["first.weight", "first.bias"]


def test_module_list_registers_its_modules():
    class Stack(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

    stack = Stack()
    assert names(stack.named_parameters())[:2] == ["layers.0.weight", "layers.0.bias"]
    assert len(list(stack.parameters())) == 6
    assert stack(np.ones((4, 2))).shape == (4, 2)
    assert len(stack.layers[1:]) == 2
    with pytest.raises(NotImplementedError, match="use Sequential"):
        stack.layers(1)


# --- where an error happened ----------------------------------------------------------------------


def test_an_error_names_its_place_in_the_model():
    words = r"^encoder\.fc1: Linear\(in_features=3\) got \(4, 5\)\."
    with pytest.raises(ValueError, match=words):
        Model()(np.ones((4, 5)))


def test_an_error_of_numpy_gets_a_note_with_its_place():
    class Broken(nn.Module):
        def forward(self, x):
            return np.zeros(3) + np.zeros(2)

    model = nn.Sequential(nn.ReLU(), nn.Sequential(Broken()))
    with pytest.raises(ValueError, match="broadcast") as caught:
        model(np.ones(2))
    assert caught.value.__notes__ == ["... in 1.0, a Broken"]


def test_a_good_call_costs_no_place():
    model = nn.Sequential(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="0: Linear"):
        model(np.ones(3))
    assert model(np.ones(2)).shape == (2,)


def test_a_buffer_that_is_assigned_is_registered():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Buffer([1.0, 2.0])
            self.seen = nn.Buffer(np.zeros(1), persistent=False)

    module = Scaled()
    assert type(module.scale) is np.ndarray and list(module.state_dict()) == ["scale"]
    assert [name for name, _ in module.named_buffers()] == ["scale", "seen"]
    module.scale = nn.Buffer([3.0])
    assert module.get_buffer("scale").tolist() == [3.0]


def test_parts_are_found_and_exchanged_by_their_paths():
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), nn.ReLU())
    assert net.get_buffer("0.1.running_mean") is net[0][1].running_mean
    with pytest.raises(ValueError, match=r"0.1 has no buffer 'mean'; it has: running_mean, runn"):
        net.get_buffer("0.1.mean")
    new = nn.Linear(2, 3)
    net.set_submodule("0.0", new)
    assert net[0][0] is new and [name for name, _ in net[0].named_children()] == ["0", "1"]
    net.set_submodule("0.more", nn.Tanh())
    with pytest.raises(ValueError, match="no part 'x'"):
        net.set_submodule("0.x", nn.Tanh(), strict=True)
    with pytest.raises(ValueError, match="the path is empty"):
        net.set_submodule("", nn.Tanh())
    with pytest.raises(TypeError, match="needs a Module"):
        net.set_submodule("0.0", np.tanh)


def test_half_precision_and_the_only_device():
    net = nn.Linear(2, 3)
    assert net.cpu() is net and net.half() is net and net.weight.dtype == np.float16
    assert net(np.ones((1, 2))).dtype == np.float16
