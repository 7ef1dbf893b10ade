"""Convolutions by hand, their results ordered by the place in a 2 x 2 pooling window.

`y` is (4, places, channels). Column matrices are made in blocks that stay in the cache, and made
again for the weight gradient.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.engines.numpy_limit.memory import new, ones, zeros

dot, add, multiply = np.dot, np.add, np.multiply
BLOCK = 1 << 17  # elements of a block of columns


class Statistics:
    """Sums and sums of squares for each channel, taken while the block is in the cache."""

    def begin(self, channels: int, rows: int) -> None:
        self.sums, self.squares = zeros(channels), zeros(channels)
        self.ones, self.square = ones(rows), new(rows, channels)

    def count(self, y: np.ndarray) -> None:
        ones, square = self.ones[: len(y)], self.square[: len(y)]
        add(self.sums, dot(ones, y), self.sums)
        multiply(y, y, square)
        add(self.squares, dot(ones, square), self.squares)

    def clear(self) -> None:
        self.sums.fill(0)
        self.squares.fill(0)


class FirstConvolution(Statistics):
    """Few channels: x is (height, width, channels, images), columns have images last, too."""

    def __init__(self, w: np.ndarray, dw: np.ndarray, shape: tuple[int, ...], padding: int) -> None:
        k, _, c, o = w.shape
        n, _, height, width = shape
        self.w, self.dw, self.scaled = w.reshape(-1, o), dw.reshape(-1, o), new(k * k * c, o)
        self.x = zeros(height + 2 * padding, width + 2 * padding, c, n)
        self.inside = self.x[padding : padding + height, padding : padding + width]
        rows, columns = self.x.shape[0] - k + 1, self.x.shape[1] - k + 1
        windows = sliding_window_view(self.x, (k, k), (0, 1))  # rows, columns, c, n, k, k
        windows = windows.transpose(4, 5, 2, 0, 1, 3)
        self.places = (rows // 2) * (columns // 2) * n
        self.y = new(4, self.places, o)
        self.t = new(k * k * c, o)
        per_row = k * k * c * (columns // 2) * n
        step = max(1, BLOCK // per_row)
        self.blocks = []
        for i in range(0, rows // 2, step):
            many = min(step, rows // 2 - i)
            matrix = new(k * k * c, many * (columns // 2) * n)
            copy = matrix.reshape(k, k, c, many, columns // 2, n)
            start = i * (columns // 2) * n
            for phase in range(4):
                p, q = divmod(phase, 2)
                source = windows[:, :, :, p + 2 * i : 2 * (i + many) : 2, q:columns:2]
                y = self.y[phase, start : start + matrix.shape[1]]
                self.blocks.append((source, copy, matrix, y))
        self.begin(o, max(len(y) for *_, y in self.blocks))

    def forward(
        self, x: np.ndarray, sign: np.ndarray | None = None, statistics: bool = False
    ) -> None:
        self.inside[...] = x.transpose(2, 3, 1, 0)
        self.sign = sign
        w = self.w if sign is None else multiply(self.w, sign, self.scaled)
        self.clear()
        for source, copy, matrix, y in self.blocks:
            np.copyto(copy, source)
            dot(matrix.T, w, y)
            if statistics:
                self.count(y)

    def backward(self) -> None:
        """The gradient of the weight from that at y, which stands in y."""
        self.dw.fill(0)
        for source, copy, matrix, y in self.blocks:
            np.copyto(copy, source)
            dot(matrix, y, self.t)
            add(self.dw, self.t, self.dw)
        if self.sign is not None:
            multiply(self.dw, self.sign, self.dw)


class InnerConvolution(Statistics):
    """x is (images, height, width, channels), padded; columns are (places, k k c)."""

    def __init__(self, w: np.ndarray, dw: np.ndarray, x: np.ndarray, padding: int) -> None:
        k, _, c, o = w.shape
        self.k, self.c, self.o, self.padding = k, c, o, padding
        self.weight, self.w, self.dw = w, w.reshape(-1, o), dw.reshape(-1, o)
        self.scaled, self.t, self.x = new(k * k * c, o), new(k * k * c, o), x
        n, self.height, self.width = len(x), x.shape[1] - k + 1, x.shape[2] - k + 1
        h, v = self.height // 2, self.width // 2
        windows = sliding_window_view(x, (k, k), (1, 2)).transpose(0, 1, 2, 4, 5, 3)
        self.y = new(4, n * h * v, o)
        step = max(1, BLOCK // (h * v * k * k * c))
        self.blocks, matrix = [], new(step * h * v, k * k * c)
        for i in range(0, n, step):
            many = min(step, n - i)
            part = matrix[: many * h * v]
            copy = part.reshape(many, h, v, k, k, c)
            for phase in range(4):
                p, q = divmod(phase, 2)
                source = windows[i : i + many, p : 2 * h : 2, q : 2 * v : 2]
                self.blocks.append(
                    (source, copy, part, self.y[phase, i * h * v : (i + many) * h * v])
                )
        self.begin(o, max(len(y) for *_, y in self.blocks))
        self.dx = new(n, x.shape[1] - 2 * padding, x.shape[2] - 2 * padding, c)
        (self.prepare_gathering if padding else self.prepare_offsets)(n)

    def forward(
        self, _x: None = None, sign: np.ndarray | None = None, statistics: bool = False
    ) -> None:
        self.sign = sign
        self.clear()
        w = self.w if sign is None else multiply(self.w, sign, self.scaled)
        for source, copy, matrix, y in self.blocks:
            np.copyto(copy, source)
            dot(matrix, w, y)
            if statistics:
                self.count(y)

    def backward(self) -> None:
        """Gradients of the weight and of x from that at y, which stands in y."""
        self.dw.fill(0)
        for source, copy, matrix, y in self.blocks:
            np.copyto(copy, source)
            dot(matrix.T, y, self.t)
            add(self.dw, self.t, self.dw)
        if self.sign is not None:
            multiply(self.dw, self.sign, self.dw)
        by_phase = self.y.reshape(4, len(self.x), self.height // 2, self.width // 2, self.o)
        for phase in range(4):
            p, q = divmod(phase, 2)
            self.spatial[:, p::2, q::2] = by_phase[phase]
        self.gather() if self.padding else self.add_offsets()

    # --- the gradient at x: with padding a convolution with the turned kernel ---------------------

    def prepare_gathering(self, n: int) -> None:
        k, o, c, b = self.k, self.o, self.c, self.k - 1 - self.padding
        padded = zeros(n, self.height + 2 * b, self.width + 2 * b, o)
        self.spatial = padded[:, b : b + self.height, b : b + self.width]
        self.turned = new(k, k, o, c)
        windows = sliding_window_view(padded, (k, k), (1, 2)).transpose(0, 1, 2, 4, 5, 3)
        _, height, width, _ = self.dx.shape
        step = max(1, 2 * BLOCK // (height * width * k * k * o))
        self.gathers, matrix = [], new(step * height * width, k * k * o)
        for i in range(0, n, step):
            target = self.dx[i : i + step]
            part = matrix[: len(target) * height * width]
            copy = part.reshape(len(target), height, width, k, k, o)
            self.gathers.append((windows[i : i + step], copy, part, target.reshape(-1, c)))

    def gather(self) -> None:
        w = self.scaled.reshape(self.weight.shape) if self.sign is not None else self.weight
        self.turned[...] = w[::-1, ::-1].transpose(0, 1, 3, 2)
        w = self.turned.reshape(-1, self.c)
        for source, copy, matrix, target in self.gathers:
            np.copyto(copy, source)
            dot(matrix, w, target)

    # --- without padding: a product for each place of the kernel, added where it belongs ----------

    def prepare_offsets(self, n: int) -> None:
        self.spatial = new(n, self.height, self.width, self.o)
        self.turned = new(self.k, self.k, self.o, self.c)
        step, area = 16, self.height * self.width
        self.share, self.offsets = new(step * area, self.c), []
        for i in range(0, n, step):
            rows = self.spatial[i : i + step].reshape(-1, self.o)
            share = self.share[: len(rows)]
            for a in range(self.k):
                for b in range(self.k):
                    window = self.dx[i : i + step, a : a + self.height, b : b + self.width]
                    whole = share.reshape(window.shape)
                    self.offsets.append((rows, self.turned[a, b], share, window, whole))

    def add_offsets(self) -> None:
        self.turned[...] = self.weight.transpose(0, 1, 3, 2)
        self.dx.fill(0)
        for rows, w, share, window, whole in self.offsets:
            dot(rows, w, share)
            add(window, whole, window)
