"""ResNet: a deep convolutional network whose blocks only learn what to add to their input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_core.errors import ArgumentError, ShapeError, describe
from nnkit import functional as F
from nnkit import init
from nnkit.functional.operands import as_array
from nnkit.layers import AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Flatten, Linear, Sequential
from nnkit.layers.linear import check_sizes
from nnkit.module import Module

__all__ = ["BasicBlock", "ResNet"]


class BasicBlock(Module):
    """Two 3 x 3 convolutions with a shortcut around them: y = relu(x + f(x)).

    f is conv1, bn1, relu, conv2, bn2. Where f changes the shape, the shortcut is a 1 x 1
    convolution with BatchNorm.

    Parameters
    ----------
    in_channels, channels : int
        Of input and output.
    stride : int, default 1
        2 halves height and width.
    dtype : dtype, default float32

    Attributes
    ----------
    conv1, conv2 : Conv2d
    bn1, bn2 : BatchNorm2d
    downsample : Sequential or None
        The shortcut.

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual Learning for Image Recognition", CVPR 2016,
    arXiv:1512.03385: figure 2, equation 2, option B.

    Examples
    --------
    >>> import numpy as np
    >>> BasicBlock(4, 8, stride=2)(np.zeros((1, 4, 6, 6))).shape
    (1, 8, 3, 3)
    """

    def __init__(
        self, in_channels: int, channels: int, stride: int = 1, *, dtype: Any = None
    ) -> None:
        super().__init__()
        shared: dict[str, Any] = dict(bias=False, dtype=dtype)
        self.conv1 = Conv2d(in_channels, channels, 3, stride=stride, padding=1, **shared)
        self.bn1 = BatchNorm2d(channels, dtype=dtype)
        self.conv2 = Conv2d(channels, channels, 3, padding=1, **shared)
        self.bn2 = BatchNorm2d(channels, dtype=dtype)
        self.downsample: Sequential | None = None
        if stride != 1 or in_channels != channels:
            self.downsample = Sequential(
                Conv2d(in_channels, channels, 1, stride=stride, **shared),
                BatchNorm2d(channels, dtype=dtype),
            )

    def forward(self, input: Any) -> Any:
        """Map (N, in_channels, H, W) to (N, channels, H / stride, W / stride)."""
        short = input if self.downsample is None else self.downsample(input)
        y = F.relu(self.bn1(self.conv1(input)))
        return F.relu(self.bn2(self.conv2(y)) + short)


class ResNet(Module):
    """A small residual network for small pictures, of the kind made for CIFAR-10.

    A 3 x 3 convolution, stages of `BasicBlock`s (each stage but the first halves height and width
    and doubles the channels), the mean over each channel, and a Linear layer.

    Parameters
    ----------
    blocks : int or sequence of int, default 3
        Blocks in each stage. A number n means three stages of n blocks: 6 n + 2 layers in the
        paper's count, so that 3 is ResNet-20 and 9 is ResNet-56.
    channels : int, default 16
        Of the first stage, C.
    classes : int, default 10
    in_channels : int, default 3
        Of the pictures.
    dtype : dtype, default float32

    Attributes
    ----------
    conv1 : Conv2d
    bn1 : BatchNorm2d
    layer1, layer2, ... : Sequential of BasicBlock
        The stages, with C, 2 C, ... channels.
    fc : Linear
        Convolutions are initially normal with variance 2 / fan_out (He et al. 2015).

    Raises
    ------
    ArgumentError
        If a setting cannot be meant.
    ShapeError
        If an input is not of shape (N, in_channels, H, W).

    Notes
    -----
    The names of the parts are those of torchvision's ResNet, whose first layer and pooling for
    large pictures are left out. Shortcuts that change the shape are projections (option B); the
    paper has zero padding (option A) on CIFAR-10, with nearly the same accuracy.

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual Learning for Image Recognition", CVPR 2016,
    arXiv:1512.03385, section 4.2.

    Examples
    --------
    >>> import numpy as np
    >>> import nnkit as nn
    >>> model = nn.models.ResNet(blocks=1, channels=8)
    >>> model(np.zeros((2, 3, 16, 16))).shape
    (2, 10)
    >>> [name for name, _ in model.named_children()]
    ['conv1', 'bn1', 'layer1', 'layer2', 'layer3', 'avgpool', 'flatten', 'fc']
    """

    def __init__(
        self,
        blocks: int | Sequence[int] = 3,
        channels: int = 16,
        classes: int = 10,
        in_channels: int = 3,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_sizes("ResNet", channels=channels, classes=classes, in_channels=in_channels)
        self.conv1 = Conv2d(in_channels, channels, 3, padding=1, bias=False, dtype=dtype)
        self.bn1 = BatchNorm2d(channels, dtype=dtype)
        self._stages: list[str] = []
        have, width = channels, channels
        for i, count in enumerate(as_stages(blocks)):
            stage = Sequential()
            for k in range(count):
                stride = 2 if i and not k else 1
                stage.append(BasicBlock(have, width, stride, dtype=dtype))
                have = width
            self._stages.append(f"layer{i + 1}")
            setattr(self, self._stages[-1], stage)
            width *= 2
        self.avgpool = AdaptiveAvgPool2d(1)
        self.flatten = Flatten()
        self.fc = Linear(have, classes, dtype=dtype)
        for module in self.modules():
            if isinstance(module, Conv2d):
                init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, input: Any) -> Any:
        """Map pictures of shape (N, in_channels, H, W) to scores of shape (N, classes)."""
        x = as_array(input)
        wanted = self.conv1.in_channels
        if x.ndim != 4 or x.shape[1] != wanted:
            hint = ""
            if x.ndim == 4 and x.shape[3] == wanted:
                hint = " The channels seem to come last: x.transpose(0, 3, 1, 2)."
            elif x.ndim == 3 and wanted == 1:
                hint = " The axis of the channels is missing: pass x[:, None]."
            raise ShapeError(f"ResNet for pictures (N, {wanted}, H, W) got {x.shape}.{hint}")
        x = F.relu(self.bn1(self.conv1(x)))
        for name in self._stages:
            x = getattr(self, name)(x)
        return self.fc(self.flatten(self.avgpool(x)))


def as_stages(blocks: Any) -> list[int]:
    """Return the number of blocks in each stage."""
    each = [blocks] * 3 if not isinstance(blocks, Sequence) else list(blocks)
    if not each or isinstance(blocks, str):
        raise ArgumentError(
            f"ResNet: blocks is a number, or one for each stage such as (2, 2, 2); got "
            f"{describe(blocks)}."
        )
    for n in each:
        check_sizes("ResNet", blocks=n)
    return each
