"""The workloads that are one formula, and two models, for every library that speaks NumPy.

`np_` is the namespace: numpy, autograd.numpy, jax.numpy, mygrad or torch.
"""

from __future__ import annotations

from typing import Any


def expression(np_: Any, x: Any) -> Any:
    """W7: sum(tanh(x) exp(-x^2) + log1p(x^2))."""
    return np_.sum(np_.tanh(x) * np_.exp(-(x**2)) + np_.log1p(x**2))


def chain(np_: Any, x: Any, pairs: int) -> Any:
    """W8: pairs of small operations, one after the other."""
    for _ in range(pairs):
        x = x * 0.99999
        x = x + 1
    return np_.sum(x)


def product(np_: Any, A: Any, v: Any) -> Any:
    """Multiply a matrix and a vector; by `dot` where there is one, as autograd's matmul is slow."""
    return (getattr(np_, "dot", None) or np_.matmul)(A, v)


def logistic(np_: Any, w: Any, x: Any, signs: Any) -> Any:
    """W9: the loss of a logistic regression."""
    return np_.mean(np_.log1p(np_.exp(-signs * product(np_, x, w))))


def rosenbrock(np_: Any, x: Any) -> Any:
    """W9: a valley in many dimensions."""
    return np_.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def squashed(np_: Any, x: Any, A: Any) -> Any:
    """W9: a map from vectors to vectors."""
    return np_.tanh(product(np_, A, x))


def cross_entropy(np_: Any, logits: Any, labels: Any, arange: Any) -> Any:
    """Return the mean of log(sum(exp(logits))) - logits[label], over rows."""
    z = logits - np_.max(logits, axis=1, keepdims=True)
    return np_.mean(np_.log(np_.sum(np_.exp(z), axis=1)) - z[arange, labels])


def mlp(np_: Any, params: Any, x: Any, y: Any, activation: str, loss: str, rows: Any) -> Any:
    """W1 to W3: the loss of a multilayer perceptron."""
    last = len(params) - 2
    for i in range(0, last + 2, 2):
        x = np_.matmul(x, params[f"{i}.weight"].T) + params[f"{i}.bias"]
        if i < last:
            x = np_.tanh(x) if activation == "tanh" else np_.maximum(x, 0)
    return np_.mean((x - y) ** 2) if loss == "mse" else cross_entropy(np_, x, y, rows)


def sigmoid(np_: Any, x: Any) -> Any:
    return 0.5 * np_.tanh(0.5 * x) + 0.5


def lstm_step(np_: Any, projected: Any, h: Any, c: Any, w_hh: Any, H: int) -> tuple[Any, Any]:
    """Return the next state of an LSTM; `projected` is what the input gives to the gates."""
    gates = projected + np_.matmul(h, w_hh.T)
    i, f = sigmoid(np_, gates[:, :H]), sigmoid(np_, gates[:, H : 2 * H])
    g, o = np_.tanh(gates[:, 2 * H : 3 * H]), sigmoid(np_, gates[:, 3 * H :])
    c = f * c + i * g
    return o * np_.tanh(c), c


def layer_norm(np_: Any, x: Any, weight: Any, bias: Any) -> Any:
    centred = x - np_.mean(x, axis=-1, keepdims=True)
    variance = np_.mean(centred**2, axis=-1, keepdims=True)
    return centred / np_.sqrt(variance + 1e-5) * weight + bias


def gelu(np_: Any, x: Any) -> Any:
    return 0.5 * x * (1.0 + np_.tanh(0.7978845608 * (x + 0.044715 * x**3)))


def gpt(np_: Any, params: Any, x: Any, y: Any, sizes: dict[str, int], mask: Any, rows: Any) -> Any:
    """W6: the loss of a small GPT; `mask` is 0 where a place is seen and -inf elsewhere."""
    d, n, heads, T = sizes["width"], x.shape[0], sizes["heads"], sizes["context"]
    norm = lambda name, x: layer_norm(np_, x, params[f"{name}.weight"], params[f"{name}.bias"])
    dense = lambda name, x: np_.matmul(x, params[f"{name}.weight"].T) + params[f"{name}.bias"]
    h = np_.reshape(params["token.weight"][x] + params["place.weight"], (n * T, d))
    for i in range(sizes["layers"]):
        qkv = dense(f"blocks.{i}.qkv", norm(f"blocks.{i}.norm1", h))
        q, k, v = np_.transpose(np_.reshape(qkv, (n, T, 3, heads, d // heads)), (2, 0, 3, 1, 4))
        scores = np_.matmul(q, np_.swapaxes(k, -1, -2)) * (d // heads) ** -0.5 + mask
        scores = np_.exp(scores - np_.max(scores, axis=-1, keepdims=True))
        weights = scores / np_.sum(scores, axis=-1, keepdims=True)
        mixed = np_.reshape(np_.transpose(np_.matmul(weights, v), (0, 2, 1, 3)), (n * T, d))
        h = h + dense(f"blocks.{i}.out", mixed)
        up = gelu(np_, dense(f"blocks.{i}.up", norm(f"blocks.{i}.norm2", h)))
        h = h + dense(f"blocks.{i}.down", up)
    return cross_entropy(np_, dense("head", norm("norm", h)), np_.reshape(y, (-1,)), rows)
