"""A class of one's own, trained and evaluated in turn; Nesterov momentum."""

import numpy as np

import nnkit as nn
from nnkit import functional as F
from tests.programs import wrap


class Net(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.fc1 = nn.Linear(3, hidden)
        self.fc2 = nn.Linear(hidden, 1)
        self.calls = 0
        self.scale = 0.5

    def forward(self, x):
        h = np.tanh(self.fc1(x))
        if self.training:
            h = h * self.scale
        return self.fc2(h)[:, 0]


net = Net(16)
opt = nn.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True)
X = np.random.default_rng(0).standard_normal((64, 3))
Y = np.sin(X[:, 0])


@wrap
def train_step(x, y):
    opt.zero_grad()
    loss = F.mse_loss(net(x), y)
    loss.backward()
    opt.step()
    return loss


@wrap
def evaluate(x, y):
    with nn.no_grad():
        return F.mse_loss(net(x), y)


for _epoch in range(12):
    net.train()
    for i in range(0, 64, 16):
        loss = train_step(X[i : i + 16], Y[i : i + 16])
    net.eval()
    val = evaluate(X, Y)
result = [p.detach().numpy().copy() for p in net.parameters()] + [np.asarray(val.item())]
