"""Two models and two optimizers that look at each other."""

import numpy as np

import nnkit as nn
from tests.programs import wrap

G = nn.Sequential(nn.Linear(4, 16), nn.LeakyReLU(0.2), nn.Linear(16, 2))
D = nn.Sequential(
    nn.utils.parametrizations.spectral_norm(nn.Linear(2, 16)), nn.LeakyReLU(0.2), nn.Linear(16, 1)
)
generating = nn.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
judging = nn.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
rng = np.random.default_rng(1)


@wrap
def d_step(real, z):
    judging.zero_grad()
    fake = G(z).detach()
    loss = bce(D(real), np.ones((len(real), 1), np.float32)) + bce(
        D(fake), np.zeros((len(real), 1), np.float32)
    )
    loss.backward()
    judging.step()
    return loss


@wrap
def g_step(z):
    generating.zero_grad()
    loss = bce(D(G(z)), np.ones((len(z), 1), np.float32))
    loss.backward()
    generating.step()
    return loss


for _it in range(15):
    z = rng.standard_normal((8, 4)).astype(np.float32)
    real = rng.standard_normal((8, 2)).astype(np.float32) + 2
    ld = d_step(real, z)
    lg = g_step(z)
result = [p.detach().numpy().copy() for p in [*G.parameters(), *D.parameters()]]
