"""autograd_core: plain NumPy code that differentiates, in reverse and forward mode, to any order."""

from . import rules
from .errors import (
    ArgumentError,
    AutogradError,
    ConversionError,
    DtypeError,
    GradientCheckError,
    GraphError,
    MissingRuleError,
    NotDifferentiableError,
    ShapeError,
)
from .function import custom_op
from .operators import elementwise_grad, grad, hessian, jacobian, jvp, value_and_grad, vjp
from .tensor import Tensor, enable_grad, is_grad_enabled, no_grad, tensor

__all__ = [
    "ArgumentError",
    "AutogradError",
    "ConversionError",
    "DtypeError",
    "GradientCheckError",
    "GraphError",
    "MissingRuleError",
    "NotDifferentiableError",
    "ShapeError",
    "Tensor",
    "elementwise_grad",
    "custom_op",
    "enable_grad",
    "grad",
    "hessian",
    "is_grad_enabled",
    "jacobian",
    "jvp",
    "no_grad",
    "tensor",
    "value_and_grad",
    "vjp",
]

del rules  # imported for what it registers
