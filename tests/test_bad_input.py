"""What a person gets wrong, and the words that help: one row for each mistake.

Each error must say what was called, what came, what is allowed or what to do.
"""

import numpy as np
import pytest

import nnkit as nn
from autograd_core import AutogradError
from nnkit import functional as F
from nnkit import init
from nnkit.data import DataLoader, Subset, TensorDataset, random_split
from nnkit.optim import SGD, Adam

X, Y = np.ones((4, 3)), np.array([0, 1, 2, 1])
NAN = float("nan")


def model():
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3))


def weights():
    return [nn.Parameter([1.0])]


def lambdas(output, target):
    """A metric of one's own that forgets the mean."""
    return output[:, 0] - target


def trainer(loss=None, metrics=None, net=None):
    net = net or model()
    return nn.Trainer(net, loss or nn.CrossEntropyLoss(), SGD(net.parameters(), lr=0.1), metrics)


def deep(layer):
    """Put a layer at the path encoder.fc1."""
    outer = nn.Module()
    outer.encoder = nn.Module()
    outer.encoder.fc1 = layer
    outer.encoder.forward = lambda x: outer.encoder.fc1(x)
    outer.forward = lambda x: outer.encoder(x)
    return outer


def set_attribute(owner, name, value):
    setattr(owner, name, value)


def with_nan(*rows):
    bad = X.copy()
    bad[list(rows), 0] = NAN
    return bad


def hidden():
    net = nn.Module()
    net.layers = [nn.Linear(1, 1)]
    return list(net.parameters())


CE, MSE, BCE = nn.CrossEntropyLoss, nn.MSELoss, nn.BCEWithLogitsLoss
V, T, I = ValueError, TypeError, IndexError

# the call, the builtin error class it must be, and words that must occur in the message
MISTAKES = [
    # shapes of layers
    (lambda: deep(nn.Linear(5, 2))(X), V, ["encoder.fc1: Linear(in_features=5) got (4, 3)", "5"]),
    (lambda: model()(X.T), V, ["0: Linear(in_features=3) got (3, 4)", "pass x.T"]),
    (lambda: nn.Linear(6, 2)(np.ones((4, 2, 3))), V, ["got (4, 2, 3)", "Flatten() in front"]),
    (lambda: nn.Linear(3, 2)(1.0), V, ["Linear(in_features=3) got ()"]),
    (lambda: nn.Linear(3, 2)(np.array([["a", "b", "c"]])), T, ["linear", "real numbers", "<U1"]),
    (lambda: nn.Linear(3, 2)(X * 1j), T, ["linear", "complex128", "float32"]),
    (lambda: nn.Linear(3, 2)(np.array([[{}] * 3])), T, ["linear", "object"]),
    (lambda: F.linear(X, np.ones((2, 5))), V, ["linear", "(4, 3)", "(2, 5)", "end with (5,)"]),
    (lambda: F.linear(X, np.ones((2, 3)), np.ones(3)), V, ["linear", "bias of shape (3,)"]),
    (lambda: nn.Linear(0, 2), V, ["Linear: in_features", "positive", "got 0"]),
    (lambda: nn.Linear(2, 2.0), V, ["Linear: out_features", "got 2.0"]),
    (lambda: nn.Flatten()(np.ones(3)), V, ["Flatten(start_dim=1", "got (3,)", "batch"]),
    (lambda: nn.Dropout(1.5), V, ["dropout: p", "between 0 and 1", "1.5"]),
    (lambda: nn.GELU("erf"), V, ["GELU", "'none' or 'tanh'", "'erf'"]),
    (lambda: F.gelu(X, "erf"), V, ["gelu", "'none' or 'tanh'", "'erf'"]),
    (lambda: nn.Softmax()(X), V, ["softmax", "dim=1"]),
    (lambda: nn.Softmax(dim=2)(X), V, ["softmax: dim=2", "(4, 3)"]),
    (lambda: F.sigmoid(Y), T, ["sigmoid", "floating point", "int64", "astype"]),
    (lambda: nn.Module()(X), NotImplementedError, ["Module has no forward"]),
    # building models
    (lambda: nn.Sequential(nn.ReLU), T, ["Sequential", "place 0", "ReLU()"]),
    (lambda: nn.Sequential([nn.ReLU()]), T, ["Sequential", "a list", "Sequential(*layers)"]),
    (lambda: nn.Sequential(np.tanh), T, ["place 0", "Module around", "Lambda(tanh)"]),
    (lambda: nn.ModuleList(nn.ReLU()), V, ["ModuleList", "ModuleList([...])"]),
    (lambda: nn.ModuleList([nn.ReLU(), 3]), T, ["ModuleList", "place 1", "got 3"]),
    (hidden, V, ["Module.layers is a list of Linears", "not be trained", "ModuleList"]),
    (
        lambda: set_attribute(nn.Linear(1, 1), "weight", np.ones((1, 1))),
        T,
        ["Linear.weight is a Parameter", "ndarray", "nnkit.Parameter(values)"],
    ),
    (lambda: set_attribute(deep(nn.ReLU()), "encoder", 3), T, ["encoder is a Module", "become 3"]),
    (lambda: nn.Module().add_module("a.b", nn.ReLU()), V, ["without dots", "'a.b'"]),
    (lambda: nn.Module().add_module("train", nn.ReLU()), V, ["has an attribute 'train'"]),
    (lambda: nn.Module().add_module("x", nn.ReLU), T, ["needs a Module", "ReLU()"]),
    (lambda: nn.Module().register_parameter("x", X), T, ["needs a Parameter", "ndarray"]),
    (lambda: nn.Parameter(["a"]), T, ["numbers", "<U1"]),
    (lambda: model().to("cuda"), V, ["cuda", "CPU only"]),
    (lambda: model().to(int), T, ["floating point dtype", "int64"]),
    (lambda: nn.Linear(1, 1).register_forward_hook(3), T, ["hook must be a function"]),
    # state dicts
    (lambda: model().load_state_dict({}), V, ["missing: 0.weight, 0.bias", "strict=False"]),
    (
        lambda: model().load_state_dict({f"net.{k}": v for k, v in model().state_dict().items()}),
        V,
        ["not known here: net.0.weight", "begin with 'net.'", "take that off"],
    ),
    (
        lambda: nn.Sequential(model()).load_state_dict(model().state_dict()),
        V,
        ["begin with '0.'", "put that in front"],
    ),
    (
        lambda: nn.Linear(1, 1).load_state_dict({"Weight": [[1]], "bias": [1]}),
        V,
        ["missing: weight", "is 'Weight' meant for 'weight'?"],
    ),
    (
        lambda: nn.Linear(2, 1).load_state_dict(nn.Linear(3, 1).state_dict()),
        V,
        ["weight: Linear has (1, 2), the state dict (1, 3)"],
    ),
    (lambda: model().load_state_dict("model.safetensors"), T, ["nnkit.load(path)"]),
    # labels
    (lambda: CE()(X, Y + 5), V, ["label 5 at position 0", "3 classes", "0 to 2"]),
    (lambda: CE()(X, Y + 1), V, ["label 3 at position 2", "count from 1: subtract 1"]),
    (lambda: CE()(X, Y - 1), V, ["label -1 at position 0", "ignore_index"]),
    (lambda: CE()(X, np.array([0, 7, 1, 1])), V, ["label 7 at position 1", "3 classes"]),
    (lambda: CE()(X, np.array([0, 255, 1, 1], np.uint8)), V, ["label 255 at position 1"]),
    (lambda: nn.NLLLoss()(X, Y + 5), V, ["nll_loss: the label 5 at position 0"]),
    (lambda: CE()(np.ones((2, 3, 2)), np.full((2, 2), 9)), V, ["label 9 at position 0"]),
    (lambda: CE()(X, Y * 1.0), T, ["float64", "integers of shape (4,)", ".astype(int)"]),
    (lambda: CE()(X, np.eye(3, dtype=int)[Y]), T, ["one-hot", "argmax(axis=1)"]),
    (lambda: CE()(X, Y[:, None]), V, ["(4, 1)", "y[..., 0]"]),
    (lambda: CE()(X, Y[:3]), V, ["input of shape (4, 3)", "shape (3,)", "integers of shape (4,)"]),
    (lambda: CE()(X, np.array(["a"] * 4)), T, ["<U1", "integers of shape (4,)"]),
    (lambda: CE()(Y, Y), T, ["cross_entropy", "floating point", "int64"]),
    (lambda: CE()(X[:0], Y[:0]), V, ["empty batch"]),
    (lambda: CE()(X, np.full(4, -100)), V, ["every label is ignore_index"]),
    (lambda: CE()(F.softmax(X, dim=1), Y), V, ["look like probabilities", "softmax off the end"]),
    (lambda: CE(weight=[1.0, 2.0])(X, Y), V, ["weight has shape (2,)", "3 classes"]),
    (lambda: CE(label_smoothing=2.0)(X, Y), V, ["label_smoothing", "between 0 and 1", "2.0"]),
    (lambda: CE(reduction="avg"), V, ["CrossEntropyLoss", "'mean', 'sum' or 'none'", "'avg'"]),
    (lambda: F.cross_entropy(X, np.ones((4, 2))), V, ["(4, 2)", "floats of shape (4, 3)"]),
    # targets of regression
    (lambda: MSE()(X[:, :1], Y), V, ["mse_loss", "(4, 1)", "(4,)", "target.reshape(4, 1)"]),
    (lambda: MSE()(X[:, 0], X[:, :1]), V, ["target.reshape(4,)"]),
    (lambda: nn.L1Loss()(X, X[:2]), V, ["l1_loss", "(4, 3)", "(2, 3)", "same shape"]),
    (lambda: MSE()(X[:0], X[:0]), V, ["mse_loss got an empty batch"]),
    (lambda: BCE()(X, X * 3), V, ["between 0 and 1", "from 3.0 to 3.0", "cross_entropy"]),
    (lambda: BCE()(X, X * -1), V, ["(y + 1) / 2"]),
    (lambda: BCE()(X, X * NAN), V, ["between 0 and 1", "nan"]),
    (lambda: BCE()(X, Y), V, ["(4, 3)", "(4,)"]),
    # optimizers
    (lambda: SGD([], lr=0.1), V, ["SGD got an empty parameter list", "once only"]),
    (lambda: SGD(nn.Parameter([1.0])), T, ["SGD takes a list", "SGD([p], ...)"]),
    (lambda: SGD([X]), T, ["SGD optimizes parameters", "ndarray"]),
    (lambda: SGD(3), T, ["SGD takes a list of parameters", "got 3"]),
    (lambda: SGD([nn.Parameter([1.0]) * 2]), RuntimeError, ["calculated from others"]),
    (lambda: SGD(weights() * 2), V, ["a parameter is there twice"]),
    (lambda: SGD(weights(), lr=0), V, ["SGD: lr must be a number > 0", "0.01", "got 0"]),
    (lambda: SGD(weights(), lr=-0.1), V, ["lr", "got -0.1"]),
    (lambda: SGD(weights(), lr=NAN), V, ["lr", "got nan"]),
    (lambda: SGD(weights(), lr=float("inf")), V, ["lr", "finite", "got inf"]),
    (lambda: SGD(weights(), lr="0.1"), V, ["lr", "got '0.1'"]),
    (lambda: SGD(weights(), momentum=-1), V, ["momentum", ">= 0", "got -1"]),
    (lambda: SGD(weights(), weight_decay=NAN), V, ["weight_decay", "got nan"]),
    (lambda: SGD(weights(), nesterov=True), V, ["nesterov=True needs a momentum", "momentum=0"]),
    (lambda: Adam(weights(), betas=(0.9, 1.0)), V, ["Adam: betas[1]", "< 1", "got 1.0"]),
    (lambda: Adam(weights(), betas=0.9), V, ["betas are two numbers", "got 0.9"]),
    (lambda: Adam(weights(), eps=-1), V, ["Adam: eps", "got -1"]),
    (lambda: SGD([{"params": weights(), "lrate": 1}]), V, ["no setting 'lrate'", "it has: lr"]),
    (lambda: SGD([{"param": weights()}]), T, ['dict with "params"']),
    # data
    (lambda: TensorDataset(), V, ["at least one array"]),
    (lambda: TensorDataset(X, Y[:2]), V, ["equally many rows", "(4, 3), (2,)"]),
    (lambda: TensorDataset([[1], [1, 2]]), V, ["array 0 of the dataset", "different lengths"]),
    (lambda: TensorDataset(X, ["a"] * 4), T, ["array 1 of the dataset holds <U1", "np.unique"]),
    (lambda: TensorDataset(np.array([None] * 3)), T, ["holds object, not numbers"]),
    (lambda: TensorDataset(3.0), V, ["array 0 of the dataset", "3.0"]),
    (lambda: TensorDataset(nn.Parameter([1.0])), T, ["differentiated", "detach()"]),
    (lambda: DataLoader((X, Y), 0), V, ["batch_size", "positive", "got 0"]),
    (lambda: DataLoader((X, Y), 2.0), V, ["batch_size", "got 2.0"]),
    (lambda: DataLoader((X[:0], Y[:0])), V, ["without samples"]),
    (lambda: DataLoader((X, Y), 9, drop_last=True), V, ["4 samples do not fill", "of 9"]),
    (lambda: DataLoader(iter([1])), T, ["DataLoader got", "__len__ and __getitem__"]),
    (
        lambda: list(DataLoader([np.ones(2), np.ones(3)], 2)),
        V,
        ["different shapes: (2,), (3,)", "collate_fn"],
    ),
    (lambda: Subset(TensorDataset(X), [0, 4]), V, ["4 samples", "from 0 to 4"]),
    (lambda: random_split(TensorDataset(X), [3, 2]), V, ["add up to 4", "[3, 2]", "5"]),
    (lambda: random_split(TensorDataset(X), [0.5, 0.6]), V, ["add up to 1", "[0.5, 0.6]"]),
    # initial values
    (lambda: init.xavier_uniform_(nn.Parameter([1.0])), V, ["(out, in)", "(1,)", "zeros_"]),
    (lambda: init.eye_(nn.Parameter([1.0])), V, ["eye_ fills matrices", "(1,)"]),
    (lambda: init.kaiming_normal_(np.ones((2, 2)), mode="fan"), V, ["'fan_in' or 'fan_out'"]),
    (lambda: init.calculate_gain("swish"), V, ["'swish'", "leaky_relu"]),
    (lambda: init.zeros_(np.ones(2, int)), T, ["floating point array", "int64"]),
    (lambda: init.zeros_(nn.Parameter([1.0]) * 1), RuntimeError, ["calculated from others"]),
    # metrics
    (lambda: nn.metrics.accuracy(X[:, 0], Y), V, ["accuracy", "(N, C)", "binary_accuracy"]),
    (lambda: nn.metrics.accuracy(X, Y[:2]), V, ["labels of shape (4,)", "got (2,)"]),
    (lambda: nn.metrics.accuracy(X[:0], Y[:0]), V, ["empty batch"]),
    (lambda: nn.metrics.binary_accuracy(X, Y), V, ["(4, 3)", "(4,)"]),
    (lambda: nn.metrics.binary_accuracy(X[:, 0], Y), V, ["0 or 1", "is 2 at position 2"]),
    (lambda: nn.metrics.accuracy(X, Y + 1), V, ["label 3", "count from 1: subtract 1"]),
    (lambda: nn.metrics.accuracy(X, Y - 1), V, ["label -1 at position 0", "ignore_index"]),
    (lambda: nn.metrics.accuracy(X, Y * 0 - 100), V, ["every label is ignore_index"]),
    (lambda: nn.metrics.accuracy(X * NAN, Y), V, ["accuracy", "NaN in 4 of 4 rows"]),
    (lambda: nn.metrics.accuracy(X, Y, [1, 1]), V, ["weight has shape (2,)", "(4,)"]),
    (lambda: nn.metrics.accuracy(X, Y, [1, 1, 1, -1]), V, ["weights are 0 or more"]),
    (lambda: nn.metrics.accuracy(X, Y, np.zeros(4)), V, ["weights that are not all 0"]),
    (lambda: nn.metrics.f1_score(X, Y), V, ["3 classes", "average='macro'", '"f1_macro"']),
    (lambda: nn.metrics.f1_score(X[:, :1], Y > 0), V, ["(4, 1)", "output[..., 0]"]),
    (lambda: nn.metrics.f1_score(X[:, 0], Y[:, None] > 0), V, ["target[..., 0]"]),
    (lambda: nn.metrics.f1_score(Y > 0, X), V, ["(4,)", "(output, target)"]),
    (lambda: nn.metrics.f1_score(X, X > 0), V, ["argmax(axis=1)", ".reshape(-1)"]),
    (lambda: nn.metrics.f1_score(X[:, 0], [1, 2, 2, 1]), V, ["count from 1: subtract 1"]),
    (lambda: nn.metrics.f1_score(X[:, 0], [1, -1, 1, 1]), V, ["write target > 0"]),
    (lambda: nn.metrics.f1_score(Y > 0, ["a", "b", "b", "a"]), T, ["<U1", "np.unique"]),
    (lambda: nn.metrics.f1_score(X, Y / 1), T, [".astype(int)"]),
    (lambda: nn.metrics.f1_score(X, Y, average="mean"), V, ["'macro'", "'mean'"]),
    (lambda: nn.metrics.f1_score(Y, Y, num_classes=2), V, ["label 2", "2 classes"]),
    (lambda: nn.metrics.f1_score(X, Y, num_classes=2), V, ["num_classes=2", "for 3"]),
    (lambda: nn.metrics.f1_score(Y, Y * 0 - 1), V, ["label -1"]),
    (lambda: nn.metrics.top_k_accuracy(X, Y, 3), V, ["k=3 of 3 classes", "smaller"]),
    (lambda: nn.metrics.top_k_accuracy(X, Y, 0), V, ["k must be a positive", "got 0"]),
    (lambda: nn.metrics.roc_auc_score(X[:, 0], Y * 0), V, ["of class 0", "of another"]),
    (lambda: nn.metrics.roc_auc_score(X / 3, Y), V, ["probabilities", "from_logits=False"]),
    (lambda: nn.metrics.average_precision_score(X[:, 0], Y * 0), V, ["of class 1"]),
    (lambda: nn.metrics.log_loss(X * 2, Y, from_logits=False), V, ["go from 2 to 2"]),
    (lambda: nn.metrics.log_loss(X / 3, Y), V, ["log_loss", "from_logits=False"]),
    (lambda: nn.metrics.mean_squared_error(X[:, :1], Y), V, ["(4, 1)", "output[..., 0]"]),
    (lambda: nn.metrics.r2_score([1.0], [1.0]), V, ["r2: one row", "two or more"]),
    (lambda: nn.metrics.MAE(multioutput="mean"), V, ["mae", "'raw_values'", "'mean'"]),
    (lambda: nn.metrics.ConfusionMatrix(normalize=True), V, ["'pred'", "got True"]),
    (lambda: nn.metrics.Mean().update([1, 2], [1, 2, 3]), V, ["(2,)", "(3,)"]),
    (lambda: nn.metrics.Mean().update(1, -1), V, ["weights are 0 or more"]),
    # training
    (lambda: trainer().fit(X, Y[:2]), V, ["fit: X has 4 rows", "y has 2"]),
    (lambda: trainer().fit(with_nan(1, 3), Y), V, ["fit: X", "2 of 4 rows: 1, 3"]),
    (
        lambda: trainer(MSE()).fit(X, with_nan(2)),
        V,
        ["fit: y holds NaN", "1 of 4 rows: 2", "fill them in"],
    ),
    (lambda: trainer().fit(X * 1j, Y), T, ["complex"]),
    (lambda: trainer().fit(X.astype(object), Y), T, ["fit: X holds object"]),
    (lambda: trainer().fit([["a"], ["b"]], Y[:2]), T, ["fit: X holds <U1", "np.unique"]),
    (lambda: trainer().fit([[1.0], [1.0, 2.0]], Y[:2]), V, ["fit: X", "different lengths"]),
    (lambda: trainer().fit(X[:0], Y[:0]), V, ["fit: X has no rows", "(0, 3)"]),
    (lambda: trainer().fit(X), V, ["y is missing", "fit(X, y)"]),
    (lambda: trainer().fit((X, Y)), T, ["two arguments", "fit(X, y)"]),
    (lambda: trainer().fit(3), T, ["fit takes arrays", "got 3"]),
    (lambda: trainer().fit(iter([(X, Y)]), epochs=2), V, ["once only", "epochs=2"]),
    (lambda: trainer().fit(DataLoader((X, Y)), Y), V, ["gives the targets itself"]),
    (lambda: trainer().fit([[1.0] * 3] * 4, Y[:, None]), V, ["(4, 1)", "y[..., 0]"]),
    (lambda: trainer().fit(DataLoader((X,), 2)), V, ["pair (inputs, targets)", "1 parts"]),
    (lambda: trainer().fit(X, Y, epochs=0), V, ["epochs", "positive", "got 0"]),
    (lambda: trainer().fit(X, Y, batch_size=-1), V, ["batch_size", "got -1"]),
    (lambda: trainer().fit(X, Y, validation_split=1.0), V, ["validation_split", "got 1.0"]),
    (lambda: trainer().fit(X, Y, validation_split="a"), V, ["validation_split", "got 'a'"]),
    (lambda: trainer().fit(iter([(X[:0], Y[:0])])), V, ["empty batch", "(0, 3)"]),
    (lambda: trainer(metrics=[lambdas]).fit(X, Y), T, ["'lambdas' must be one number", "(4,)"]),
    (lambda: trainer().fit(X, Y, validation_split=0.1), V, ["nothing to validate with"]),
    (
        lambda: trainer().fit(X, Y, validation_split=0.5, validation_data=(X, Y)),
        V,
        ["not both"],
    ),
    (lambda: trainer().fit(X, Y, validation_data=X), V, ["validation_data is a pair"]),
    (lambda: trainer().fit(X, Y, validation_data=(X,)), V, ["pair (X, y)", "1 parts"]),
    (lambda: trainer().fit(X, Y, validation_data=(X, Y[:1])), V, ["validation_data: X has 4"]),
    (lambda: trainer().fit(np.ones((4, 5)), Y), V, ["0: Linear(in_features=3) got (2, 5)"]),
    (lambda: trainer().fit(X, Y + 2), V, ["label 3 at position 1", "3 classes"]),
    (lambda: trainer(CE(reduction="none")).fit(X, Y), V, ["one number", "reduction='mean'"]),
    (lambda: trainer().evaluate(X), V, ["evaluate: y is missing"]),
    (lambda: trainer().evaluate(iter([])), V, ["no batches"]),
    (lambda: trainer().predict(X[:, :2]), V, ["Linear(in_features=3) got (4, 2)"]),
    (lambda: trainer().predict(with_nan(0)), V, ["predict: X", "1 of 4 rows: 0"]),
    (lambda: trainer(metrics=["f1_mean"]), V, ["no metric 'f1_mean'", "accuracy", "'f1"]),
    (lambda: trainer(metrics=[nn.metrics.F1]), T, ["class F1", "F1()"]),
    (lambda: trainer(metrics=[lambda o, t: 0]), V, ["name", "'<lambda>'"]),
    (lambda: nn.Trainer(nn.Linear, CE(), SGD(weights())), T, ["model", "Linear()"]),
    (lambda: nn.Trainer(model(), CE, SGD(weights())), T, ["loss", "CrossEntropyLoss()"]),
    (lambda: nn.Trainer(model(), CE(), SGD), T, ["optimizer must be an Optimizer"]),
    (lambda: nn.Trainer(model(), CE(), nn.optim.LBFGS(weights())), V, ["L-BFGS", "closure"]),
    (lambda: nn.Trainer(model(), CE(), SGD(weights())), V, ["none of the parameters", "learned"]),
]


@pytest.mark.parametrize(
    ("call", "kind", "words"), MISTAKES, ids=[f"{i}-{row[2][0]}" for i, row in enumerate(MISTAKES)]
)
def test_the_message_helps(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    text = str(caught.value)
    assert isinstance(caught.value, (AutogradError, NotImplementedError, TypeError))
    for word in words:
        assert word in text, text


NOT_MISTAKES = {
    "ignored labels": lambda: CE()(X, np.array([0, -100, 1, 2])),
    "labels of any integer type": lambda: CE()(X, Y.astype(np.uint8)),
    "labels in a list": lambda: CE()(X, [0, 1, 2, 0]),
    "byte-swapped labels": lambda: CE()(X, Y.astype(">i4")),
    "boolean labels": lambda: CE()(X, Y > 0),
    "one sample": lambda: CE()(X[0], np.array(1)),
    "probabilities meant as scores": lambda: F.cross_entropy(F.softmax(X, dim=1), Y),
    "read-only data": lambda: trainer().fit(np.broadcast_to(X[0], (4, 3)), Y),
    "reversed data": lambda: trainer().fit(X[::-1, ::-1], Y[::-1]),
    "byte-swapped data": lambda: trainer().fit(X.astype(">f8"), Y.astype(">i8")),
    "named parameters": lambda: SGD(model().named_parameters()),
    "a model": lambda: SGD(model()),
    "numpy numbers as settings": lambda: SGD(weights(), lr=np.float32(0.1)),
    "targets of another dtype": lambda: MSE()(X, X.astype(int)),
}


@pytest.mark.parametrize("name", NOT_MISTAKES)
def test_what_is_no_mistake_works(name):
    NOT_MISTAKES[name]()
