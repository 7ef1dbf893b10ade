"""Every public name says what it takes, what it gives, what goes wrong, and shows an example.

The examples run as doctests with all other tests.
"""

import importlib
import inspect
import pkgutil
import re
import types

import pytest

import autograd_core
import nnkit

# The doors of other packages whose every function is one of theirs, with their documentation.
NOT_OURS = ("autograd_core.rules", "nnkit.layers.lazy_")
SAME_AS = re.compile(
    r"\b(?:[Aa]s|of|for|than|like|see) (?:that of |those of |in |for |by )?`([\w.]+)`"
)
SPECIAL = {
    "nnkit.load_ipython_extension": "Jupyter calls it",
    "nnkit.unload_ipython_extension": "Jupyter calls it",
    "nnkit.notebook.load_ipython_extension": "Jupyter calls it",
    "nnkit.notebook.unload_ipython_extension": "Jupyter calls it",
    "autograd_core.extend.JVPNode": "a class of the engine, for isinstance",
    "autograd_core.extend.VJPNode": "a class of the engine, for isinstance",
}


def rooms():
    """Yield the packages, and the modules that are doors: those that people import from."""
    for package in (nnkit, autograd_core):
        yield package
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if info.ispkg and not info.name.startswith(NOT_OURS):
                yield importlib.import_module(info.name)
    for name in ("extend", "builtins", "test_util", "errors"):
        yield importlib.import_module(f"autograd_core.{name}")
    for name in ("integrate", "linalg", "signal", "special"):
        yield importlib.import_module(f"autograd_core.scipy.{name}")
    for name in ("io", "random", "utils.parametrize", "utils.parametrizations", "utils.rnn"):
        yield importlib.import_module(f"nnkit.{name}")


def public():
    """Return all public functions and classes by a name, each once."""
    found, seen = {}, set()
    for room in rooms():
        for name in getattr(room, "__all__", ()):
            value = getattr(room, name, None)
            if not callable(value) or isinstance(value, types.ModuleType) or id(value) in seen:
                continue
            home = str(getattr(value, "__module__", ""))
            if home.startswith(("nnkit", "autograd_core")) and not isinstance(
                value, types.GenericAlias
            ):
                seen.add(id(value))
                found[f"{room.__name__}.{name}"] = value
    return found


PUBLIC = public()
LAST_NAMES = {name.split(".")[-1] for name in PUBLIC}
NAMES = sorted(set(PUBLIC) - set(SPECIAL))


def doc_of(value):
    own = value.__dict__.get("__doc__") if isinstance(value, type) else value.__doc__
    return inspect.cleandoc(own or "")


def is_error(value):
    return isinstance(value, type) and issubclass(value, BaseException)


def is_result(value, doc):
    """Whether it is what a function returns, which has the example: nobody makes one by hand."""
    made_by = re.match(r"What `(\w+)` returns", doc)
    return isinstance(value, type) and made_by is not None and made_by[1] in LAST_NAMES


def parameters(value):
    """Return the names of the parameters that a person gives."""
    if isinstance(value, type) and value.__init__ is object.__init__:
        return []
    try:
        found = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in found if not p.name.startswith("_") and p.name != "self"]


def raises(value):
    """Whether the code of a function, or that of the making of an object, has a `raise`."""
    f = value.__dict__.get("__init__") if isinstance(value, type) else value
    try:
        source = inspect.getsource(f)
    except (TypeError, OSError):
        return False
    return re.search(r"^ +raise \w", re.sub(r'""".*?"""', "", source, flags=re.DOTALL), re.M)


def gives_something(value):
    if isinstance(value, type):
        return False
    return getattr(value, "__annotations__", {}).get("return") not in (None, "None", "NoReturn")


def points_elsewhere(doc, own):
    """Whether it says that all is as in another function, of ours, of NumPy or of SciPy."""
    for target in SAME_AS.findall(doc):
        theirs = target.startswith(("numpy.", "scipy.", "autograd.", "torch."))
        if theirs or (target in LAST_NAMES and target not in own):
            return True
    return False


def has(doc, section):
    return re.search(rf"^({section})\n-+$", doc, re.M)


def lacks(value):
    """List what the docstring of a public name lacks."""
    doc, missing = doc_of(value), []
    if not doc:
        return ["a docstring"]
    if is_error(value) or is_result(value, doc):
        return []
    names = parameters(value)
    elsewhere = points_elsewhere(doc, names)
    if names and not has(doc, "Parameters") and not elsewhere:
        missing.append("Parameters")
    if names and has(doc, "Parameters") and not elsewhere:
        missing += [f"parameter {n}" for n in names if not re.search(rf"\b{re.escape(n)}\b", doc)]
    if gives_something(value) and not has(doc, "Returns|Yields") and not elsewhere:
        missing.append("Returns")
    if raises(value) and not has(doc, "Raises|Warns") and not elsewhere:
        missing.append("Raises")
    if ">>>" not in doc:
        missing.append("Examples")
    return missing


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_has_what_it_needs(name):
    assert lacks(PUBLIC[name]) == []


def test_what_is_missing_is_noticed():
    def bare(x):
        """Do something."""
        raise ValueError

    def half(x, y) -> float:
        """Add.

        Parameters
        ----------
        x : float
        """
        return x + y

    assert lacks(bare) == ["Parameters", "Raises", "Examples"]
    assert lacks(half) == ["parameter y", "Returns", "Examples"]
    assert len(NAMES) > 550
