"""Functions without a derivative: piecewise constant ones, and questions about an array. They
give plain values.
"""

import numpy as np

from ..table import constant, existing

# comparisons and logic
constant(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
constant(np.logical_and, np.logical_or, np.logical_xor, np.logical_not)
constant(np.isnan, np.isinf, np.isfinite, np.signbit, np.isclose, np.allclose)
constant(np.array_equal, np.array_equiv, np.all, np.any, np.isposinf, np.isneginf)
constant(np.isin, *existing("in1d"))

# steps
constant(np.floor, np.ceil, np.trunc, np.fix, np.rint, np.round, np.around, np.floor_divide)
constant(np.spacing)

# whole numbers
constant(np.gcd, np.lcm, np.invert, np.bitwise_and, np.bitwise_or, np.bitwise_xor)
constant(np.left_shift, np.right_shift, np.bitwise_count, np.packbits, np.unpackbits)

# positions
constant(np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition, np.lexsort)
constant(np.nonzero, np.flatnonzero, np.argwhere, np.count_nonzero, np.searchsorted, np.digitize)
constant(np.ix_, np.diag_indices_from, np.tril_indices_from, np.triu_indices_from)
constant(np.unravel_index, np.ravel_multi_index)

# questions about an array, and new arrays like it
constant(np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj)
constant(np.may_share_memory, np.shares_memory, np.min_scalar_type, np.common_type)
constant(np.zeros_like, np.ones_like, np.empty_like, np.einsum_path)

# text and files
constant(np.array_repr, np.array_str, np.array2string)
constant(np.save, np.savez, np.savez_compressed, np.savetxt)

# dates
constant(np.isnat, np.datetime_as_string, np.is_busday, np.busday_count, np.busday_offset)
