"""The history as a table, writers, and the progress bar."""

import csv
import io
import json
import math
import sys
import types

import numpy as np
import pytest

import nnkit as nn
from nnkit.training import progress as progress_module

X = np.linspace(-1, 1, 20)[:, None]


def make_trainer(**more):
    nn.seed(0)
    model = nn.Linear(1, 1)
    return nn.Trainer(model, nn.MSELoss(), nn.optim.SGD(model.parameters(), lr=0.1), **more)


def filled():
    history = nn.History()
    history.log(1, loss=2.0)
    history.log(2, loss=math.nan, val_loss=1.5)
    history.log_epoch(loss=2.0, val_loss=1.5)
    return history


def test_tables_of_steps_and_epochs(tmp_path):
    pandas = pytest.importorskip("pandas")
    history = filled()
    frame = history.to_frame()
    assert frame.dtypes.astype(str).to_dict() == {
        "step": "int64",
        "loss": "float64",
        "val_loss": "float64",
    }
    assert frame["val_loss"].isna().tolist() == [True, False]
    assert history.to_frame("epoch").to_dict("records") == [
        {"epoch": 0, "step": 2, "loss": 2.0, "val_loss": 1.5}
    ]
    history.to_csv(tmp_path / "t.csv")
    pandas.testing.assert_frame_equal(pandas.read_csv(tmp_path / "t.csv"), frame)
    history.to_jsonl(tmp_path / "t.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert rows == [{"step": 1, "loss": 2.0}, {"step": 2, "loss": "nan", "val_loss": 1.5}]
    with pytest.raises(ValueError, match="by 'step' or by 'epoch'; got by='day'"):
        history.to_frame("day")


def test_without_pandas_the_way_out_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas.*polars"):
        filled().to_frame()


def test_a_history_comes_back_from_its_state():
    history, back = filled(), nn.History()
    history.mark(1, "lr", old=0.1, new=0.2)
    back.load_state_dict(history.state_dict())
    assert repr(back.to_dict()) == repr(history.to_dict())
    assert (back.epochs, back.events) == (history.epochs, history.events)
    back.log(3, loss=1.0)
    with pytest.raises(ValueError, match="Steps never go back"):
        back.log(2, loss=1.0)


@pytest.mark.parametrize(("by", "rows"), [("epoch", 3), ("step", 6)])
def test_csv(tmp_path, by, rows):
    path = tmp_path / "log.csv"
    history = make_trainer().fit(X, X, epochs=3, batch_size=10, callbacks=nn.CSVLogger(path, by=by))
    table = list(csv.DictReader(path.read_text().splitlines()))
    assert len(table) == rows
    expected = history.epochs["loss"] if by == "epoch" else history["loss"].tolist()
    assert [float(row["loss"]) for row in table] == expected


@pytest.mark.parametrize("kind", [nn.CSVLogger, nn.JSONLinesLogger])
def test_files_go_on_or_begin_anew(tmp_path, kind):
    path = tmp_path / "log"
    for append, lines in [(False, 2), (True, 4), (False, 2)]:
        make_trainer().fit(X, X, epochs=2, callbacks=kind(path, append=append))
        assert len(path.read_text().splitlines()) == lines + (kind is nn.CSVLogger)


def test_rows_are_on_the_disk_after_each_epoch_and_the_file_is_closed(tmp_path):
    path = tmp_path / "log.jsonl"
    seen = []
    look = lambda epoch, logs: seen.append(len(path.read_text().splitlines()))
    logger = nn.JSONLinesLogger(path)
    with pytest.raises(ZeroDivisionError):
        make_trainer().fit(
            X, X, epochs=3, callbacks=[logger, look, lambda e, logs: e == 1 and 1 / 0]
        )
    assert seen == [1, 2]
    assert logger._file is None


@pytest.mark.parametrize("by", ["step", "epoch"])
@pytest.mark.parametrize("kind", [nn.CSVLogger, nn.JSONLinesLogger])
def test_a_training_that_goes_on_has_each_row_once(tmp_path, kind, by):
    path, other = tmp_path / "log", tmp_path / "whole"
    make_trainer().fit(X, X, epochs=4, batch_size=5, callbacks=kind(other, by=by))
    trainer = make_trainer()
    checkpoint = nn.Checkpoint(tmp_path / "files", every_steps=6)

    def fail(batch, logs):
        if trainer.history.last_step == 11:  # five steps and an epoch after the checkpoint
            checkpoint.last = False
            raise ZeroDivisionError

    checkpoint.on_epoch_end = lambda epoch, logs: None
    callbacks = [kind(path, by=by), checkpoint, nn.Callback(on_batch_end=fail)]
    with pytest.raises(ZeroDivisionError):
        trainer.fit(X, X, epochs=4, batch_size=5, callbacks=callbacks)
    trainer = make_trainer()
    file = tmp_path / "files" / "last.safetensors"
    trainer.fit(X, X, epochs=4, batch_size=5, callbacks=kind(path, by=by), resume=file)
    assert path.read_text() == other.read_text()


@pytest.mark.parametrize("kind", [nn.CSVLogger, nn.JSONLinesLogger])
def test_wrong_rows_are_told(tmp_path, kind):
    with pytest.raises(ValueError, match=f"{kind.__name__}: by is 'epoch' or 'step'"):
        kind(tmp_path / "x", by="batch")


def test_tensorboard(monkeypatch):
    written = []

    class SummaryWriter:
        def __init__(self, folder):
            written.append(folder)

        def add_scalar(self, name, value, step):
            written.append((name, value, step))

        def flush(self):
            written.append("flush")

        close = flush

    module = types.ModuleType("tensorboardX")
    module.SummaryWriter = SummaryWriter
    monkeypatch.setitem(sys.modules, "tensorboardX", module)
    history = make_trainer().fit(X, X, callbacks=nn.TensorBoardLogger("runs/x"))
    loss = history["loss"][0]
    assert written == [
        "runs/x",
        ("step/loss", loss, 1),
        ("epoch/loss", loss, 0),
        ("epoch/lr", 0.1, 0),
        "flush",
        "flush",
    ]


def test_without_tensorboard_the_way_out_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"nnkit\[tensorboard\].*CSVLogger"):
        nn.TensorBoardLogger()


# --- the bar --------------------------------------------------------------------------------------


def open_terminal(monkeypatch):
    """Make a terminal in which no test is running."""
    pytest.importorskip("tqdm")
    text = io.StringIO()
    text.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", text)
    monkeypatch.setattr(progress_module, "QUIET", ())
    return text


def test_a_terminal_sees_a_bar(monkeypatch):
    terminal = open_terminal(monkeypatch)
    trainer = make_trainer()
    trainer.fit(X, X, epochs=3, batch_size=5)
    text = terminal.getvalue()
    assert "epoch 3/3" in text and "12/12" in text and "loss=" in text
    trainer.fit(X, X, epochs=1, progress=False)
    assert terminal.getvalue() == text


@pytest.mark.parametrize("what", ["test", "file", "other view"])
def test_nobody_else_sees_one(monkeypatch, what):
    terminal = open_terminal(monkeypatch)
    if what == "test":
        monkeypatch.setattr(progress_module, "QUIET", ("PYTEST_VERSION",))
    elif what == "file":
        terminal.isatty = lambda: False
    else:
        view = types.SimpleNamespace(
            **dict.fromkeys(["started", "progressed", "waiting", "ended"], lambda run: None)
        )
        monkeypatch.setattr("nnkit.training.run.observers", [lambda run: view])
    make_trainer().fit(X, X)
    assert terminal.getvalue() == ""
    make_trainer().fit(X, X, progress=True)
    assert "1/1" in terminal.getvalue()


def test_without_tqdm_only_who_insists_is_told(monkeypatch):
    terminal = open_terminal(monkeypatch)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    make_trainer().fit(X, X)
    with pytest.raises(ImportError, match="pip install tqdm"):
        make_trainer().fit(X, X, progress=True)
    assert terminal.getvalue() == ""


def test_a_bar_that_breaks_does_not_hurt(monkeypatch):
    terminal = open_terminal(monkeypatch)

    def fail(_):
        raise OSError("terminal is gone")

    trainer = make_trainer()
    terminal.write = fail
    with pytest.warns(UserWarning, match="training goes on. OSError: terminal is gone"):
        trainer.fit(X, X, epochs=2)
    assert len(trainer.history) == 2
