"""Ready models: PyTorch's numbers and keys, files, drawing, errors. Training: test_training.py."""

import copy
import warnings

import numpy as np
import pytest

import nnkit as nn
from autograd_core import compile, no_grad
from autograd_core.dispatch import raw
from autograd_core.errors import (
    ArgumentError,
    AutogradError,
    DtypeError,
    NonFiniteError,
    ShapeError,
)
from nnkit import models
from tests.reference import stored
from tests.reference.fields import digest, field

CASES = stored("models")
IDX = np.arange(18).reshape(3, 6) ** 2 % 7
INPUTS = {
    "MLP": field((6, 5), 50),
    "LeNet": field((2, 1, 16, 16), 51),
    "ResNet": field((3, 3, 8, 8), 52),
    "CharRNN": IDX,
    "GPT": IDX,
    "Autoencoder": field((5, 6), 53, positive=True) / 2.2,
    "VAE": field((5, 6), 53, positive=True) / 2.2,
}


def made(case):
    """Make the model of a case with the stored values, and a function that runs it."""
    model = eval(f"models.{case['call']}").double()
    for i, (_, p) in enumerate(sorted(model.named_parameters())):
        p.data = field(p.shape, i) * 0.1
    x = INPUTS[type(model).__name__]
    if isinstance(model, models.VAE):
        model._noise = lambda shape, generator: np.ones(shape)
        return model, lambda: model.loss(model(x), x)
    return model, lambda: model(x)


every_case = pytest.mark.parametrize("case", CASES, ids=[case["call"] for case in CASES])


@every_case
def test_numbers_and_keys_are_those_of_pytorch(case):
    model, run = made(case)
    state = {k: list(v.shape) for k, v in model.state_dict().items()}
    assert state == case["state"]
    y = run()
    (y * field(y.shape, 9)).sum().backward()
    np.testing.assert_allclose(digest(raw(y)), case["training"], rtol=1e-7, atol=1e-9)
    grads = {name: digest(raw(p.grad)) for name, p in model.named_parameters()}
    assert set(grads) == set(case["grads"])
    for name, theirs in case["grads"].items():
        np.testing.assert_allclose(grads[name], theirs, rtol=1e-7, atol=1e-9, err_msg=name)
    model.eval()
    np.testing.assert_allclose(digest(raw(run())), case["evaluation"], rtol=1e-7, atol=1e-9)


@every_case
def test_a_file_brings_the_same_outputs_back(case, tmp_path):
    model, run = made(case)
    run()  # so that BatchNorm has statistics of its own
    model.eval()
    nn.save(model, tmp_path / "m.safetensors")
    other, run_other = made(case)
    for p in other.parameters():
        p.data = np.zeros(p.shape)
    other.load_state_dict(nn.load(tmp_path / "m.safetensors"))
    other.eval()
    np.testing.assert_array_equal(raw(run_other()), raw(run()))


@every_case
def test_float32_stays_float32_and_close(case):
    exact = raw(made(case)[1]())
    fresh = eval(f"models.{case['call']}")
    assert {p.dtype for p in fresh.parameters()} == {np.dtype(np.float32)}
    single, run_single = made(case)
    single.float()
    if isinstance(single, models.VAE):
        single._noise = lambda shape, generator: np.ones(shape, np.float32)
        x = INPUTS["VAE"].astype(np.float32)
        y = single.loss(single(x), x)
    else:
        y = run_single()
    assert y.dtype == np.float32
    np.testing.assert_allclose(raw(y), exact, rtol=3e-4, atol=3e-5)


def test_settings_reach_their_places():
    mlp = models.MLP([4, 6, 5, 2], nn.Mish, 0.1, norm=nn.BatchNorm1d, bias=False)
    kinds = [type(part).__name__ for part in mlp]
    assert kinds == ["Linear", "BatchNorm1d", "Mish", "Dropout"] * 2 + ["Linear"]
    assert all(part.bias is None for part in mlp if isinstance(part, nn.Linear))
    assert type(mlp[:3]) is nn.Sequential and len(mlp[:3]) == 3
    assert models.LeNet(10, 3, 32, 0)(np.zeros((2, 3, 32, 32))).shape == (2, 10)
    assert models.LeNet(pooling="max", activation="relu").pool1.kernel_size == 2
    assert isinstance(models.CharRNN(5, 4, cell="rnn").rnn, nn.RNN)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # one layer: dropout stands behind it, and nothing is said
        assert models.CharRNN(5, 4, dropout=0.5).dropout.p == 0.5
    assert models.CharRNN(5, 4, num_layers=2, dropout=0.5).rnn.dropout == 0.5
    vae = models.VAE([3, 4, 2], "tanh", "gaussian", beta=2.0)
    x = field((5, 3), 1).astype(np.float32)
    out = vae(x, np.random.default_rng(0))
    expected = models.elbo_loss(out, x, likelihood="gaussian", beta=2.0)
    assert vae.loss(out, x).item() == expected.item()


@pytest.mark.parametrize(("blocks", "layers"), [(3, 20), (5, 32), (9, 56)])
def test_resnets_have_the_layers_and_parameters_of_the_paper(blocks, layers):
    model = models.ResNet(blocks)
    count = sum(
        isinstance(m, (nn.Conv2d, nn.Linear)) and getattr(m, "kernel_size", 0) != (1, 1)
        for m in model.modules()
    )
    assert count == layers
    total = sum(p.size for p in model.parameters())
    millions = {20: 0.27, 32: 0.46, 56: 0.85}  # table 6
    assert total == pytest.approx(millions[layers] * 1e6, rel=0.02)


def test_gpt_starts_from_its_own_distribution():
    nn.seed(0)
    model = models.GPT(100, 50, n_layer=8, n_head=4, n_embd=64)
    spread = {name: raw(p).std() for name, p in model.named_parameters()}
    assert spread["transformer.wte.weight"] == pytest.approx(0.02, rel=0.1)
    assert spread["transformer.h.3.mlp.c_proj.weight"] == pytest.approx(0.005, rel=0.1)
    assert spread["transformer.h.3.attn.c_attn.bias"] == 0
    assert (raw(model.transformer["ln_f"].weight) == 1).all()
    assert model.lm_head.weight is model.transformer["wte"].weight


@pytest.mark.parametrize("make", [lambda: models.GPT(7, 6, 2, 2, 8), lambda: models.CharRNN(7, 8)])
def test_no_token_sees_those_behind_it(make):
    model = make()
    changed = IDX.copy()
    changed[:, 4:] = (changed[:, 4:] + 1) % 7
    before, after = raw(model(IDX)), raw(model(changed))
    np.testing.assert_allclose(after[:, :4], before[:, :4], rtol=1e-5, atol=1e-6)
    assert np.abs(after[:, 4] - before[:, 4]).min() > 0


# --- drawing --------------------------------------------------------------------------------------


def test_sample_draws_with_the_probabilities_of_softmax():
    logits = np.log([[0.1, 0.2, 0.3, 0.4]])
    rng = np.random.default_rng(0)

    def shares(**settings):
        drawn = models.sample(np.repeat(logits, 40000, 0), generator=rng, **settings)
        return np.bincount(drawn, minlength=4) / 40000

    np.testing.assert_allclose(shares(), [0.1, 0.2, 0.3, 0.4], atol=0.01)
    np.testing.assert_allclose(shares(temperature=0.5), np.array([1, 4, 9, 16]) / 30, atol=0.01)
    np.testing.assert_allclose(shares(top_k=2), [0, 0, 3 / 7, 4 / 7], atol=0.01)
    np.testing.assert_allclose(shares(top_k=9), shares(), atol=0.015)
    assert (shares(temperature=0) == [0, 0, 0, 1]).all()
    assert models.sample([[-np.inf, 0.0], [1e5, 0.0]], generator=rng).tolist() == [1, 0]


GENERATING = [
    lambda **more: models.GPT(7, 6, 2, 2, 8, **more),
    lambda **more: models.CharRNN(7, 8, num_layers=2, **more),
]


@pytest.mark.parametrize("make", GENERATING)
def test_generate_writes_what_the_model_says(make):
    """Step by step with the whole text each time, as the definition says."""
    nn.seed(1)
    model = make(dropout=0.5)
    start = IDX[:2, :3]
    written = model.generate(start, 7, generator=np.random.default_rng(3))
    assert model.training and all(m.training for m in model.modules())
    rng = np.random.default_rng(3)
    model.eval()
    text, window = start, getattr(model, "block_size", 99)
    with no_grad():
        for _ in range(7):
            scores = raw(model(text[:, -window:]))[:, -1]
            text = np.concatenate([text, models.sample(scores, generator=rng)[:, None]], axis=1)
    np.testing.assert_array_equal(written, text)
    alone = model.generate(start[0], 4, temperature=0)
    assert alone.shape == (7,) and (alone[:3] == start[0]).all()
    nn.seed(5)
    first = model.generate(start, 9)
    nn.seed(5)
    np.testing.assert_array_equal(model.generate(start, 9), first)
    assert (model.generate(start, 9) != first).any()


def test_a_prompt_of_text_gives_text():
    letters = nn.data.CharTokenizer("abcdefg")
    model = models.GPT(7, 6, 1, 2, 8)
    text = model.generate("bad", 5, tokenizer=letters, generator=np.random.default_rng(0))
    ids = model.generate(letters.encode("bad"), 5, generator=np.random.default_rng(0))
    assert text.startswith("bad") and len(text) == 8 and text == letters.decode(ids)


def test_step_goes_on_where_it_stopped():
    model = models.CharRNN(7, 8, num_layers=2, cell="gru")
    first, state = model.step(IDX[:, :4])
    second, _ = model.step(IDX[:, 4:], state)
    parts = np.concatenate([raw(first), raw(second)], axis=1)
    np.testing.assert_allclose(parts, raw(model(IDX)), rtol=1e-5, atol=1e-6)


def test_vae_noise_is_standard_normal_and_gradients_pass_it():
    model = models.VAE([3, 4, 2])
    mu, logvar = np.full((50000, 2), [1.0, -2.0]), np.full((50000, 2), np.log([4.0, 0.25]))
    z = raw(model.reparameterize(mu, logvar, np.random.default_rng(0)))
    np.testing.assert_allclose(z.mean(axis=0), [1, -2], atol=0.03)
    np.testing.assert_allclose(z.std(axis=0), [2, 0.5], rtol=0.02)
    x = np.full((6, 3), 0.5, np.float32)
    model.loss(model(x), x).backward()
    assert all(p.grad is not None and np.abs(raw(p.grad)).max() > 0 for p in model.parameters())
    drawn = model.sample(4, np.random.default_rng(0))
    assert (drawn > 0).all() and (drawn < 1).all()
    nn.seed(0)
    first = raw(model(x).reconstruction)
    assert (raw(model(x).reconstruction) != first).any()
    nn.seed(0)
    np.testing.assert_array_equal(raw(model(x).reconstruction), first)
    np.testing.assert_array_equal(raw(model.reconstruct(x)), raw(model.reconstruct(x)))


def test_elbo_is_a_bound():
    """With a linear Gaussian model log p(x) is known, and the bound touches it at the posterior."""
    W, x = np.array([[1.5], [-0.5]]), field((4, 2), 3)
    covariance = W @ W.T + np.eye(2)
    sign, logdet = np.linalg.slogdet(covariance)
    quadratic = np.einsum("ni,ij,nj->n", x, np.linalg.inv(covariance), x)
    evidence = -0.5 * (quadratic + sign * logdet).mean()  # without the constant log(2 pi)
    variance = 1 / (1 + (W**2).sum())
    mean = variance * x @ W
    rng = np.random.default_rng(0)

    def bound(mean, variance):
        z = mean + np.sqrt(variance) * rng.standard_normal((2000, 4, 1))
        logvar = np.full((4, 1), np.log(variance))
        out = [models.elbo_loss((zi @ W.T, mean, logvar), x, likelihood="gaussian") for zi in z]
        return -np.mean([float(o) for o in out])

    assert bound(mean, variance) == pytest.approx(evidence, abs=0.03)
    assert bound(mean + 0.5, variance) < evidence - 0.2
    assert bound(mean, 4 * variance) < evidence - 0.2


def trained_steps(make, x, y, compiled):
    """Return the losses of five steps, recorded once or calculated step by step."""
    nn.seed(0)
    model = make()
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01)

    def step(x, y):
        optimizer.zero_grad()
        loss = model.loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    step = compile(step, fallback=False) if compiled else step
    return [step(x, y).item() for _ in range(5)]


@pytest.mark.parametrize(
    ("make", "x"),
    [
        (lambda: models.GPT(7, 6, 1, 2, 8, dropout=0.1), IDX),
        (lambda: models.CharRNN(7, 8, num_layers=2, dropout=0.1), IDX),
        (lambda: models.VAE([6, 4, 2], likelihood="gaussian"), INPUTS["VAE"].astype(np.float32)),
    ],
    ids=["GPT", "CharRNN", "VAE"],
)
def test_compiled_steps_learn_the_same_and_draw_anew(make, x):
    found = trained_steps(make, x, x, True)
    np.testing.assert_allclose(found, trained_steps(make, x, x, False), rtol=1e-4)
    assert len(set(found)) == 5


def test_models_can_be_copied():
    model = models.GPT(7, 6, 1, 2, 8)
    twin = copy.deepcopy(model)
    assert twin.lm_head.weight is twin.transformer["wte"].weight
    assert twin.lm_head.weight is not model.lm_head.weight
    np.testing.assert_array_equal(raw(twin(IDX)), raw(model(IDX)))


# --- errors ---------------------------------------------------------------------------------------

GPT_ = lambda: models.GPT(7, 6, 1, 2, 8)
WRONG = [
    (lambda: models.MLP([4]), ArgumentError, "sizes are at least 2 numbers.*got a list.*4"),
    (lambda: models.MLP(64, 10), ArgumentError, r"such as \[64, 32, 10\]; got 64"),
    (lambda: models.MLP([4, 0, 2]), ArgumentError, r"sizes\[1\] must be a positive whole number"),
    (lambda: models.MLP([4, 2, 2], "rleu"), ArgumentError, "one of relu, .*got 'rleu'"),
    (lambda: models.MLP([4, 2, 2], nn.ReLU()), ArgumentError, "without brackets"),
    (lambda: models.MLP([4, 2, 2], norm=nn.LayerNorm(2)), DtypeError, "without brackets"),
    (lambda: models.MLP([4, 2, 2], dropout=1.5), ArgumentError, "between 0 and 1"),
    (lambda: models.MLP([4, 2])(np.zeros((2, 3))), ShapeError, "0: Linear.*got .2, 3."),
    (lambda: models.LeNet(image_size=8), ArgumentError, "nothing is left.*raise padding to 4"),
    (lambda: models.LeNet(pooling="min"), ArgumentError, "'avg' or 'max'"),
    (lambda: models.LeNet()(np.zeros((5, 28, 28))), ShapeError, r"pass x\[:, None\]|\(N, 1, 28"),
    (lambda: models.LeNet()(np.zeros((5, 1, 32, 32))), ShapeError, r"\(N, 1, 28, 28\) got"),
    (lambda: models.ResNet((2, 0)), ArgumentError, "blocks must be a positive"),
    (lambda: models.ResNet(()), ArgumentError, "one for each stage"),
    (lambda: models.ResNet(1)(np.zeros((2, 8, 8, 3))), ShapeError, "channels seem to come last"),
    (lambda: models.ResNet(1, in_channels=1)(np.zeros((2, 8, 8))), ShapeError, "x.:, None"),
    (lambda: models.CharRNN(5, cell="lstn"), ArgumentError, "'lstm', 'gru' or 'rnn', got 'lstn'"),
    (lambda: models.CharRNN(5, 4)("text"), DtypeError, "tokenizer.encode"),
    (lambda: models.CharRNN(5, 4)([1, 2]), ShapeError, r"Pass idx\[None\]"),
    (lambda: models.CharRNN(5, 4)([[1, 5]]), ArgumentError, "5 .*indices are 0 to 4"),
    (lambda: models.CharRNN(5, 4)([[1.5, 2.0]]), DtypeError, "astype.int."),
    (lambda: models.GPT(7, n_embd=10, n_head=4), ArgumentError, "n_embd=10.*n_head=4"),
    (lambda: GPT_()(np.zeros((1, 7), int)), ShapeError, r"block_size=6\) got texts of 7 tokens"),
    (lambda: GPT_().loss(GPT_()(IDX), IDX[:, 1:]), ShapeError, r"\(3, 6, 7\) and \(3, 5\)"),
    (lambda: GPT_().generate("abc", 3), ArgumentError, "tokenizer=tokenizer"),
    (lambda: GPT_().generate([], 3), ShapeError, "at least one token"),
    (lambda: GPT_().generate([0.5], 3), ShapeError, "integers of shape"),
    (lambda: GPT_().generate([1], 0), ArgumentError, "max_new_tokens"),
    (lambda: GPT_().generate([1], 3, -1.0), ArgumentError, "temperature is a number >= 0"),
    (lambda: GPT_().generate([1], 3, np.nan), ArgumentError, "temperature"),
    (lambda: GPT_().generate([1], 3, top_k=0), ArgumentError, "top_k must be a positive"),
    (lambda: GPT_().generate([1], 3, generator=0), DtypeError, "default_rng.0."),
    (lambda: models.sample([[np.nan, 1.0]]), NonFiniteError, "diverged"),
    (lambda: models.sample([1.0, 2.0]), ShapeError, r"\(N, V\)"),
    (lambda: models.Autoencoder([4]), ArgumentError, "at least 2 numbers"),
    (lambda: models.VAE([4, 2]), ArgumentError, "at least 3 numbers"),
    (lambda: models.VAE([4, 3, 2], likelihood="normal"), ArgumentError, "'bernoulli'.*'normal'"),
    (lambda: models.VAE([4, 3, 2], beta=-1), ArgumentError, "beta is a weight >= 0"),
    (lambda: models.VAE([4, 3, 2])(np.zeros((5, 2, 2))), ShapeError, "Flatten pictures"),
    (lambda: models.elbo_loss(np.zeros((2, 3)), np.zeros((2, 3))), ShapeError, "three parts"),
    (
        lambda: models.elbo_loss((np.zeros((2, 3)),) * 3, np.zeros((2, 4))),
        ShapeError,
        r"fit\(X, X\)",
    ),
    (lambda: models.VAE([4, 3, 2]).sample(0), ArgumentError, "n must be a positive"),
]


@pytest.mark.parametrize(("call", "kind", "message"), WRONG, ids=[w[2][:40] for w in WRONG])
def test_mistakes_are_explained(call, kind, message):
    with pytest.raises(kind, match=message) as caught:
        call()
    assert isinstance(caught.value, AutogradError)
