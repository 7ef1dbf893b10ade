"""autograd_core: plain NumPy code that differentiates, in both modes, to any order."""

from . import places, rules
from .absorb import absorbing_zeros
from .anomaly import detect_anomaly
from .batch import vmap
from .checkpointing import checkpoint
from .compiled import Compiled, CompileWarning, compile
from .custom import custom_jvp, custom_vjp, stop_gradient
from .equations import ConvergenceError
from .errors import (
    ArgumentError,
    AutogradError,
    ConversionError,
    DtypeError,
    GradientCheckError,
    GraphError,
    MissingAttributeError,
    MissingRuleError,
    NonFiniteError,
    NotDifferentiableError,
    ShapeError,
)
from .function import Function, custom_op
from .gradients import (
    deriv,
    elementwise_grad,
    grad,
    grad_and_aux,
    grad_named,
    holomorphic_grad,
    multigrad_dict,
    value_and_grad,
)
from .gradmode import (
    enable_grad,
    inference,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .guard import read_only
from .implicit import custom_fixed_point, custom_root, fixed_point
from .interchange import from_dlpack
from .jacobians import hessian, jacfwd, jacobian, jacrev
from .memory import keep_freed_memory
from .operators import jvp, vjp
from .products import (
    hessian_tensor_product,
    hessian_vector_product,
    hvp,
    linearize,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_vjp,
    tensor_jacobian_product,
    vector_jacobian_product,
)
from .tensor import Tensor, tensor

__all__ = [
    "ArgumentError",
    "AutogradError",
    "CompileWarning",
    "Compiled",
    "ConvergenceError",
    "ConversionError",
    "DtypeError",
    "Function",
    "GradientCheckError",
    "GraphError",
    "MissingAttributeError",
    "MissingRuleError",
    "NonFiniteError",
    "NotDifferentiableError",
    "ShapeError",
    "Tensor",
    "absorbing_zeros",
    "checkpoint",
    "compile",
    "custom_fixed_point",
    "custom_jvp",
    "custom_op",
    "custom_root",
    "custom_vjp",
    "deriv",
    "detect_anomaly",
    "elementwise_grad",
    "enable_grad",
    "fixed_point",
    "from_dlpack",
    "grad",
    "grad_and_aux",
    "grad_named",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "hvp",
    "inference",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "keep_freed_memory",
    "linearize",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_vjp",
    "multigrad_dict",
    "no_grad",
    "read_only",
    "set_grad_enabled",
    "stop_gradient",
    "tensor",
    "tensor_jacobian_product",
    "value_and_grad",
    "vector_jacobian_product",
    "vjp",
    "vmap",
]

del places, rules  # imported for what they register
