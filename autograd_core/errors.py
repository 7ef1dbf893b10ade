"""What can go wrong, as a tree.

Every message says what was called, what came, what is allowed and what to do.

AutogradError
├── ShapeError                 also a ValueError
├── DtypeError                 also a TypeError
├── ArgumentError              also a ValueError
├── NotDifferentiableError     also a TypeError             refused on purpose, with a reason
├── MissingRuleError           also a NotImplementedError   there is no row for it
├── MissingAttributeError      also an AttributeError       a Tensor has no such method
├── ConversionError            also a TypeError             would drop a gradient silently
├── NonFiniteError             also a FloatingPointError    a NaN or an infinity was born
├── GraphError                 also a RuntimeError          backward without a graph
└── GradientCheckError         also an AssertionError
"""

from __future__ import annotations

__all__ = [
    "ArgumentError",
    "AutogradError",
    "ConversionError",
    "DtypeError",
    "GradientCheckError",
    "GraphError",
    "MissingAttributeError",
    "MissingRuleError",
    "NonFiniteError",
    "NotDifferentiableError",
    "ShapeError",
]


class AutogradError(Exception):
    """Base of every error this package raises on purpose.

    `where` is the place in the user's model, filled in on the way up by whoever knows it
    (a module knows its path), and is put in front of the message.
    """

    where: str = ""

    def __str__(self) -> str:
        text = super().__str__()
        return f"{self.where}: {text}" if self.where else text


class ShapeError(AutogradError, ValueError):
    """Shapes that do not fit together."""


class DtypeError(AutogradError, TypeError):
    """A dtype (or a thing that is no array at all) where it cannot be used."""


class ArgumentError(AutogradError, ValueError):
    """An argument outside its range."""


class NotDifferentiableError(AutogradError, TypeError):
    """A function that is refused on a differentiated path, with the reason."""


class MissingRuleError(AutogradError, NotImplementedError):
    """A NumPy function, or a keyword of one, that has no row in the rule table."""


class MissingAttributeError(AutogradError, AttributeError):
    """A method or attribute that a Tensor does not have, with the spelling for it."""


class ConversionError(AutogradError, TypeError, BufferError):
    """A conversion that would drop a gradient without a word.

    A BufferError too: DLPack asks for one where an array cannot be given out.
    """


class GraphError(AutogradError, RuntimeError):
    """A backward pass where no graph was recorded, or where it is gone."""


class NonFiniteError(AutogradError, FloatingPointError):
    """A NaN or an infinity that came out of finite numbers: found under `detect_anomaly`, or by a
    training loop in a loss or a gradient, before the weights are touched.
    """


class GradientCheckError(AutogradError, AssertionError):
    """A derivative that disagrees with its finite difference."""


def describe(value: object) -> str:
    """Say in a few words what an argument is: type, shape and dtype where it has them."""
    name = type(value).__name__
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is not None and dtype is not None:
        return f"{name} of shape {tuple(shape)} and dtype {dtype}"
    if isinstance(value, (int, float, complex, str, tuple)) or value is None:
        text = repr(value)
        return text if len(text) <= 60 else text[:57] + "..."
    return f"a {name}"
