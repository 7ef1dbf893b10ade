"""A hidden state that goes from call to call."""

import numpy as np

import nnkit as nn
from nnkit import functional as F
from tests.programs import wrap

vocab = 11


class CharRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(vocab, 8)
        self.rnn = nn.GRU(8, 16, batch_first=True)
        self.head = nn.Linear(16, vocab)

    def forward(self, x, h=None):
        y, h = self.rnn(self.emb(x), h)
        return self.head(y), h


m = CharRNN()
opt = nn.optim.RMSprop(m.parameters(), lr=2e-3)
text = np.random.default_rng(0).integers(0, vocab, 400)


@wrap
def train(x, y, h):
    opt.zero_grad()
    logits, h = m(x, h)
    loss = F.cross_entropy(logits.reshape(-1, vocab), y.reshape(-1))
    loss.backward()
    norm = nn.utils.clip_grad_norm_(m.parameters(), 1.0)
    opt.step()
    return loss, h.detach(), norm


h = np.zeros((1, 4, 16), np.float32)
for it in range(12):
    i = it * 20
    x = np.stack([text[i + j * 5 : i + j * 5 + 10] for j in range(4)])
    y = np.stack([text[i + j * 5 + 1 : i + j * 5 + 11] for j in range(4)])
    loss, h, norm = train(x, y, h)
    h = h.numpy()
result = [p.detach().numpy().copy() for p in m.parameters()]
