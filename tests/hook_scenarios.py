"""What hooks on modules see and change, as programs that run with nnkit and with torch alike.

Each returns a log of plain numbers and words. `tests/reference/make_hooks.py` runs them with torch.
"""

import contextlib

SCENARIOS = {}


def scenario(f):
    """Keep a scenario under its name."""
    SCENARIOS[f.__name__] = f
    return f


def numbers(x):
    """Turn Tensors in tuples into lists, rounded so that one text serves both libraries."""
    if isinstance(x, (tuple, list)):
        return [numbers(part) for part in x]
    if isinstance(x, dict):
        return {key: numbers(value) for key, value in x.items()}
    return numbers(x.tolist()) if hasattr(x, "tolist") else round(x, 5) if x is not None else None


def linear(nn, tensor, shift=0.0):
    """Make a layer with known weights."""
    layer = nn.Linear(2, 3)
    weight = [[0.1 + shift, -0.2], [0.3, 0.4 - shift], [-0.5, 0.6]]
    layer.load_state_dict({"weight": tensor(weight), "bias": tensor([0.1, 0.2, 0.3])})
    return layer


def rows(tensor, grad=True):
    return tensor([[1.0, 2.0], [-3.0, 0.5]], requires_grad=grad)


@scenario
def forward_hooks_in_order(nn, tensor):
    layer, log = nn.Identity(), []
    x = rows(tensor, False)
    layer.register_forward_pre_hook(lambda m, args: log.append(["pre", numbers(args)]))
    layer.register_forward_pre_hook(lambda m, args: args[0] + 1)
    layer.register_forward_pre_hook(lambda m, args: (args[0] * 2,), prepend=True)
    layer.register_forward_hook(lambda m, args, y: log.append(["post", numbers(args), numbers(y)]))
    layer.register_forward_hook(lambda m, args, y: y * 10)
    layer.register_forward_hook(lambda m, args, y: y - 1, prepend=True)
    return [*log, numbers(layer(x)), log]


@scenario
def keyword_arguments(nn, tensor):
    class Scale(nn.Module):
        def forward(self, x, factor=1.0):
            return x * factor

    module, log = Scale(), []
    x = rows(tensor, False)

    def pre(_module, args, kwargs):
        log.append(["pre", numbers(args), dict(kwargs)])
        return args, {"factor": kwargs["factor"] + 1}

    def post(_module, args, kwargs, y):
        log.append(["post", numbers(args), dict(kwargs), numbers(y)])
        return y + kwargs["factor"]

    module.register_forward_pre_hook(pre, with_kwargs=True)
    module.register_forward_pre_hook(lambda m, args: (args[0] + 1,))
    module.register_forward_hook(post, with_kwargs=True)
    module.register_forward_hook(lambda m, args, y: log.append(["plain", numbers(args)]))
    return [log, numbers(module(x, factor=2.0))]


@scenario
def hooks_that_are_always_called(nn, tensor):
    class Fails(nn.Module):
        def forward(self, x):
            raise KeyError("no")

    log = []
    for module in (Fails(), nn.Identity()):

        def fail(m, args, y):
            log.append("fail")
            raise ValueError("hook")

        module.register_forward_hook(lambda m, a, y: log.append(["never", y is None]))
        module.register_forward_hook(fail)
        module.register_forward_hook(
            lambda m, a, y: log.append(["always", y is None]), always_call=True
        )
        with contextlib.suppress(KeyError, ValueError):
            module(rows(tensor, False))
    return log


@scenario
def gradients_of_a_layer(nn, tensor):
    layer, log = linear(nn, tensor), []
    x = rows(tensor)
    layer.register_full_backward_hook(lambda m, gi, go: log.append(numbers([gi, go])))
    y = layer(x)
    (y * y).sum().backward()
    return [log, numbers(x.grad), numbers(layer.weight.grad)]


@scenario
def gradients_that_are_changed(nn, tensor):
    layer, log = linear(nn, tensor), []
    x = rows(tensor)
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0] * 10,))
    layer.register_full_backward_hook(lambda m, gi, go: log.append(numbers([gi, go])))
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0] + 1,), prepend=True)
    layer.register_full_backward_pre_hook(lambda m, go: (go[0] * 3,))
    layer.register_full_backward_pre_hook(lambda m, go: (go[0] + 1,), prepend=True)
    layer.register_full_backward_pre_hook(lambda m, go: log.append(numbers(go)))
    y = layer(x)
    (y * y).sum().backward()
    return [log, numbers(x.grad), numbers(layer.weight.grad)]


@scenario
def no_input_has_a_gradient(nn, tensor):
    layer, log = linear(nn, tensor), []
    layer.register_full_backward_pre_hook(lambda m, go: (go[0] * 2,))
    layer.register_full_backward_hook(lambda m, gi, go: log.append(numbers([gi, go])))
    layer(rows(tensor, False)).sum().backward()
    return [log, numbers(layer.weight.grad)]


@scenario
def several_inputs_and_outputs(nn, tensor):
    class Pair(nn.Module):
        def forward(self, x, power, y, *, z):
            return x * y + z, power, x * x

    module, log = Pair(), []
    x, y, z = rows(tensor), rows(tensor), rows(tensor)
    module.register_full_backward_hook(lambda m, gi, go: log.append(numbers([gi, go])))
    first, _, second = module(x, 2, y, z=z)
    (first.sum() + 3 * (second * second).sum() + (x * 7).sum()).backward()
    return [log, numbers(x.grad), numbers(y.grad), numbers(z.grad)]


@scenario
def a_module_that_is_called_twice(nn, tensor):
    layer, log = nn.Identity(), []
    x = rows(tensor)
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0] * 2,))
    layer.register_full_backward_hook(lambda m, gi, go: log.append(numbers([gi, go])))
    y = layer(layer(x) * 3)
    (y + x).sum().backward()
    return [log, numbers(x.grad)]


@scenario
def the_order_in_a_model(nn, tensor):
    model, log = nn.Sequential(linear(nn, tensor), nn.ReLU(), nn.Identity()), []
    for name, module in model.named_modules():
        module.register_full_backward_pre_hook(
            lambda m, go, name=name: log.append([name, "pre", numbers(go)])
        )
        module.register_full_backward_hook(
            lambda m, gi, go, name=name: log.append([name, "post", numbers(gi), numbers(go)])
        )
    model(rows(tensor)).sum().backward()
    return log


@scenario
def gradients_of_gradients(nn, tensor):
    layer, log = linear(nn, tensor), []
    x = rows(tensor)
    handle = layer.register_full_backward_hook(lambda m, gi, go: log.append(numbers(gi)))
    y = layer(x)
    (y * y * y).sum().backward(create_graph=True)
    g = x.grad
    x.grad = None
    handle.remove()
    (g * g).sum().backward()
    return [log, numbers(x.grad)]


@scenario
def hooks_that_are_taken_off(nn, tensor):
    layer, log = linear(nn, tensor), []
    handles = [
        layer.register_forward_pre_hook(lambda m, a: log.append("pre")),
        layer.register_forward_hook(lambda m, a, y: log.append("post")),
        layer.register_full_backward_pre_hook(lambda m, go: log.append("backward pre")),
        layer.register_full_backward_hook(lambda m, gi, go: log.append("backward")),
    ]
    for handle in [None, *handles]:
        if handle is not None:
            handle.remove()
        log.append("call")
        layer(rows(tensor)).sum().backward()
    return log
