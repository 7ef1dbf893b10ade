"""No module at all: a dict of arrays and value_and_grad."""

import numpy as np

from autograd_core import value_and_grad
from tests.programs import wrap

rng = np.random.default_rng(0)
X = rng.standard_normal((100, 3))
y = X @ np.array([1.0, -2.0, 0.5]) + 0.1


def predict(params, x):
    return x @ params["w"] + params["b"]


def loss_fn(params, x, y):
    return np.mean((predict(params, x) - y) ** 2)


vg = wrap(value_and_grad(loss_fn))
params = {"w": np.zeros(3), "b": 0.0}
for _i in range(30):
    value, g = vg(params, X, y)
    params = {k: params[k] - 0.1 * g[k] for k in params}
result = [np.asarray(params["w"]), np.asarray(params["b"]), np.asarray(value)]
