"""What the ready models share: layers in a row, and an activation that is said by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd_core.errors import ArgumentError, DtypeError, describe
from nnkit import layers
from nnkit.layers import Sequential
from nnkit.layers.linear import check_sizes
from nnkit.module import Module

__all__ = ["Chain", "activation_layer", "check_all_sizes", "layers_between"]

ACTIVATIONS = {
    "relu": layers.ReLU,
    "gelu": layers.GELU,
    "tanh": layers.Tanh,
    "sigmoid": layers.Sigmoid,
    "silu": layers.SiLU,
    "elu": layers.ELU,
    "selu": layers.SELU,
    "leaky_relu": layers.LeakyReLU,
    "identity": layers.Identity,
}


class Chain(Sequential):
    """A Sequential that is made from settings; a part of it is a plain Sequential."""

    def _like(self, parts: list[tuple[str, Module]]) -> Any:
        return Sequential(dict(parts))


def activation_layer(activation: Any, model: str) -> Module:
    """Make the layer that a name, or a class such as ``nn.ReLU``, stands for."""
    make = ACTIVATIONS.get(activation) if isinstance(activation, str) else activation
    layer = make() if callable(make) and not isinstance(make, Module) else None
    if not isinstance(layer, Module):
        raise ArgumentError(
            f"{model}: activation is one of {', '.join(ACTIVATIONS)}, or a class of layers such as "
            f"nn.ReLU (without brackets: each place gets one of its own); got "
            f"{describe(activation)}."
        )
    return layer


def check_all_sizes(model: str, sizes: Any, least: int) -> list[int]:
    """Check the features of input, hidden layers and output."""
    if isinstance(sizes, (int, str)) or not isinstance(sizes, Sequence) or len(sizes) < least:
        raise ArgumentError(
            f"{model}: sizes are at least {least} numbers, from the features of the input to those "
            f"of the last layer, such as [64, 32, 10]; got {describe(sizes)}"
            f"{f' {list(sizes)}' if isinstance(sizes, list) else ''}."
        )
    for i, size in enumerate(sizes):
        check_sizes(model, **{f"sizes[{i}]": size})
    return [int(size) for size in sizes]


def layers_between(
    sizes: list[int],
    activation: Any,
    model: str,
    *,
    dropout: float = 0.0,
    norm: Callable[[int], Module] | None = None,
    bias: bool = True,
    dtype: Any = None,
) -> list[Module]:
    """Make Linear layers of these sizes, and what stands between them."""
    if norm is not None and (isinstance(norm, Module) or not callable(norm)):
        raise DtypeError(
            f"{model}: norm is a class of layers such as nn.BatchNorm1d, without brackets; got "
            f"{describe(norm)}."
        )
    parts: list[Module] = []
    for i in range(1, len(sizes)):
        parts.append(layers.Linear(sizes[i - 1], sizes[i], bias=bias, dtype=dtype))
        if i == len(sizes) - 1:
            break
        if norm is not None:
            parts.append(norm(sizes[i]))
        parts.append(activation_layer(activation, model))
        if dropout:
            parts.append(layers.Dropout(dropout))
    return parts
