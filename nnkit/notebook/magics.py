"""The magic %nnkit: the live panel on and off and again, the summary of a model, the seed, help."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Callable
from difflib import get_close_matches
from types import ModuleType
from typing import Any, NamedTuple

from nnkit.notebook.session import session
from nnkit.notebook.widget import available

__all__ = ["register", "unregister"]


class Command(NamedTuple):
    """A sub-command: how to write it, what it does, what may follow it."""

    usage: str
    does: str
    run: Callable[[list[str]], Any]
    choices: tuple[str, ...] = ()


def nnkit(line: str, cell: str | None = None) -> Any:
    """Steer the live view of training; ``%nnkit help`` lists the commands."""
    words = _words(line)
    if any(word in ("--help", "-h", "-?") for word in words):
        return _help([word for word in words if not word.startswith("-")][:1])
    if cell is not None:
        return _run_cell(words, cell)
    name, *rest = words or ["status"]
    return _command(name).run(rest)


def _run_cell(words: list[str], cell: str) -> Any:
    """Run a cell with the panel on or off, and leave the setting as it was."""
    if not words or words[0] not in ("on", "off"):
        got = f"%%nnkit {' '.join(words)}".strip()
        raise _usage(
            f"{got}: above a cell, write %%nnkit off or %%nnkit on [static | live]; the setting "
            "holds for this cell. All other commands are a line: %nnkit ..."
        )
    before = session.on, session.finish
    try:
        COMMANDS[words[0]].run([*words[1:], QUIET])
        return _value(cell)
    finally:
        session.on, session.finish = before


def _value(cell: str) -> Any:
    """Run the code of a cell in the person's namespace and return its last expression's value."""
    shell = _shell()
    source = shell.transform_cell(cell)
    name = shell.compile.cache(source)  # so that tracebacks can show the lines
    tree = shell.transform_ast(ast.parse(source, name))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), shell.user_ns)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), name, "eval"), shell.user_ns)


# ---------------------------------------------------------------------------- the commands

QUIET = "--quiet"


def _on(words: list[str]) -> None:
    quiet, words = QUIET in words, [word for word in words if word != QUIET]
    _at_most(1, "on", words)
    session.finish = _choice("on", words[0]) if words else session.finish
    session.on = True
    if not quiet:
        print(f"live panel on, {FINISH[session.finish]}")


def _off(words: list[str]) -> None:
    quiet, words = QUIET in words, [word for word in words if word != QUIET]
    _at_most(0, "off", words)
    session.on = False
    if not quiet:
        print("live panel off; runs are still recorded in their history")


def _show(words: list[str]) -> None:
    _at_most(0, "show", words)
    if session.shown is None:
        raise _usage("%nnkit show: no run was shown yet. Train something first.")
    session.shown.show()


def _status(words: list[str]) -> None:
    _at_most(0, "status", words)
    print(f"live panel: {f'on, {FINISH[session.finish]}' if session.on else 'off'}")
    if not hasattr(_shell(), "kernel"):
        print("in a terminal a run prints a line every few seconds instead")
    elif not available():
        print(MISSING)
    print(f"last run: {session.shown.summary if session.shown else 'none yet'}")


def _seed(words: list[str]) -> None:
    _at_most(1, "seed", words)
    if not words or not words[0].isdecimal():
        got = f"; got {words[0]!r}" if words else ""
        raise _usage(f"%nnkit seed takes a whole number >= 0, for example %nnkit seed 0{got}.")
    import nnkit

    nnkit.seed(int(words[0]))


def _summary(words: list[str]) -> Any:
    if not words:
        raise _usage("%nnkit summary takes a model, for example %nnkit summary model (32, 784).")
    import nnkit

    model, given = words[0], " ".join(words[1:])
    made = _named("summary", model)
    return nnkit.summary(made, _named("summary", given) if given else None)


def _lr_find(words: list[str]) -> Any:
    if len(words) < 2:
        raise _usage("%nnkit lr_find takes a Trainer and data: %nnkit lr_find trainer X y.")
    trainer, *data = (_named("lr_find", word) for word in words)
    if not hasattr(trainer, "lr_find"):
        raise _usage(
            f"%nnkit lr_find: {words[0]} is a {type(trainer).__name__}, not a Trainer. Write "
            f"trainer = nnkit.Trainer(model, loss, optimizer), or call nnkit.lr_find(...)."
        )
    return trainer.lr_find(*data)


def _named(command: str, code: str) -> Any:
    """Return what a piece of code means in the person's notebook."""
    names = _shell().user_ns
    try:
        return eval(code, names)
    except NameError as error:
        raise _usage(
            f"%nnkit {command}: there is no {error.name!r} in this notebook."
            f"{_near(str(error.name), [name for name in names if not name.startswith('_')])}"
        ) from None
    except SyntaxError:
        raise _usage(
            f"%nnkit {command}: {code!r} is no name and no shape. Write %nnkit "
            f"{COMMANDS[command].usage}."
        ) from None


def _help(words: list[str]) -> None:
    _at_most(1, "help", words)
    shown = [_command(words[0])] if words else COMMANDS.values()
    print("\n".join(f"%nnkit {command.usage:<22}{command.does}" for command in shown))
    if not words:
        print(f"%%nnkit {'off | on':<21}run the cell below with the panel off or on")


FINISH = {
    "static": "a picture stays when a run is over",
    "live": "picture and live chart stay when a run is over",
}
MISSING = (
    "For the live panel install the notebook extra: pip install 'nnkit[notebook]'. "
    "Until then a picture appears at the end of a run."
)
COMMANDS = {
    "on": Command("on [static | live]", "show every run in a live panel", _on, tuple(FINISH)),
    "off": Command("off", "show nothing; runs are still recorded", _off),
    "show": Command("show", "show the last run again, below this cell", _show),
    "status": Command("status", "say what is switched on, and how the last run stands", _status),
    "summary": Command("summary MODEL [INPUT]", "show layers, shapes and parameters", _summary),
    "lr_find": Command("lr_find TRAINER X [Y]", "find a good learning rate", _lr_find),
    "seed": Command("seed N", "make the random numbers of nnkit repeatable", _seed),
    "help": Command("help [command]", "say what there is", _help),
}
COMMANDS["help"] = COMMANDS["help"]._replace(choices=tuple(COMMANDS))


# ---------------------------------------------------------------------------- errors that teach


def _usage(text: str) -> Exception:
    """Return the error that IPython shows without a traceback."""
    from IPython.core.error import UsageError

    return UsageError(text)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise _usage(f"%nnkit {line}: {error}.") from None


def _command(name: str) -> Command:
    if name in COMMANDS:
        return COMMANDS[name]
    raise _usage(
        f"%nnkit: there is no command {name!r}.{_near(name, COMMANDS)} "
        f"Commands: {', '.join(COMMANDS)}."
    )


def _choice(command: str, word: str) -> str:
    choices = COMMANDS[command].choices
    if word in choices:
        return word
    raise _usage(
        f"%nnkit {command} {word}: there is no option {word!r}.{_near(word, choices)} "
        f"Allowed: {', '.join(choices)}."
    )


def _at_most(count: int, command: str, words: list[str]) -> None:
    if len(words) > count:
        extra = " ".join(words[count:])
        raise _usage(
            f"%nnkit {command}: {extra!r} is too much. Write %nnkit {COMMANDS[command].usage}."
        )


def _near(word: str, known: Any) -> str:
    close = get_close_matches(word, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


# ---------------------------------------------------------------------------- registration


def complete(shell: Any, event: Any) -> list[str]:
    """Return the words that may come next on the line."""
    words = event.line.lstrip("% ").split()[1:]
    if event.symbol and words:
        words.pop()
    if not words:
        names = ("on", "off") if event.line.lstrip().startswith("%%") else COMMANDS
        return [*names, "--help"]
    if len(words) != 1 or words[0] not in COMMANDS:
        return []
    wanted = {"summary": "named_modules", "lr_find": "lr_find"}.get(words[0])
    if wanted is not None:
        made = [(n, x) for n, x in shell.user_ns.items() if not isinstance(x, ModuleType)]
        return [name for name, value in made if hasattr(value, wanted)]
    return list(COMMANDS[words[0]].choices)


def register(ip: Any) -> None:
    """Give `ip` the magics and their completion."""
    from IPython.core.magic import output_can_be_silenced

    ip.register_magic_function(output_can_be_silenced(nnkit), "line_cell")
    for key in ("%nnkit", "%%nnkit"):
        ip.set_hook("complete_command", complete, str_key=key)
    if not available() and hasattr(ip, "kernel"):
        print(MISSING)


def unregister(ip: Any) -> None:
    """Take the magics away again; a completion that finds nothing to complete does no harm."""
    for kind in ("line", "cell"):
        ip.magics_manager.magics[kind].pop("nnkit", None)


def _shell() -> Any:
    from IPython import get_ipython

    return get_ipython()
