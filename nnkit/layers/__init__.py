"""Layers: modules that hold the state of an operation and call it, a file for each family."""

from nnkit.layers.activation import GELU, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from nnkit.layers.container import ModuleList, Sequential
from nnkit.layers.dropout import Dropout
from nnkit.layers.linear import Flatten, Identity, Linear

__all__ = [
    "GELU",
    "Dropout",
    "Flatten",
    "Identity",
    "Linear",
    "LogSoftmax",
    "ModuleList",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Tanh",
]
