"""Gradients added up over three batches, batch norm, a schedule."""

import numpy as np

import nnkit as nn
from tests.programs import wrap

model = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
opt = nn.optim.SGD(model.parameters(), lr=0.05)
sched = nn.optim.lr_scheduler.CosineAnnealingLR(opt, 20)
crit = nn.CrossEntropyLoss(label_smoothing=0.1)
rng = np.random.default_rng(0)
X = rng.standard_normal((60, 5)).astype(np.float32)
Y = rng.integers(0, 3, 60)
accum = 3


@wrap
def forward_backward(x, y):
    loss = crit(model(x), y) / accum
    loss.backward()
    return loss


history = []
for _epoch in range(5):
    for i, start in enumerate(range(0, 60, 10)):
        loss = forward_backward(X[start : start + 10], Y[start : start + 10])
        history.append(loss.item())
        if (i + 1) % accum == 0:
            opt.step()
            opt.zero_grad()
            sched.step()
result = [p.detach().numpy().copy() for p in model.parameters()] + [np.array(history)]
