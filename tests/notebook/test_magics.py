"""The magic %nnkit: every command, every mistake a person makes, completion, the cell form."""

import pytest

from nnkit.notebook.session import session
from nnkit.training import run as run_module


@pytest.fixture
def say(shell, capsys):
    """Run a line or cell and return what was printed, with errors as IPython shows them."""

    def run(code):
        shell.run_cell(code)
        return "".join(capsys.readouterr())

    return run


@pytest.mark.parametrize(
    ("line", "on", "finish", "printed"),
    [
        (
            "%nnkit off",
            False,
            "static",
            "live panel off; runs are still recorded in their history\n",
        ),
        ("%nnkit on", True, "static", "live panel on, a picture stays when a run is over\n"),
        ("%nnkit on static", True, "static", "live panel on, a picture stays when a run is over\n"),
        (
            "%nnkit on live",
            True,
            "live",
            "live panel on, picture and live chart stay when a run is over\n",
        ),
    ],
)
def test_switching(say, line, on, finish, printed):
    assert say(line) == printed
    assert (session.on, session.finish) == (on, finish)


@pytest.mark.parametrize("line", ["%nnkit", "%nnkit status"])
def test_status(say, line):
    assert say(line).splitlines() == [
        "live panel: on, a picture stays when a run is over",
        "in a terminal a run prints a line every few seconds instead",
        "last run: none yet",
    ]
    say("%nnkit off")
    assert "live panel: off" in say(line)


def test_summary(shell, say):
    shell.run_cell("import nnkit; model = nnkit.Linear(3, 2)")
    assert "Linear  (4, 3)  (4, 2)           8" in say("%nnkit summary model (4, 3)")
    assert shell.user_ns["_"].parameters == 8
    assert "Linear           8" in say("%nnkit summary model")
    found = completions(shell, "%nnkit summary ")
    assert "model" in found and "nnkit" not in found


def test_lr_find(shell, say):
    shell.run_cell("import nnkit, numpy as np; model = nnkit.Linear(2, 1); X = np.ones((8, 2))")
    shell.run_cell("loss_of, optimizer = nnkit.MSELoss(), nnkit.optim.SGD(model, lr=0.1)")
    shell.run_cell("trainer = nnkit.Trainer(model, loss_of, optimizer)")
    assert "RangeTest(" in say("%nnkit lr_find trainer X X[:,:1]")
    assert "trainer" in completions(shell, "%nnkit lr_find ")
    assert "model is a Linear, not a Trainer" in say("%nnkit lr_find model X")


@pytest.mark.parametrize(
    "line", ["%nnkit help", "%nnkit --help", "%nnkit -h", "%nnkit help --help"]
)
def test_help_names_every_command(say, line):
    text = say(line)
    shown = (
        ["on", "off", "show", "status", "summary", "lr_find", "seed", "help"]
        if "help -" not in line
        else ["help"]
    )
    assert all(f"%nnkit {name}" in text for name in shown)


def test_help_of_one_command(say):
    assert say("%nnkit help seed") == say("%nnkit seed --help")
    assert say("%nnkit help seed").startswith("%nnkit seed N")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("%nnkit of", "no command 'of'. Did you mean 'off'? Commands: on, off, show"),
        ("%nnkit xyz", "no command 'xyz'. Commands:"),
        ("%nnkit on statik", "no option 'statik'. Did you mean 'static'? Allowed: static, live."),
        ("%nnkit on 5", "%nnkit on 5: there is no option '5'. Allowed: static, live."),
        ("%nnkit on live now", "'now' is too much. Write %nnkit on [static | live]."),
        ("%nnkit off please", "'please' is too much. Write %nnkit off."),
        ("%nnkit summary", "takes a model, for example %nnkit summary model (32, 784)."),
        ("%nnkit summary modle", "there is no 'modle' in this notebook."),
        ("model = 3\n%nnkit summary modle", "notebook. Did you mean 'model'?"),
        ("import nnkit\n%nnkit summary nnkit.ReLU() (2,", "'(2,' is no name and no shape. Write"),
        ("%nnkit lr_find", "takes a Trainer and data: %nnkit lr_find trainer X y."),
        ("%nnkit lr_find trainer X y", "%nnkit lr_find: there is no 'trainer' in this notebook."),
        ("%nnkit seed", "takes a whole number >= 0, for example %nnkit seed 0."),
        ("%nnkit seed -1", "got '-1'"),
        ("%nnkit seed 1.5", "got '1.5'"),
        ("%nnkit seed 1 2", "'2' is too much"),
        ("%nnkit show", "no run was shown yet"),
        ("%nnkit help sed", "Did you mean 'seed'?"),
        ('%nnkit on "live', "No closing quotation"),
        ("%%nnkit\npass", "%%nnkit: above a cell, write %%nnkit off or %%nnkit on"),
        ("%%nnkit status\npass", "%%nnkit status: above a cell"),
        ("%%nnkit on liv\npass", "Did you mean 'live'?"),
    ],
)
def test_mistakes_are_explained(say, code, message):
    text = say(code)
    assert text.startswith("UsageError: ")
    assert message in text
    assert (session.on, session.finish) == (True, "static")


def test_the_last_run_is_told_and_shown_again(say, shell):
    from nnkit import live

    for _ in (run := live(range(3))):
        run.log(loss=1 / run.step)
    assert say("%nnkit").splitlines()[-1] == "last run: finished: step 3/3  loss 0.3333"
    assert say("%nnkit show") == "finished: step 3/3  loss 0.3333\n"


def test_seed_makes_random_numbers_repeatable(say, shell):
    import nnkit

    values = []
    for _ in range(2):
        assert say("%nnkit seed 7") == ""
        values.append(nnkit.Linear(3, 3).weight.detach().numpy().tolist())
    assert values[0] == values[1]


def test_cell_form_holds_for_one_cell_and_gives_its_value(say, shell):
    shell.user_ns["session"] = session
    text = say("%%nnkit off\nseen = session.on\nfor k in range(2): pass\n(seen, k)")
    assert text.endswith("(False, 1)\n")
    assert shell.user_ns["seen"] is False
    assert session.on
    assert say("%%nnkit on live\nsession.finish;") == ""
    assert session.finish == "static"


@pytest.mark.parametrize("code", ["1 / 0", "x = (", "None"])
def test_cell_form_lets_errors_through_and_restores(shell, capsys, code):
    result = shell.run_cell(f"%%nnkit off\n{code}")
    assert result.success == (code == "None")
    assert session.on
    out = capsys.readouterr().out
    assert {"1 / 0": "ZeroDivisionError", "x = (": "SyntaxError", "None": ""}[code] in out


def completions(shell, line):
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        return {found.text for found in shell.Completer.completions(line, len(line))}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%nnkit o", {"on", "off"}),
        ("%nnkit s", {"show", "status", "summary", "seed"}),
        ("%nnkit on ", {"static", "live"}),
        ("%nnkit on l", {"live"}),
        ("%nnkit help se", {"seed"}),
        ("%nnkit --", {"--help"}),
        ("%%nnkit o", {"on", "off"}),
    ],
)
def test_completion(shell, line, expected):
    matches = completions(shell, line)
    assert expected <= matches
    assert not {"show", "status", "off", "live"} & (matches - expected)


def test_loading_twice_looks_once_and_unloading_looks_no_more(shell):
    from nnkit import notebook

    count = len(run_module.observers)
    notebook.load_ipython_extension(shell)
    assert len(run_module.observers) == count
    notebook.unload_ipython_extension(shell)
    assert session.observe not in run_module.observers
    assert "nnkit" not in shell.magics_manager.magics["line"]


def test_a_figure_is_shown_without_pyplot(shell):
    from nnkit.training.history import History

    history = History()
    history.log(1, loss=1.0)
    data, metadata = shell.display_formatter.format(history.plot())
    assert data["image/png"].startswith((b"\x89PNG", "iVBOR"))
    assert metadata["image/png"] == {"width": 960}
