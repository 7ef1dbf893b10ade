"""A training that goes on is the one that was never left, to the last bit."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import nnkit as nn
from nnkit.training.trees import from_flat, to_flat

X = np.random.default_rng(0).normal(size=(50, 4))
Y = np.random.default_rng(1).integers(3, size=50)
EPOCHS = 3
BATCHES = 7  # in an epoch, of 8 rows each and one of 2

lr = nn.optim.lr_scheduler


def sgd(model):
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return optimizer, lr.StepLR(optimizer, 1, gamma=0.7)


def adam(model):
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
    return optimizer, lr.OneCycleLR(optimizer, 0.02, total_steps=EPOCHS * BATCHES)


def rprop(model):
    optimizer = nn.optim.RMSprop(model.parameters(), lr=0.01)
    return optimizer, lr.ReduceLROnPlateau(optimizer, patience=0, verbose=False)


MAKERS = [sgd, adam, rprop]


class Noisy(nn.data.Dataset):
    """Samples with noise from a generator of its own."""

    def __init__(self):
        self.rng = np.random.default_rng(7)

    def __len__(self):
        return len(X)

    def __getitem__(self, i):
        return (X[i] + self.rng.normal(size=4)).astype(np.float32), Y[i]


def make_trainer(maker=sgd, accumulate=1, seed=0):
    nn.seed(seed)
    model = nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.3), nn.Linear(8, 3)
    )
    optimizer, scheduler = maker(model)
    return nn.Trainer(
        model,
        nn.CrossEntropyLoss(),
        optimizer,
        ["accuracy"],
        scheduler=scheduler,
        accumulate=accumulate,
    )


def fit(trainer, callbacks=(), data=None, **more):
    stopper = nn.EarlyStopping(patience=20)
    more = {"epochs": EPOCHS, "batch_size": 8, "validation_split": 0.0} | more
    arrays = (X, Y) if data is None else (data,)
    return trainer.fit(
        *arrays, validation_data=(X[:10], Y[:10]), callbacks=[stopper, *callbacks], **more
    )


def stop_after(trainer, step):
    return nn.Callback(
        on_batch_end=lambda batch, logs: trainer.history.last_step == step and trainer.stop()
    )


def assert_same(a, b):
    """Weights, optimizer, schedule, history and random streams are equal to the bit."""
    parts = [(a.model, b.model), (a.optimizer, b.optimizer)]
    parts.append((a._schedule.scheduler, b._schedule.scheduler))
    for left, right in parts:
        texts = []
        for state in (left.state_dict(), right.state_dict()):
            text, arrays = to_flat(state, "state")
            texts.append((text, {k: v.tobytes() for k, v in arrays.items()}))
        assert texts[0] == texts[1]
    assert a.history.epochs == b.history.epochs
    assert a.history.to_dict() == b.history.to_dict()


@pytest.fixture(scope="module")
def whole():
    """Trainings that were never left, by their settings."""
    found = {}

    def get(maker, accumulate=1):
        if (maker, accumulate) not in found:
            trainer = make_trainer(maker, accumulate)
            fit(trainer)
            found[maker, accumulate] = trainer, nn.random.stream("shuffle").bit_generator.state
        return found[maker, accumulate]

    return get


@pytest.mark.parametrize("way", ["file", "memory"])
@pytest.mark.parametrize("step", [1, 6, 7, 8, 10, 14, 19])
@pytest.mark.parametrize(("maker", "accumulate"), [(sgd, 1), (sgd, 3), (adam, 1), (rprop, 2)])
def test_resume_is_exact_at_any_batch(whole, tmp_path, maker, accumulate, step, way):
    expected, state = whole(maker, accumulate)
    trainer = make_trainer(maker, accumulate)
    fit(trainer, [stop_after(trainer, step)])
    assert trainer.history.last_step == step
    if way == "file":
        trainer.save(tmp_path / "t.safetensors")
        trainer = make_trainer(maker, accumulate, seed=99)
        fit(trainer, resume=tmp_path / "t.safetensors")
    else:
        nn.random.stream("dropout").random(5)  # somebody draws in between
        fit(trainer, resume=True)
    assert_same(trainer, expected)
    assert nn.random.stream("shuffle").bit_generator.state == state


@pytest.mark.parametrize("step", [3, 7, 9])
def test_resume_is_exact_with_a_dataset_that_draws(step):
    def loader():
        return nn.data.DataLoader(Noisy(), 8, shuffle=True)

    expected = make_trainer()
    fit(expected, data=loader())
    trainer, data = make_trainer(), loader()
    fit(trainer, [stop_after(trainer, step)], data=data)
    fit(trainer, data=data, resume=True)
    assert_same(trainer, expected)


class Stream(nn.data.IterableDataset):
    """Samples that come with noise, in an order that is drawn on the way."""

    def __init__(self):
        self.rng = np.random.default_rng(7)

    def __iter__(self):
        for _ in range(len(X)):
            i = self.rng.integers(len(X))
            yield (X[i] + self.rng.normal(size=4)).astype(np.float32), Y[i]


class Lazy(nn.data.Sampler):
    """A sampler that draws each index when it is asked for it."""

    def __init__(self):
        self.rng = np.random.default_rng(7)

    def __iter__(self):
        return (int(self.rng.integers(len(X))) for _ in range(len(X)))

    def __len__(self):
        return len(X)


class Foreign:
    """Something that yields batches, and is no DataLoader."""

    def __init__(self):
        self.rng = np.random.default_rng(7)

    def __iter__(self):
        order = self.rng.permutation(len(X))
        for i in range(0, len(X), 8):
            rows = order[i : i + 8]
            yield (X[rows] + self.rng.normal(size=4)).astype(np.float32), Y[rows]


LOADERS = {
    "stream": lambda: nn.data.DataLoader(Stream(), 8),
    "lazy sampler": lambda: nn.data.DataLoader((X, Y), 8, sampler=Lazy()),
    "batch sampler": lambda: nn.data.DataLoader(
        (X, Y), batch_sampler=nn.data.BatchSampler(Lazy(), 8, False)
    ),
    "weighted": lambda: nn.data.DataLoader(
        (X, Y), 8, sampler=nn.data.WeightedRandomSampler(np.arange(50) + 1.0, 50)
    ),
    "workers": lambda: nn.data.DataLoader((X, Y), 8, shuffle=True, num_workers=2),
    "foreign": Foreign,
}


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize("step", [3, 7, 9])
def test_resume_is_exact_with_any_loader(tmp_path, kind, step):
    expected = make_trainer()
    fit(expected, data=LOADERS[kind]())
    trainer = make_trainer()
    fit(trainer, [stop_after(trainer, step)], data=LOADERS[kind]())
    trainer.save(tmp_path / "t.safetensors")
    trainer = make_trainer(seed=9)
    fit(trainer, data=LOADERS[kind](), resume=tmp_path / "t.safetensors")
    assert_same(trainer, expected)


@pytest.mark.filterwarnings("ignore:fit runs as it is")
def test_generators_of_loader_and_model_are_found_in_a_file(tmp_path):
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.rng = np.random.default_rng(3)

        def forward(self, x):
            return x + self.rng.normal(size=x.shape).astype(np.float32) if self.training else x

    def train(stop=None, resume=False):
        nn.seed(0)
        model = nn.Sequential(Own(), nn.Linear(4, 3))
        trainer = nn.Trainer(model, nn.CrossEntropyLoss(), nn.optim.SGD(model, lr=0.1))
        generator = np.random.Generator(np.random.MT19937(5))
        data = nn.data.DataLoader(Noisy(), 8, shuffle=True, generator=generator)
        callbacks = [stop_after(trainer, stop)] if stop else []
        trainer.fit(data, epochs=2, callbacks=callbacks, resume=resume)
        return trainer

    train(stop=5).save(tmp_path / "t.safetensors")
    again, expected = train(resume=tmp_path / "t.safetensors"), train()
    np.testing.assert_array_equal(again.history["loss"], expected.history["loss"])


@pytest.mark.parametrize("keep_best", [False, "loss"])
def test_a_finished_training_goes_on_with_more_epochs(whole, keep_best):
    expected, _ = whole(sgd)
    trainer = make_trainer()
    fit(trainer, epochs=2, keep_best=keep_best)
    fit(trainer, epochs=EPOCHS, resume=True)
    assert trainer.history.to_dict() == expected.history.to_dict()
    steps = trainer.history.last_step
    fit(trainer, epochs=EPOCHS, resume=True)  # nothing is left to do
    assert trainer.history.last_step == steps


def test_the_best_weights_do_not_disturb_going_on(whole):
    expected, _ = whole(sgd)
    trainer = make_trainer()
    fit(trainer, [stop_after(trainer, 17)], keep_best="loss")  # gives back those of an epoch
    fit(trainer, resume=True)
    np.testing.assert_array_equal(trainer.history["loss"], expected.history["loss"])


def test_the_validation_split_is_remembered(tmp_path):
    def split(trainer, **more):
        trainer.fit(X, Y, epochs=4, validation_split=0.3, **more)
        return trainer

    expected = split(make_trainer())
    first = make_trainer()
    split(first, callbacks=stop_after(first, 5)).save(tmp_path / "t.safetensors")
    again = split(make_trainer(seed=5), resume=tmp_path / "t.safetensors")
    assert again.history.to_dict() == expected.history.to_dict()


# --- interrupts -----------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
@pytest.mark.parametrize("accumulate", [1, 3])
def test_random_interrupts_change_nothing(whole, accumulate):
    expected, _ = whole(sgd, accumulate)
    alarm = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    times, interrupts = np.random.default_rng(0), 0
    try:
        for _ in range(15):
            trainer, resume = make_trainer(accumulate=accumulate), False
            for _ in range(200):
                try:
                    signal.setitimer(signal.ITIMER_REAL, times.uniform(1e-3, 8e-3))
                    fit(trainer, resume=resume)
                    signal.setitimer(signal.ITIMER_REAL, 0)
                except KeyboardInterrupt:  # before the run began, or after it
                    pass
                kinds = [e.kind for e in trainer.history.events]
                resume = trainer.history.last_step > 0 or trainer._position.batch > 0
                if len(trainer.history.epochs.get("epoch", ())) == EPOCHS:
                    break
            interrupts += kinds.count("interrupt")
            signal.setitimer(signal.ITIMER_REAL, 0)
            np.testing.assert_array_equal(trainer.history["loss"], expected.history["loss"])
            assert trainer.history.epochs == expected.history.epochs
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
    assert interrupts >= 5


def test_a_second_interrupt_does_not_wait():
    trainer = make_trainer()
    calls = []

    def hang(batch, logs):
        calls.append(batch)
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)
        calls.append("not reached")

    history = fit(trainer, [nn.Callback(on_batch_begin=hang)])
    assert calls == [0]
    assert [e.kind for e in history.events] == ["interrupt"]


# --- killed ---------------------------------------------------------------------------------------

SCRIPT = """
import sys
import numpy as np
import nnkit as nn
nn.seed(0)
model = nn.Sequential(nn.Linear(4, 300), nn.Dropout(0.5), nn.Linear(300, 3))
trainer = nn.Trainer(model, nn.CrossEntropyLoss(), nn.optim.Adam(model))
X, y = np.ones((16, 4)), np.zeros(16, int)
folder = sys.argv[1]
print("begun", flush=True)
trainer.fit(X, y, epochs=100_000, batch_size=8, callbacks=nn.Checkpoint(folder, every_steps=1))
"""


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
def test_a_killed_training_leaves_a_whole_checkpoint(tmp_path):
    file, seen = tmp_path / "last.safetensors", 0
    for delay in (0.0, 0.01, 0.02, 0.05, 0.1):
        command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
        root = Path(nn.__file__).parents[1]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as process:
            process.stdout.readline()
            old = file.stat().st_mtime_ns if file.exists() else 0
            for _ in range(1000):
                if file.exists() and file.stat().st_mtime_ns > old:
                    break
                time.sleep(0.01)
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        metadata = nn.io.load_metadata(file)
        assert json.loads(metadata["about"])["version"] == nn.__version__
        state = from_flat(metadata["state"], nn.load(file))
        assert len(state["history"]["steps"]) == state["history"]["newest"] > 0
        seen += 1
    assert seen == 5
    assert len([p for p in tmp_path.iterdir() if p.suffix == ".tmp"]) <= 1


# --- what a file is refused for -------------------------------------------------------------------


def other_model():
    model = nn.Sequential(nn.Linear(4, 3))
    return nn.Trainer(model, nn.CrossEntropyLoss(), nn.optim.SGD(model, lr=0.1))


def other_shapes():
    model = nn.Sequential(
        nn.Linear(4, 9), nn.BatchNorm1d(9), nn.Tanh(), nn.Dropout(0.3), nn.Linear(9, 3)
    )
    optimizer, scheduler = sgd(model)
    return nn.Trainer(model, nn.CrossEntropyLoss(), optimizer, scheduler=scheduler)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (other_model, "its scheduler is StepLR, the one here NoneType"),
        (other_shapes, r"Sequential has \(9, 4\)"),
        (lambda: make_trainer(adam), "its optimizer is SGD, the one here Adam"),
    ],
)
def test_a_file_of_something_else_is_refused_and_changes_nothing(tmp_path, make, words):
    saved = make_trainer()
    fit(saved, epochs=1)
    saved.save(tmp_path / "t.safetensors")
    trainer = make()
    before = trainer.model.state_dict()
    with pytest.raises(ValueError, match=words):
        trainer.load(tmp_path / "t.safetensors")
    for name, value in trainer.model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    assert len(trainer.history) == 0


def test_what_is_no_training_is_told(tmp_path):
    nn.save({"a": np.ones(2)}, tmp_path / "weights.safetensors")
    for path, error, words in [
        (tmp_path / "weights.safetensors", ValueError, "holds weights, but no training"),
        (tmp_path / "nothing.safetensors", FileNotFoundError, "no file .*nothing"),
        (True, ValueError, "resume=True goes on where the last call ended, but there was none"),
    ]:
        with pytest.raises(error, match=words):
            make_trainer().fit(X, Y, resume=path)


@pytest.mark.parametrize(
    "tree",
    [
        {"a": 1, "b": [1.5, None, True, "text"], "c": (1, (2, 3))},
        {0: {"m": np.ones(2)}, 1: {"m": np.zeros((2, 0))}},
        {"$array": "a key that looks like a mark", "x": float("inf")},
        {"a.b": np.ones(1), "a": {"b": np.zeros(1)}},
        {"z": np.array([1 + 2j]), "n": np.float32(0.1), "big": 2**127, "b": np.array(True)},
    ],
)
def test_trees_come_back(tree):
    text, arrays = to_flat(tree, "t")
    back = from_flat(text, arrays)
    assert repr(back) == repr(tree).replace("np.float32(0.1)", "0.10000000149011612")


def test_trees_refuse_what_is_no_state():
    with pytest.raises(TypeError, match=r"t.f cannot be stored in a file"):
        to_flat({"f": print}, "t")
