"""Functions without a derivative: piecewise constant ones, and questions about an array. They
give plain values.
"""

import numpy as np

from ..table import constant

# comparisons and logic
constant(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
constant(np.logical_and, np.logical_or, np.logical_xor, np.logical_not)
constant(np.isnan, np.isinf, np.isfinite, np.signbit, np.isclose, np.allclose)
constant(np.array_equal, np.all, np.any, np.isposinf, np.isneginf)

# steps
constant(np.floor, np.ceil, np.trunc, np.rint, np.round, np.floor_divide)

# positions
constant(np.argmax, np.argmin, np.argsort, np.nonzero, np.flatnonzero, np.searchsorted)
constant(np.count_nonzero, np.digitize, np.unique, np.argwhere, np.isin)

# questions about an array, and new arrays like it
constant(np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj)
constant(np.zeros_like, np.ones_like, np.empty_like, np.array_repr, np.array_str, np.array2string)
constant(np.may_share_memory, np.shares_memory, np.min_scalar_type, np.common_type)
