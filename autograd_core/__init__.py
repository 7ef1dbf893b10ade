"""autograd_core: plain NumPy code that differentiates, in both modes, to any order."""

from . import rules
from .batch import vmap
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
from .gradmode import enable_grad, is_grad_enabled, no_grad
from .jacobians import hessian, jacfwd, jacobian, jacrev
from .operators import elementwise_grad, grad, jvp, value_and_grad, vjp
from .tensor import Tensor, tensor

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
    "custom_op",
    "elementwise_grad",
    "enable_grad",
    "grad",
    "hessian",
    "is_grad_enabled",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "no_grad",
    "tensor",
    "value_and_grad",
    "vjp",
    "vmap",
]

del rules  # imported for what it registers
