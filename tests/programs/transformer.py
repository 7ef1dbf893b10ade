"""Attention, dropout, warm-up and clipping inside of the step."""

import numpy as np

import nnkit as nn
from nnkit import functional as F
from tests.programs import wrap

enc = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True), 2)
head = nn.Linear(16, 4)
emb = nn.Embedding(20, 16)
params = [*enc.parameters(), *head.parameters(), *emb.parameters()]
opt = nn.optim.AdamW(params, lr=1e-3)
warm = nn.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, (s + 1) / 5))
rng = np.random.default_rng(0)


@wrap
def step(tokens, labels):
    opt.zero_grad()
    h = enc(emb(tokens))
    loss = F.cross_entropy(head(h.mean(axis=1)), labels)
    loss.backward()
    nn.utils.clip_grad_norm_(params, 0.5)
    opt.step()
    warm.step()
    return loss


for _i in range(10):
    loss = step(rng.integers(0, 20, (6, 7)), rng.integers(0, 4, 6))
result = [p.detach().numpy().copy() for p in params]
