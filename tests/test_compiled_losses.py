"""Every loss, fresh, in a compiled step with the targets as arguments: to the bit as it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nnkit as nn

N, C = 8, 4
rng = np.random.default_rng(0)
X = rng.standard_normal((N, 6)).astype(np.float32)
IMAGES = rng.standard_normal((N, 2, 5, 5)).astype(np.float32)
LABELS, PLACES = rng.integers(0, C, N), rng.integers(0, C, (N, 5, 5))
NUMBERS = rng.standard_normal((N, C)).astype(np.float32)
OTHERS = rng.standard_normal((N, C)).astype(np.float32)
SHARES = rng.dirichlet(np.ones(C), N).astype(np.float32)
YES_OR_NO = (NUMBERS > 0).astype(np.float32)
SIGNS = np.sign(NUMBERS)
ROWS = np.where(np.arange(C) == 0, LABELS[:, None], -1)

TARGETS: dict[str, tuple[Any, ...]] = {
    "BCELoss": (YES_OR_NO,),
    "BCEWithLogitsLoss": (YES_OR_NO,),
    "CTCLoss": (np.array([1, 2, 3]), np.array([N]), np.array([3])),  # the rows are times
    "CosineEmbeddingLoss": (NUMBERS, SIGNS[:, 0]),
    "CrossEntropyLoss": (LABELS,),
    "DiceLoss": (PLACES,),
    "FocalLoss": (LABELS,),
    "GaussianNLLLoss": (NUMBERS, np.square(OTHERS) + 0.1),
    "HingeEmbeddingLoss": (SIGNS,),
    "HuberLoss": (NUMBERS,),
    "KLDivLoss": (SHARES,),
    "L1Loss": (NUMBERS,),
    "MSELoss": (NUMBERS,),
    "MarginRankingLoss": (NUMBERS, SIGNS),
    "MultiLabelMarginLoss": (ROWS,),
    "MultiLabelSoftMarginLoss": (YES_OR_NO,),
    "MultiMarginLoss": (LABELS,),
    "NLLLoss": (LABELS,),
    "PoissonNLLLoss": (np.abs(NUMBERS),),
    "SigmoidFocalLoss": (YES_OR_NO,),
    "SmoothL1Loss": (NUMBERS,),
    "SoftMarginLoss": (SIGNS,),
    "TripletMarginLoss": (NUMBERS, OTHERS),
    "TripletMarginWithDistanceLoss": (NUMBERS, OTHERS),
    "TverskyLoss": (PLACES,),
}
OUTSIDE = {
    "AdaptiveLogSoftmaxWithLoss": "the shapes of its parts depend on the labels",
}
LAST = {"BCELoss": nn.Sigmoid} | dict.fromkeys(["CTCLoss", "KLDivLoss", "NLLLoss"], nn.LogSoftmax)


def test_the_table_has_every_loss() -> None:
    losses = {name for name in nn.__all__ if name.endswith("Loss")}
    assert losses == TARGETS.keys() | OUTSIDE.keys()


def trained(name: str, is_compiled: bool) -> tuple[list[Any], Any]:
    nn.seed(0)
    of_images = TARGETS[name][0] is PLACES
    layers: list[Any] = [nn.Conv2d(2, C, 1) if of_images else nn.Linear(6, C)]
    if name in LAST:
        layers.append(LAST[name](*([1] if LAST[name] is nn.LogSoftmax else [])))
    model, loss = nn.Sequential(*layers), getattr(nn, name)()
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01)

    def step(x: Any, *targets: Any) -> Any:
        optimizer.zero_grad()
        value = loss(model(x), *targets)
        value.backward()
        optimizer.step()
        return value

    run = nn.compile(step, exact=True) if is_compiled else step
    values = []
    for i in range(6):  # other targets each time: a recording must not keep those of the first
        turned = [np.roll(t, i, axis=0) for t in TARGETS[name]]
        values.append(run(IMAGES if of_images else X, *turned).item())
    return [np.array(values), *(p.detach().numpy() for p in model.parameters())], run


@pytest.mark.parametrize("name", TARGETS)
def test_a_compiled_loss_is_the_loss(name: str) -> None:
    expected, _ = trained(name, False)
    found, step = trained(name, True)
    assert step.last.state == "ready", step.report()
    for array, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(array, wanted)
