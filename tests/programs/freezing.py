"""A layer is frozen and a learning rate changed in the middle; a count of right answers."""

import numpy as np

import nnkit as nn
from nnkit import functional as F
from tests.programs import wrap

model = nn.Sequential(
    nn.Conv2d(1, 4, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Dropout(0.2),
    nn.Linear(64, 5),
)
opt = nn.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)
rng = np.random.default_rng(0)
X = rng.standard_normal((32, 1, 8, 8)).astype(np.float32)
Y = rng.integers(0, 5, 32)
accs = []


@wrap
def step(images, labels):
    opt.zero_grad()
    logits = model(images)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    opt.step()
    correct = (logits.argmax(axis=1) == labels).sum()
    return loss, correct


@wrap
def predict(images):
    with nn.no_grad():
        return F.softmax(model(images), 1)


for epoch in range(6):
    if epoch == 3:
        for p in model[0].parameters():
            p.requires_grad = False
    if epoch == 4:
        opt.param_groups[0]["lr"] = 1e-4
    model.train()
    total = 0
    for i in range(0, 32, 8):
        loss, correct = step(X[i : i + 8], Y[i : i + 8])
        total += int(correct)
    model.eval()
    p = predict(X)
    accs.append(total)
result = [q.detach().numpy().copy() for q in model.parameters()] + [
    np.array(accs),
    np.asarray(p.numpy()),
]
