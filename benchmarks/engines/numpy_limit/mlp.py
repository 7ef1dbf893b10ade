"""W1 to W3: multilayer perceptrons by hand.

Everything is transposed: activations are (features, batch) with a last row of ones, weights
(out, in + 1) with the bias as last column. So one product is a whole affine map, one more its
weight and bias gradients, and every operand of an elementwise call is contiguous.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from benchmarks.engines import Program
from benchmarks.engines.numpy_limit.flat import CrossEntropy, Flat, constant, updater
from benchmarks.engines.numpy_limit.memory import new, ones
from benchmarks.workloads import Data, Workload

dot, multiply, subtract, tanh = np.dot, np.multiply, np.subtract, np.tanh
maximum, greater = np.maximum, np.greater


class Layer:
    """The buffers and views of one affine map and the activation after it."""

    def __init__(self, weight: np.ndarray, grad: np.ndarray, x: np.ndarray, last: bool) -> None:
        out, batch = len(weight), x.shape[1]
        self.weight, self.grad, self.x, self.xT = weight, grad, x, x.T
        self.weightT = weight.T
        rows = out + (not last)
        self.augmented = ones(rows, batch)
        self.h = self.augmented[:out]
        # Its last row is of no use, but a product with all of the weight needs no copy of a part.
        self.whole = new(rows, batch)
        self.d, self.t = self.whole[:out], new(*self.h.shape)


class Net:
    """Layers one after the other, `names` in `params` and `grads`, and the loss."""

    def __init__(
        self, params: Flat, grads: Flat, names: list[str], batch: int, tanh: bool, mse: bool
    ) -> None:
        self.tanh, self.mse = tanh, mse
        widths = [params[names[0]].shape[1] - 1, *(len(params[name]) for name in names)]
        self.x = ones(batch, widths[0] + 1)  # as it comes: the one transposed operand
        self.layers, x = [], self.x.T
        for name in names:
            self.layers.append(Layer(params[name], grads[name], x, last=name == names[-1]))
            x = self.layers[-1].augmented
        self.dx = new(*self.x.shape)
        self.loss = CrossEntropy(widths[-1], batch)
        self.scale, self.mean = constant(2 / x.size), np.float32(1 / x.size)
        self.one, self.zero = constant(1), constant(0)

    def backward(self, y: np.ndarray, to_the_input: bool = False) -> Any:
        """Calculate loss and all gradients, from what is in `x`."""
        forward = tanh if self.tanh else None
        layers = self.layers
        for layer in layers[:-1]:
            h = layer.h
            dot(layer.weight, layer.x, h)
            if forward:
                tanh(h, h)
            else:
                maximum(h, self.zero, out=h)
        layer = layers[-1]
        dot(layer.weight, layer.x, layer.h)
        d = layer.h
        if self.mse:
            subtract(d, y.T, d)
            flat = d.reshape(-1)
            loss = dot(flat, flat) * self.mean
            multiply(d, self.scale, d)
        else:
            loss = self.loss.forward_backward(d, y)
        for below, layer in zip(layers[-2::-1], layers[:0:-1]):
            dot(d, layer.xT, layer.grad)
            dot(layer.weightT, d, below.whole)
            d, h, t = below.d, below.h, below.t
            if forward:
                multiply(h, h, t)
                subtract(self.one, t, t)
            else:
                greater(h, self.zero, t)  # as numbers: multiplying by booleans converts them
            multiply(d, t, d)
        dot(d, layers[0].xT, layers[0].grad)
        if to_the_input:
            dot(d.T, layers[0].weight, self.dx)
        return loss


def take_over(params: Flat, given: dict[str, np.ndarray], names: list[str]) -> None:
    """Copy weights and biases beside each other."""
    for name in names:
        params[name][:, :-1] = given[f"{name}.weight"]
        params[name][:, -1] = given[f"{name}.bias"]


def apart(grads: Flat, names: list[str]) -> dict[str, np.ndarray]:
    """Return gradients of weights and biases."""
    found = {}
    for name in names:
        g = grads[name]
        found |= {f"{name}.weight": g[:, :-1].copy(), f"{name}.bias": g[:, -1].copy()}
    return found


def make(workload: Workload, data: Data) -> Program:
    """Return the program."""
    sizes, x, y = workload.sizes, data["x"], data["y"]
    widths = sizes["widths"]
    shapes = {str(2 * i): (o, n + 1) for i, (n, o) in enumerate(itertools.pairwise(widths))}
    params, grads, names = Flat(shapes), Flat(shapes), list(shapes)
    take_over(params, data["params"], names)
    of_tanh, mse = sizes["activation"] == "tanh", sizes["loss"] == "mse"
    net = Net(params, grads, names, sizes["batch"], of_tanh, mse)
    update, inputs = updater(workload, params.vector, grads.vector), net.x[:, :-1]

    def step() -> Any:
        inputs[...] = x
        loss = net.backward(y)
        update()
        return loss

    def first() -> Any:
        inputs[...] = x
        return float(net.backward(y)), apart(grads, names)

    return Program(step, first)
