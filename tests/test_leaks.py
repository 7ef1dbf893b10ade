"""Training leaves nothing behind: no cycles, no growing lists, also after errors."""

import gc
import threading
import tracemalloc

import numpy as np
import pytest

import nnkit as nn
from tests.amounts import amount

X, Y = np.ones((8, 4), np.float32), np.arange(8) % 3


def steps(model, optimizer, loss_fn, n):
    for _ in range(n):
        optimizer.zero_grad()
        loss = loss_fn(model(X), Y)
        loss.backward()
        optimizer.step()


def failures(model, _optimizer, loss_fn, n):
    for i in range(n):
        try:
            loss_fn(model(X[:, : i % 4]), Y)
        except ValueError:
            pass


@pytest.mark.parametrize("work", [steps, failures])
def test_nothing_remains_without_the_cycle_collector(work):
    model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Dropout(0.1), nn.Linear(8, 3))
    optimizer, loss_fn = nn.optim.Adam(model.parameters()), nn.CrossEntropyLoss()
    work(model, optimizer, loss_fn, 20)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        memory, objects = tracemalloc.get_traced_memory()[0], len(gc.get_objects())
        work(model, optimizer, loss_fn, amount("STEPS", 300, 10_000))
        assert len(gc.get_objects()) - objects <= 100  # a leak of one object a step is 300
        assert tracemalloc.get_traced_memory()[0] - memory <= 2**20
    finally:
        tracemalloc.stop()
        gc.enable()


def test_evaluation_beside_training_in_another_thread():
    def train(seed, result):
        rng = np.random.default_rng(seed)
        model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
        for p in model.parameters():
            nn.init.normal_(p, 0, 0.5, rng)
        optimizer = nn.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        trainer = nn.Trainer(model, nn.CrossEntropyLoss(), optimizer)
        for _ in range(20):
            trainer.fit(X, Y, batch_size=8, shuffle=False)
            trainer.evaluate(X, Y)
        result[seed] = trainer.history["loss"]

    together, alone = {}, {}
    threads = [threading.Thread(target=train, args=(i, together)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(4):
        train(i, alone)
        np.testing.assert_array_equal(together[i], alone[i])
