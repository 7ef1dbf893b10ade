"""A model and an optimizer of a few lines, with just the surface that a run looks at."""

import numpy as np


class FakeParameter:
    """An array with a gradient."""

    def __init__(self, array):
        self.array = np.array(array, dtype=np.float32)
        self.grad = None

    def detach(self):
        return self

    def numpy(self):
        return self.array


class FakeModel:
    """Parameters by name."""

    def __init__(self, **arrays):
        self.parameters = {n.replace("__", "."): FakeParameter(a) for n, a in arrays.items()}

    def named_parameters(self):
        return self.parameters.items()

    def set_grad(self, **grads):
        for name, grad in grads.items():
            self.parameters[name.replace("__", ".")].grad = np.asarray(grad, dtype=np.float32)


class Hook:
    """The handle that a registration returns."""

    def __init__(self, hooks, hook):
        self.hooks, self.hook = hooks, hook
        hooks.append(hook)

    def remove(self):
        self.hooks.remove(self.hook)


class FakeSGD:
    """Plain gradient descent with the two hook registrations."""

    def __init__(self, model, lr=0.1, groups=None):
        self.model = model
        self.param_groups = groups or [{"lr": lr}]
        self.before, self.after = [], []

    def register_step_pre_hook(self, hook):
        return Hook(self.before, hook)

    def register_step_post_hook(self, hook):
        return Hook(self.after, hook)

    def step(self):
        for hook in list(self.before):
            hook(self, (), {})
        for _, parameter in self.model.named_parameters():
            if parameter.grad is not None:
                parameter.array -= np.float32(self.param_groups[0]["lr"]) * parameter.grad
        for hook in list(self.after):
            hook(self, (), {})
