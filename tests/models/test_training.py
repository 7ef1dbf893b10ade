"""Each ready model learns something that it should be able to learn, in a second or two."""

import numpy as np
import pytest

import nnkit as nn
from autograd_core.dispatch import raw
from nnkit import models

TEXT = (
    "the cat sat on the mat. the dog sat on the log. the frog sat on the fog. "
    "a hen in a pen. a fox in a box. a mouse in a house. "
) * 12


@pytest.fixture(scope="module")
def digits():
    """Pictures from 0 to 1: 1200 to learn from and 400 for the exam."""
    X, y = nn.data.load_bundled("digits").tensors
    order = np.random.default_rng(0).permutation(len(X))[:1600]
    X = (X[order] / 16).astype(np.float32)
    return (X[:1200], y[order][:1200]), (X[1200:], y[order][1200:])


def trained(model, loss, X, y, lr, epochs, batch_size=32):
    trainer = nn.Trainer(model, loss, nn.optim.Adam(model.parameters(), lr=lr))
    history = trainer.fit(X, y, epochs=epochs, batch_size=batch_size)
    assert history["loss"][-1] < history["loss"][0]
    assert "as it is" not in trainer.compiled.report()
    return trainer


def accuracy(trainer, X, y):
    return np.mean(trainer.predict(X).argmax(axis=1) == y)


def test_mlp(digits):
    nn.seed(0)
    (X, y), exam = digits
    model = models.MLP([64, 64, 10], dropout=0.1, norm=nn.BatchNorm1d)
    assert accuracy(trained(model, nn.CrossEntropyLoss(), X, y, 0.01, 10), *exam) > 0.95


def test_lenet(digits):
    nn.seed(0)
    (X, y), (X_exam, y_exam) = digits

    def enlarged(X):
        return np.kron(X.reshape(-1, 1, 8, 8), np.ones((1, 1, 2, 2), np.float32))

    model = models.LeNet(image_size=16, activation="relu", pooling="max")
    trainer = trained(model, nn.CrossEntropyLoss(), enlarged(X), y, 0.003, 8)
    assert accuracy(trainer, enlarged(X_exam), y_exam) > 0.93


def test_resnet(digits):
    nn.seed(0)
    (X, y), (X_exam, y_exam) = digits
    model = models.ResNet(blocks=1, channels=8, in_channels=1)
    trainer = trained(model, nn.CrossEntropyLoss(), X.reshape(-1, 1, 8, 8), y, 0.01, 5)
    assert accuracy(trainer, X_exam.reshape(-1, 1, 8, 8), y_exam) > 0.93


@pytest.mark.parametrize(
    "make",
    [
        lambda V: models.CharRNN(V, 64, 16),
        lambda V: models.CharRNN(V, 64, 16, cell="gru"),
        lambda V: models.GPT(V, block_size=32, n_layer=1, n_head=2, n_embd=32),
    ],
    ids=["lstm", "gru", "gpt"],
)
def test_language_models(make):
    nn.seed(0)
    letters = nn.data.CharTokenizer(TEXT)
    X, y = nn.data.make_windows(letters.encode(TEXT), 32, stride=8)
    model = make(letters.vocab_size)
    untrained = model.loss(model(X), y).item()
    assert untrained == pytest.approx(np.log(letters.vocab_size), abs=0.3)
    trainer = trained(model, model.loss, X, y, 0.01, 12, 16)
    assert trainer.evaluate(X, y)["loss"] < 0.6
    written = model.generate(
        "the ", 120, 0.3, tokenizer=letters, generator=np.random.default_rng(0)
    )
    words = written.replace(".", "").split()[:-1]
    known = set(TEXT.replace(".", "").split())
    assert np.mean([word in known for word in words]) > 0.8


def test_autoencoder(digits):
    nn.seed(0)
    (X, _), (X_exam, _) = digits
    model = models.Autoencoder([64, 32, 8], output_activation="sigmoid")
    trainer = trained(model, nn.MSELoss(), X, X, 0.01, 20)
    mean = X.mean(axis=0)
    _, _, axes = np.linalg.svd(X - mean, full_matrices=False)
    left = (X_exam - mean) - (X_exam - mean) @ axes[:8].T @ axes[:8]
    assert trainer.evaluate(X_exam, X_exam)["loss"] < 0.85 * (left**2).mean()  # of 8 linear ones


def test_vae(digits):
    nn.seed(0)
    (X, _), (X_exam, _) = digits
    model = models.VAE([64, 64, 8])
    trainer = trained(model, model.loss, X, X, 0.005, 20)
    p = np.clip(X.mean(axis=0), 1e-3, 1 - 1e-3)  # of a Bernoulli that knows only the mean picture
    blind = -(X_exam * np.log(p) + (1 - X_exam) * np.log(1 - p)).sum(axis=1).mean()
    assert trainer.evaluate(X_exam, X_exam)["loss"] < 0.94 * blind
    parts = trainer.predict(X_exam)
    assert isinstance(parts, models.VAEOutput) and parts.mu.shape == (400, 8)
    drawn = model.sample(200, np.random.default_rng(0))
    # What it draws is spread like the data, not one mean picture.
    assert raw(drawn).var(axis=0).mean() > 0.3 * X.var(axis=0).mean()
