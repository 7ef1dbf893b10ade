"""Random numbers as arguments, a weight of the loss that the loop changes, a dict as the result."""

import numpy as np

import nnkit as nn
from nnkit import functional as F
from tests.programs import wrap


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(8, 6)
        self.mu = nn.Linear(6, 2)
        self.logvar = nn.Linear(6, 2)
        self.dec = nn.Linear(2, 8)

    def forward(self, x, eps):
        h = F.relu(self.enc(x))
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + np.exp(0.5 * logvar) * eps
        return self.dec(z), mu, logvar


vae = VAE()
opt = nn.optim.AdamW(vae.parameters(), lr=3e-3)
beta = 0.1
rng = np.random.default_rng(0)
data = rng.standard_normal((40, 8)).astype(np.float32)


@wrap
def step(x, eps):
    opt.zero_grad()
    out, mu, logvar = vae(x, eps)
    rec = ((out - x) ** 2).sum(axis=1).mean()
    kl = -0.5 * np.mean(np.sum(1 + logvar - mu**2 - np.exp(logvar), axis=1))
    loss = rec + beta * kl
    loss.backward()
    opt.step()
    return {"loss": loss, "kl": kl}


for epoch in range(10):
    beta = 0.1 * min(1, epoch / 5)
    for i in range(4):
        out = step(data[i * 10 : (i + 1) * 10], rng.standard_normal((10, 2)).astype(np.float32))
result = [p.detach().numpy().copy() for p in vae.parameters()]
