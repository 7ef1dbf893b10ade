"""W4 and W4b: convolutional networks by hand.

Rows of the column matrices are ordered by their place in the 2 x 2 pooling window: four matrices,
so that pooling is three calls on whole contiguous arrays. Channels are last. The first layer, with
one or three channels, has images innermost, so that its columns are copied in runs of a whole
batch. Pooling comes before what rises with it: bias and relu, and batch norm, whose weight's sign
is moved into the convolution.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.engines import Program
from benchmarks.engines.numpy_limit.convolutions import FirstConvolution, InnerConvolution
from benchmarks.engines.numpy_limit.flat import Flat, constant, updater
from benchmarks.engines.numpy_limit.memory import new, ones, zeros
from benchmarks.engines.numpy_limit.mlp import Net, apart, take_over
from benchmarks.workloads import Data, Workload

dot, multiply, add, subtract = np.dot, np.multiply, np.add, np.subtract
maximum, at_least, greater = np.maximum, np.greater_equal, np.greater
ZERO, MOMENTUM = constant(0), constant(0.1)
BLOCK = 1 << 15  # elements


class Pool:
    """The largest of four arrays (places, channels), and which it was, as numbers 0 and 1."""

    def __init__(self, z: np.ndarray) -> None:
        flat = z.reshape(4, -1)
        n = flat.shape[1]
        self.flat, self.out, self.d = flat, new(n), new(n)
        self.left, self.right, self.first = new(n), new(n), new(n)
        step = BLOCK - BLOCK % z.shape[-1]
        self.blocks = [slice(i, i + step) for i in range(0, n, step)]
        self.a, self.b = new(step), new(step)

    def forward(self) -> None:
        a, b, c, d = self.flat
        for i in self.blocks:
            t = self.a[: len(a[i])]
            at_least(a[i], b[i], self.left[i])
            at_least(c[i], d[i], self.right[i])
            maximum(a[i], b[i], out=self.out[i])
            maximum(c[i], d[i], out=t)
            at_least(self.out[i], t, self.first[i])
            maximum(self.out[i], t, out=self.out[i])

    def backward(self, affine: Any = None) -> None:
        """Send `d` back to the four, overwriting them; `affine` says what they get besides."""
        a, b, c, d = self.flat
        for i in self.blocks:
            g = self.d[i]
            s, t = self.a[: len(g)], self.b[: len(g)]
            multiply(g, self.first[i], s)
            subtract(g, s, t)
            for share, mask, x, y in (
                (s, self.left[i], a[i], b[i]),
                (t, self.right[i], c[i], d[i]),
            ):
                if affine is None:
                    multiply(share, mask, x)
                    subtract(share, x, y)
                else:
                    multiply(share, mask, mask)
                    subtract(share, mask, share)
                    affine(x)
                    affine(y)
                    add(x, mask, x)
                    add(y, share, y)


class Stage:
    """A convolution, pooling, bias, relu; or with a batch norm in place of the bias."""

    def __init__(self, conv: Any, params: Flat, grads: Flat, name: str, target: Any) -> None:
        self.conv, self.pool = conv, Pool(conv.y)
        channels = conv.y.shape[-1]
        self.z = self.pool.out.reshape(-1, channels)
        self.d = self.pool.d.reshape(-1, channels)
        self.target, self.shape = target, target.shape  # what the next layer reads
        self.mask = new(*self.shape)
        self.ones = ones(len(self.z))
        self.b, self.db = params[f"{name}.b"], grads[f"{name}.b"]

    def forward(self, x: np.ndarray | None = None) -> None:
        self.conv.forward(x)
        self.pool.forward()
        add(self.z, self.b, self.z)
        maximum(self.z.reshape(self.shape), ZERO, out=self.target)

    def backward(self, d: np.ndarray) -> None:
        """`d` is the gradient at the target."""
        greater(self.target, ZERO, self.mask)
        multiply(d, self.mask, out=self.d.reshape(self.shape))
        dot(self.ones, self.d, self.db)
        self.pool.backward()
        self.conv.backward()


class NormStage(Stage):
    """n = (z - mean) / std; y = relu(|gamma| n + beta), z being convolved with sign(gamma) W.

    dz = |gamma| / std (scattered d - sum(d) / m - n sum(d n) / m): besides d, a number times z and
    another number for each channel.
    """

    def __init__(self, conv: Any, params: Flat, grads: Flat, name: str, target: Any) -> None:
        super().__init__(conv, params, grads, name, target)
        self.gamma, self.dgamma = params[f"{name}.w"], grads[f"{name}.w"]
        self.m, channels = 4 * len(self.z), len(self.b)
        self.running_mean, self.running_var = zeros(channels), ones(channels)
        self.tile = max(1, min(len(self.z), BLOCK // 8 // channels))
        while self.pool.blocks[0].stop % (self.tile * channels) or self.z.size % (
            self.tile * channels
        ):
            self.tile -= 1
        self.wide = [new(self.tile, channels) for _ in range(2)]  # broadcasts in long runs

    def forward(self, x: np.ndarray | None = None) -> None:
        conv, m = self.conv, np.float32(self.m)
        sign = np.copysign(np.float32(1), self.gamma)
        conv.forward(x, sign, statistics=True)
        self.pool.forward()
        mean = conv.sums / m
        var = conv.squares / m - mean * mean
        self.inverse, self.mean = 1 / np.sqrt(var + np.float32(1e-5)), mean
        self.running_mean += (mean * sign - self.running_mean) * MOMENTUM
        self.running_var += (var * (m / (m - 1)) - self.running_var) * MOMENTUM
        self.slope = np.abs(self.gamma) * self.inverse
        rows, width = self.z.reshape(-1, self.wide[0].size), self.wide
        width[0][...], width[1][...] = self.slope, self.b - self.slope * mean
        out = self.d.reshape(rows.shape)  # z is needed again: d is free until backward
        multiply(rows, width[0].reshape(-1), out)
        add(out, width[1].reshape(-1), out)
        maximum(self.d.reshape(self.shape), ZERO, out=self.target)

    def backward(self, d: np.ndarray) -> None:
        greater(self.target, ZERO, self.mask)
        multiply(d, self.mask, out=self.d.reshape(self.shape))
        g, m = self.d, np.float32(self.m)
        dot(self.ones, g, self.db)
        multiply(self.z, g, self.z)
        by_n = (dot(self.ones, self.z) - self.mean * self.db) * self.inverse
        multiply(by_n, np.copysign(np.float32(1), self.gamma), self.dgamma)
        factor = self.slope * self.inverse * by_n / -m
        self.wide[0][...] = factor
        self.wide[1][...] = -self.slope * self.db / m - factor * self.mean
        scale, offset = (w.reshape(-1) for w in self.wide)
        rows = g.reshape(-1, scale.size)
        wide_slope = np.tile(self.slope, self.tile)
        multiply(rows, wide_slope, rows)

        def affine(z: np.ndarray) -> None:
            z = z.reshape(-1, scale.size)
            multiply(z, scale, z)
            add(z, offset, z)

        self.pool.backward(affine)
        self.conv.backward()


class ConvNet:
    """Stages, then a multilayer perceptron."""

    def __init__(self, workload: Workload, data: Data) -> None:
        self.lenet = workload.kind == "lenet"
        given, (batch, _, size, _) = data["params"], data["x"].shape
        convs, self.dense = (["0", "3"], ["7", "9"]) if self.lenet else (["0", "4", "8"], ["13"])
        shapes: dict[str, tuple[int, ...]] = {}
        for name in convs:
            o, c, k, _ = given[f"{name}.weight"].shape
            shapes |= {name: (k, k, c, o), f"{name}.b": (o,)}
            shapes |= {} if self.lenet else {f"{name}.w": (o,)}
        for name in self.dense:
            o, i = given[f"{name}.weight"].shape
            shapes[name] = (o, i + 1)
        self.params, self.grads, self.convs = Flat(shapes), Flat(shapes), convs
        self.last = (shapes[self.dense[0]][1] - 1) // shapes[convs[-1]][-1]
        self.take_over(given)
        self.net = Net(self.params, self.grads, self.dense, batch, tanh=False, mse=False)
        self.stages: list[Stage] = []
        padding, kind = (0, Stage) if self.lenet else (1, NormStage)
        for name in convs:
            self.add_stage(kind, name, data["x"].shape, size, padding)
            size = (size + 2 * padding - shapes[name][0] + 1) // 2

    def add_stage(self, kind: Any, name: str, shape: Any, size: int, padding: int) -> None:
        w, dw = self.params[name], self.grads[name]
        k, _, _, o = w.shape
        if not self.stages:
            conv = FirstConvolution(w, dw, shape, padding)
        else:
            conv = InnerConvolution(w, dw, self.padded, padding)
        half = (size + 2 * padding - k + 1) // 2
        if name == self.convs[-1]:
            target = self.net.x[:, :-1].reshape(shape[0], half, half, o)
            assert np.shares_memory(target, self.net.x)
        else:
            self.padded = zeros(shape[0], half + 2 * padding, half + 2 * padding, o)
            target = self.padded[:, padding : padding + half, padding : padding + half]
        if not self.stages:  # images are innermost there
            target = target.transpose(1, 2, 0, 3)
        self.stages.append(kind(conv, self.params, self.grads, name, target))

    def take_over(self, given: dict[str, np.ndarray]) -> None:
        """Copy parameters from PyTorch's layout; flattened images have their channels last here."""
        p = self.params
        for name in self.convs:
            p[name][...] = given[f"{name}.weight"].transpose(2, 3, 1, 0)
            if self.lenet:
                p[f"{name}.b"][...] = given[f"{name}.bias"]
            else:
                p[f"{name}.w"][...] = given[f"{int(name) + 1}.weight"]
                p[f"{name}.b"][...] = given[f"{int(name) + 1}.bias"]
        take_over(p, given, self.dense)
        first = p[self.dense[0]]
        first[:, :-1] = self.turned(first[:, :-1], channels_last=True)

    def turned(self, w: np.ndarray, channels_last: bool) -> np.ndarray:
        """Change the order of a weight's columns between (C, H W) and (H W, C)."""
        shape = (len(w), -1, self.last) if channels_last else (len(w), self.last, -1)
        return w.reshape(shape).swapaxes(1, 2).reshape(len(w), -1)

    def gradients(self) -> dict[str, np.ndarray]:
        """Return the gradients in PyTorch's layout."""
        g, found = self.grads, {}
        for name in self.convs:
            found[f"{name}.weight"] = g[name].transpose(3, 2, 0, 1).copy()
            if self.lenet:
                found[f"{name}.bias"] = g[f"{name}.b"].copy()
            else:
                found[f"{int(name) + 1}.weight"] = g[f"{name}.w"].copy()
                found[f"{int(name) + 1}.bias"] = g[f"{name}.b"].copy()
        found |= apart(g, self.dense)
        key = f"{self.dense[0]}.weight"
        found[key] = self.turned(found[key], channels_last=False)
        return found

    def backward(self, x: np.ndarray, y: np.ndarray) -> Any:
        """Calculate loss and gradients."""
        self.stages[0].forward(x)
        for stage in self.stages[1:]:
            stage.forward()
        loss = self.net.backward(y, to_the_input=True)
        d = self.net.dx[:, :-1].reshape(self.stages[-1].shape)
        for stage in reversed(self.stages):
            stage.backward(d)
            if stage is self.stages[1]:
                d = stage.conv.dx.transpose(1, 2, 0, 3)
            elif stage is not self.stages[0]:
                d = stage.conv.dx
        return loss


def make(workload: Workload, data: Data) -> Program:
    """Return the program."""
    net, x, y = ConvNet(workload, data), data["x"], data["y"]
    update = updater(workload, net.params.vector, net.grads.vector)

    def step() -> Any:
        loss = net.backward(x, y)
        update()
        return loss

    return Program(step, lambda: (float(net.backward(x, y)), net.gradients()))
