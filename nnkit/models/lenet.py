"""LeNet: the convolutional network that read the digits on cheques."""

from __future__ import annotations

from typing import Any

from autograd_core.errors import ArgumentError, ShapeError
from nnkit import layers
from nnkit.functional.operands import as_array
from nnkit.layers.linear import check_sizes
from nnkit.models.chain import Chain, activation_layer
from nnkit.module import Module

__all__ = ["LeNet"]

POOLINGS = {"avg": layers.AvgPool2d, "max": layers.MaxPool2d}


class LeNet(Chain):
    """LeNet-5: two convolutions with pooling, then three Linear layers.

    Parameters
    ----------
    classes : int, default 10
    channels : int, default 1
        Of the pictures: 1 for grey values, 3 for colours.
    image_size : int, default 28
        Height and width of the pictures, S.
    padding : int, default 2
        Rows and columns of zeros around them. Pictures of 28 become 32, which is what the paper
        has; for pictures of 32 set it to 0.
    activation : str or class of Module, default "tanh"
        As in `MLP`. Today one would take "relu".
    pooling : {"avg", "max"}, default "avg"
    dtype : dtype, default float32

    Attributes
    ----------
    conv1, conv2 : Conv2d
        5 x 5; 6 and 16 channels.
    fc1, fc2, fc3 : Linear
        120, 84 and `classes` features.

    Raises
    ------
    ArgumentError
        If a setting cannot be meant, or pictures are so small that nothing is left of them.
    ShapeError
        If an input is not of shape (N, channels, S, S).

    Notes
    -----
    As it is usually built today: the second convolution sees all channels of the first (in the
    paper each of its channels sees some of them), pooling has no parameters, and the last layer
    is linear, for `CrossEntropyLoss`.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86 (1998), section II.B.

    Examples
    --------
    >>> import numpy as np
    >>> import nnkit as nn
    >>> model = nn.models.LeNet(classes=10, activation="relu", pooling="max")
    >>> model(np.zeros((2, 1, 28, 28))).shape
    (2, 10)
    >>> sum(p.size for p in model.parameters())
    61706
    """

    def __init__(
        self,
        classes: int = 10,
        channels: int = 1,
        image_size: int = 28,
        padding: int = 2,
        *,
        activation: Any = "tanh",
        pooling: str = "avg",
        dtype: Any = None,
    ) -> None:
        check_sizes("LeNet", classes=classes, channels=channels, image_size=image_size)
        if pooling not in POOLINGS:
            raise ArgumentError(f"LeNet: pooling is 'avg' or 'max', got {pooling!r}.")
        left = ((image_size + 2 * padding - 4) // 2 - 4) // 2
        if left < 1:
            raise ArgumentError(
                f"LeNet: of pictures of {image_size} x {image_size} with padding={padding} nothing "
                f"is left after two 5 x 5 convolutions and two poolings. They have to be 16 wide "
                f"with padding included: raise padding to {(17 - image_size) // 2}, or enlarge the "
                f"pictures (nn.Upsample)."
            )
        widths = [16 * left * left, 120, 84, classes]
        parts: dict[str, Module] = {
            "conv1": layers.Conv2d(channels, 6, 5, padding=padding, dtype=dtype),
            "act1": activation_layer(activation, "LeNet"),
            "pool1": POOLINGS[pooling](2),
            "conv2": layers.Conv2d(6, 16, 5, dtype=dtype),
            "act2": activation_layer(activation, "LeNet"),
            "pool2": POOLINGS[pooling](2),
            "flatten": layers.Flatten(),
        }
        for i in (1, 2, 3):
            parts[f"fc{i}"] = layers.Linear(widths[i - 1], widths[i], dtype=dtype)
            if i < 3:
                parts[f"act{i + 2}"] = activation_layer(activation, "LeNet")
        super().__init__(parts)
        self.image_shape = (channels, image_size, image_size)

    def forward(self, input: Any) -> Any:
        """Map pictures of shape (N, channels, S, S) to scores of shape (N, classes)."""
        x = as_array(input)
        if x.ndim != 4 or x.shape[1:] != self.image_shape:
            wanted = ", ".join(map(str, self.image_shape))
            hint = ""
            if x.shape[1:] == self.image_shape[1:]:
                hint = " The axis of the channels is missing: pass x[:, None]."
            raise ShapeError(f"LeNet for pictures (N, {wanted}) got {x.shape}.{hint}")
        return super().forward(x)
