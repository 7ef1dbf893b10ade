"""Small mistakes that could be made in a file of rules: what `tests/mutations.py` draws from."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
OPERATORS |= {ast.Pow: ast.Mult}
COMPARISONS = {
    ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
COMPARISONS |= {ast.In: ast.NotIn, ast.NotIn: ast.In}  # codespell:ignore notin
PAIRS = (
    "sin cos", "sinh cosh", "exp exp2", "log log2", "cumsum cumprod", "sum prod", "max min",
    "maximum minimum", "tril triu", "floor ceil", "zeros ones", "zeros_like ones_like",
    "argmax argmin", "logical_and logical_or", "fft ifft", "rfft ihfft", "hfft irfft",
    "fftshift ifftshift", "real imag", "H T", "larger smaller", "any all",
)  # fmt: skip
OTHER_NAME = dict(p.split() for p in PAIRS) | dict(p.split()[::-1] for p in PAIRS)
DROPPED = {
    "T", "H", "conj", "conjugate", "swapaxes", "transpose", "moveaxis", "flip", "negative", "triu",
    "tril", "sign", "abs", "spread", "cut", "delayed", "argsort", "diagonal_matrix",
}  # fmt: skip
SYMMETRIC = {
    "add", "multiply", "maximum", "minimum", "equal", "not_equal", "hypot", "logical_and",
    "logical_or", "array_equal", "zip", "result_type", "max", "min", "broadcast_shapes",
    "swapaxes", "places_of_running", "convolve",
}  # fmt: skip
DECLARING = {"composed", "batching", "constant", "existing", "views", "refuse", "linear", "rule"}
NOT_EXCHANGED = SYMMETRIC | DECLARING | {"isinstance", "getattr", "hasattr", "type"}
ARITHMETIC = (ast.Mult, ast.Div, ast.MatMult)
NOT_RULES = (ast.Raise, ast.Import, ast.ImportFrom, ast.JoinedStr)  # messages and imports

Change = Callable[[Any], "ast.AST | None"]
"""Makes the wrong node in the place of a right one; None where it does not apply."""


@dataclass
class Mistake:
    """What is wrong in a file: the number of the statement, of the node in it, and the change."""

    source: str
    statement: int
    node: int
    change: Change
    line: int

    def applied(self) -> tuple[ast.Module, str, str]:
        """Return the wrong file, and what the line says before and after."""
        tree, place = self._found()
        line = simplest_statement(tree.body[self.statement], place)
        before = ast.unparse(line)
        wrong = self.change(place)
        assert wrong is not None
        Exchange(place, ast.copy_location(wrong, place)).visit(tree)
        after = ast.unparse(ast.fix_missing_locations(wrong if line is place else line))
        return ast.fix_missing_locations(tree), before, after

    def lines(self) -> range:
        """Return the lines of which one is run when the mistake is."""
        _, place = self._found()
        return range(place.lineno, place.end_lineno + 1)

    def declared(self) -> set[str]:
        """Name the functions in the statement, if it is one that declares rows."""
        statement = self._found()[0].body[self.statement]
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            return set()
        return {n.attr for n in ast.walk(statement) if isinstance(n, ast.Attribute)}

    def _found(self) -> tuple[ast.Module, Any]:
        tree = ast.parse(self.source)
        return tree, list(ast.walk(tree.body[self.statement]))[self.node]


class Exchange(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


def simplest_statement(statement: ast.stmt, place: ast.AST) -> ast.AST:
    """Return the innermost statement that holds a node."""
    holding = [n for n in ast.walk(statement) if isinstance(n, ast.stmt) and place in ast.walk(n)]
    return holding[-1]


def mistakes_in(source: str) -> Iterator[Mistake]:
    """Yield all single mistakes for a file."""
    for i, statement in enumerate(ast.parse(source).body):
        left_out: set[ast.AST] = set()
        for k, node in enumerate(ast.walk(statement)):
            left_out.update(without_effect(node))
            if node not in left_out:
                for change in CHANGES.get(type(node), ()):
                    if change(node) is not None:
                        yield Mistake(source, i, k, change, node.lineno)  # type: ignore[attr-defined]


def without_effect(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a node in which it makes no difference what they say."""
    if isinstance(node, NOT_RULES):
        return list(ast.walk(node))
    if not isinstance(node, ast.Call):
        return []
    if called(node) in ("batching", "unknown"):  # who has a short way through vmap; a message
        return list(ast.walk(node))
    if called(node) == "reshape":  # any negative number stands for the unknown length
        return [n for n in ast.walk(node) if isinstance(n, ast.UnaryOp)]
    if called(node) == "where" and ast.unparse(node.args[1]) == "1.0":
        return [node.args[1]]  # a divisor in the place of 0: any other number would do
    return []


# --- the mistakes ---------------------------------------------------------------------------------


def is_sequence(*nodes: ast.AST) -> bool:
    return any(isinstance(n, (ast.Tuple, ast.List)) for n in nodes)


def other_operator(node: ast.BinOp) -> ast.AST | None:
    op = OPERATORS.get(type(node.op))
    if op is None or is_sequence(node.left, node.right) or ast.unparse(node.right) == "0.0":
        return None
    return ast.BinOp(node.left, op(), node.right)


def operands_exchanged(node: ast.BinOp) -> ast.AST | None:
    if not isinstance(node.op, (ast.Sub, ast.Div, ast.MatMult, ast.Pow)):
        return None
    return ast.BinOp(node.right, node.op, node.left)


def sign_dropped(node: ast.UnaryOp) -> ast.AST | None:
    return node.operand if isinstance(node.op, (ast.USub, ast.Not)) else None


def one_more(node: ast.Constant) -> ast.AST | None:
    if isinstance(node.value, bool) or not isinstance(node.value, (int, float, complex)):
        return None
    if isinstance(node.value, complex):
        return ast.UnaryOp(ast.USub(), node)
    return ast.Constant(node.value + 1)


def one_less(node: ast.Constant) -> ast.AST | None:
    return ast.Constant(node.value - 1) if type(node.value) is int and node.value > 0 else None


def other_comparison(node: ast.Compare) -> ast.AST | None:
    op = COMPARISONS.get(type(node.ops[0]))
    return ast.Compare(node.left, [op()], node.comparators) if op and len(node.ops) == 1 else None


def attribute_dropped(node: ast.Attribute) -> ast.AST | None:
    return node.value if node.attr in ("T", "mT") else None


def other_attribute(node: ast.Attribute) -> ast.AST | None:
    other = OTHER_NAME.get(node.attr)
    return ast.Attribute(node.value, other, node.ctx) if other and node.attr != "T" else None


def other_name(node: ast.Name) -> ast.AST | None:
    other = OTHER_NAME.get(node.id)
    return ast.Name(other, node.ctx) if other and isinstance(node.ctx, ast.Load) else None


def called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def of_module(node: ast.Call) -> bool:
    """Whether a call is of a function, not of a method."""
    f = node.func
    while isinstance(f, ast.Attribute):
        f = f.value
    return isinstance(node.func, ast.Name) or (isinstance(f, ast.Name) and f.id in ("np", "math"))


def call_dropped(node: ast.Call) -> ast.AST | None:
    if called(node) not in DROPPED:
        return None
    if of_module(node):
        return node.args[0] if node.args else None
    return node.func.value  # type: ignore[attr-defined]


def arguments_exchanged(node: ast.Call) -> ast.AST | None:
    k = 1 if called(node) in ("elementwise", "where") else 0  # a function or condition comes first
    if called(node) in NOT_EXCHANGED or len(node.args) < k + 2:
        return None
    first, a, b, rest = node.args[:k], node.args[k], node.args[k + 1], node.args[k + 2 :]
    if isinstance(a, ast.Starred) or isinstance(b, ast.Starred) or ast.dump(a) == ast.dump(b):
        return None
    if all(isinstance(x, ast.Call) and called(x) == "unknown" for x in (a, b)):  # two messages
        return None
    return ast.Call(node.func, [*first, b, a, *rest], node.keywords)


def flag_inverted(node: ast.keyword) -> ast.AST | None:
    value = getattr(node.value, "value", None)
    if node.arg in ("strict", "copy") or not isinstance(value, bool):
        return None
    return ast.keyword(node.arg, ast.Constant(not value))


def is_arithmetic(node: ast.AST) -> bool:
    return (isinstance(node, ast.BinOp) and isinstance(node.op, ARITHMETIC)) or (
        isinstance(node, ast.Call) and of_module(node) and ast.unparse(node).startswith("np.")
    )


def result_negated(node: ast.Return | ast.Lambda) -> ast.AST | None:
    result = node.value if isinstance(node, ast.Return) else node.body
    if result is None or not is_arithmetic(result) or ast.unparse(result).startswith("np.zeros"):
        return None
    wrong = ast.UnaryOp(ast.USub(), result)
    return ast.Return(wrong) if isinstance(node, ast.Return) else ast.Lambda(node.args, wrong)


def results_exchanged(node: ast.Return) -> ast.AST | None:
    if not isinstance(node.value, ast.Tuple) or len(node.value.elts) != 2:
        return None
    return ast.Return(ast.Tuple(node.value.elts[::-1], ast.Load()))


def choice_exchanged(node: ast.IfExp) -> ast.AST | None:
    return ast.IfExp(node.test, node.orelse, node.body)


CHANGES: dict[type, tuple[Change, ...]] = {
    ast.BinOp: (other_operator, operands_exchanged),
    ast.UnaryOp: (sign_dropped,),
    ast.Constant: (one_more, one_less),
    ast.Compare: (other_comparison,),
    ast.Attribute: (attribute_dropped, other_attribute),
    ast.Name: (other_name,),
    ast.Call: (call_dropped, arguments_exchanged),
    ast.keyword: (flag_inverted,),
    ast.Return: (result_negated, results_exchanged),
    ast.Lambda: (result_negated,),
    ast.IfExp: (choice_exchanged,),
}
