"""Checkpoint: which files there are when, and what a disk does to them."""

import os
import signal

import numpy as np
import pytest

import nnkit as nn

X = np.linspace(-1, 1, 20)[:, None]


def make_trainer():
    nn.seed(0)
    model = nn.Linear(1, 1)
    return nn.Trainer(model, nn.MSELoss(), nn.optim.SGD(model.parameters(), lr=0.1))


def files(folder):
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, ["last.safetensors"]),
        ({"monitor": "loss"}, ["best.safetensors", "last.safetensors"]),
        ({"every": 2, "last": False}, ["epoch-0002.safetensors", "epoch-0004.safetensors"]),
        ({"every": 1, "keep": 2, "last": False}, [f"epoch-000{i}.safetensors" for i in (4, 5)]),
        ({"every": 5, "last": False}, ["epoch-0005.safetensors"]),
        ({"last": False}, []),
        ({"last": False, "every_steps": 4}, ["last.safetensors"]),
    ],
)
def test_the_files_that_were_asked_for_are_there(tmp_path, settings, names):
    folder = tmp_path / "a new one" / "ünd deeper"
    make_trainer().fit(X, X, epochs=5, callbacks=nn.Checkpoint(folder, **settings))
    assert files(folder) == names


def test_best_is_the_best_and_last_the_last(tmp_path):
    trainer, values = make_trainer(), iter([3, 1, 2])
    weights = []
    trainer._scores = lambda *_: (
        weights.append(trainer.model.state_dict()),
        {"loss": next(values)},
    )[1]
    checkpoint = nn.Checkpoint(tmp_path, "val_loss")
    trainer.fit(X, X, epochs=3, validation_data=(X, X), callbacks=checkpoint)
    assert checkpoint.best == 1
    for name, i in (("best", 1), ("last", 2)):
        other = make_trainer()
        other.load(tmp_path / f"{name}.safetensors")
        np.testing.assert_array_equal(other.model.state_dict()["weight"], weights[i]["weight"])
        assert other.history.epochs["val_loss"] == [3, 1, 2][: i + 1]


def test_the_best_value_is_remembered_when_training_goes_on(tmp_path):
    trainer = make_trainer()
    checkpoint = nn.Checkpoint(tmp_path, "val_loss")
    more = {"validation_data": (X, X), "callbacks": checkpoint}
    trainer._scores = lambda *_: {"loss": 1.0}
    trainer.fit(X, X, epochs=1, **more)
    before = (tmp_path / "best.safetensors").read_bytes()
    trainer._scores = lambda *_: {"loss": 2.0}
    trainer.fit(X, X, epochs=2, resume=tmp_path / "last.safetensors", **more)
    assert (tmp_path / "best.safetensors").read_bytes() == before


@pytest.mark.parametrize("how", ["stop", "interrupt", "failure"])
def test_an_epoch_that_is_left_in_the_middle_is_written(tmp_path, how):
    trainer = make_trainer()

    def leave(batch, logs):
        if trainer.history.last_step == 6:
            if how == "failure":
                raise ZeroDivisionError
            trainer.stop() if how == "stop" else signal.raise_signal(signal.SIGINT)

    callbacks = [nn.Checkpoint(tmp_path), nn.Callback(on_batch_end=leave)]
    try:
        trainer.fit(X, X, epochs=5, batch_size=5, callbacks=callbacks)
    except ZeroDivisionError:
        assert how == "failure"
    again = make_trainer()
    again.fit(X, X, epochs=5, batch_size=5, resume=tmp_path / "last.safetensors")
    expected = make_trainer()
    expected.fit(X, X, epochs=5, batch_size=5)
    np.testing.assert_array_equal(again.history["loss"], expected.history["loss"])


def test_another_working_directory_does_not_matter(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    go = lambda epoch, logs: os.chdir(tmp_path / "elsewhere")
    make_trainer().fit(X, X, epochs=2, callbacks=[nn.Checkpoint("runs"), go])
    assert files(tmp_path) == ["elsewhere", "runs"]
    assert files(tmp_path / "elsewhere") == []


def test_a_full_disk_is_warned_of_once_and_training_goes_on(tmp_path, monkeypatch):
    trainer, checkpoint = make_trainer(), nn.Checkpoint(tmp_path)
    trainer.fit(X, X, callbacks=checkpoint)
    before = (tmp_path / "last.safetensors").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.warns(UserWarning, match="could not be written .*No space left") as caught:
        trainer.fit(X, X, epochs=3, callbacks=checkpoint)
    assert len(caught) == 1
    assert len(trainer.history.epochs["loss"]) == 4
    assert (tmp_path / "last.safetensors").read_bytes() == before
    assert files(tmp_path) == ["last.safetensors"]


def test_what_killed_processes_left_is_removed(tmp_path):
    (tmp_path / ".last.safetensors.0123abcd.tmp").write_bytes(b"half")
    (tmp_path / "mine.tmp").write_bytes(b"not ours")
    make_trainer().fit(X, X, callbacks=nn.Checkpoint(tmp_path))
    assert files(tmp_path) == ["last.safetensors", "mine.tmp"]


def test_memories_of_ones_own_callbacks_are_kept_and_what_is_none_is_told(tmp_path):
    class Counts(nn.Callback):
        def __init__(self):
            self.n = 0

        def on_batch_end(self, batch, logs):
            self.n += 1

        def state_dict(self):
            return {"n": self.n, "more": {"curve": np.arange(self.n)}}

        def load_state_dict(self, state):
            self.n = state["n"]
            assert len(state["more"]["curve"]) == self.n

    first, second = Counts(), Counts()
    trainer = make_trainer()
    trainer.fit(X, X, epochs=2, callbacks=[first, nn.Checkpoint(tmp_path)])
    trainer.fit(X, X, epochs=3, callbacks=second, resume=tmp_path / "last.safetensors")
    assert second.n == 3

    class Wrong(nn.Callback):
        def state_dict(self):
            return {"f": print}

    with pytest.raises(TypeError, match="cannot be stored in a file"):
        trainer.fit(X, X, callbacks=[Wrong(), nn.Checkpoint(tmp_path)])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"every": 0}, "every is a positive whole number; got 0"),
        ({"keep": 1.5}, "keep is a positive"),
        ({"mode": "more"}, "mode is"),
        ({"monitor": "x"}, "say mode="),
    ],
)
def test_wrong_settings_are_told(tmp_path, settings, words):
    with pytest.raises(ValueError, match=words):
        nn.Checkpoint(tmp_path, **settings)


def test_a_folder_that_cannot_be_made_is_told_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        make_trainer().fit(X, X, callbacks=nn.Checkpoint(tmp_path / "file" / "folder"))
