"""Write the reference values of the ready models with PyTorch: python -m tests.reference.make_models

The twins are written here from PyTorch's layers, with the names of torchvision and nanoGPT where
there are some. Parameters are `field(shape, number) * 0.1`, results are stored as `digest`.
"""  # noqa: E501

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tests.reference.fields import digest, field


def mlp():
    layers = nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 3)
    return nn.Sequential(*layers), field((6, 5), 50)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(64, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2).flatten(1)
        return self.fc3(torch.tanh(self.fc2(torch.tanh(self.fc1(x)))))


class BasicBlock(nn.Module):
    def __init__(self, have, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(have, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or have != width:
            self.downsample = nn.Sequential(
                nn.Conv2d(have, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x):
        short = x if self.downsample is None else self.downsample(x)
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + short)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.layer1 = nn.Sequential(BasicBlock(4, 4, 1))
        self.layer2 = nn.Sequential(BasicBlock(4, 8, 2), BasicBlock(8, 8, 1))
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x)))))
        return self.fc(x.mean((2, 3)))


class CharRNN(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.rnn = kind(4, 5, 2, batch_first=True)
        self.head = nn.Linear(5, 7)

    def forward(self, idx):
        return self.head(self.rnn(self.embedding(idx))[0])


class Attention(nn.Module):
    def __init__(self, E, heads):
        super().__init__()
        self.heads = heads
        self.c_attn, self.c_proj = nn.Linear(E, 3 * E), nn.Linear(E, E)

    def forward(self, x):
        N, T, E = x.shape
        q, k, v = (
            part.view(N, T, self.heads, E // self.heads).transpose(1, 2)
            for part in self.c_attn(x).split(E, dim=2)
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).reshape(N, T, E))


class Block(nn.Module):
    def __init__(self, E, heads):
        super().__init__()
        self.ln_1, self.attn, self.ln_2 = nn.LayerNorm(E), Attention(E, heads), nn.LayerNorm(E)
        self.mlp = nn.ModuleDict(dict(c_fc=nn.Linear(E, 4 * E), c_proj=nn.Linear(4 * E, E)))

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x))))


class GPT(nn.Module):
    def __init__(self, tied):
        super().__init__()
        h = nn.ModuleList([Block(8, 2) for _ in range(2)])
        parts = dict(wte=nn.Embedding(7, 8), wpe=nn.Embedding(6, 8), h=h, ln_f=nn.LayerNorm(8))
        self.transformer = nn.ModuleDict(parts)
        self.lm_head = nn.Linear(8, 7, bias=False)
        if tied:
            self.lm_head.weight = self.transformer.wte.weight

    def forward(self, idx):
        t = self.transformer
        x = t.wte(idx) + t.wpe(torch.arange(idx.shape[1]))
        for block in t.h:
            x = block(x)
        return self.lm_head(t.ln_f(x))


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 6), nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))


class VAE(nn.Module):
    """Its output is the loss, with codes at one deviation above the mean: the noise is all ones."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(6, 4), nn.ReLU())
        self.fc_mu, self.fc_logvar = nn.Linear(4, 2), nn.Linear(4, 2)
        self.decoder = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 6))

    def forward(self, x):
        h = self.encoder(x)
        mu, logvar = self.fc_mu(h), self.fc_logvar(h)
        posterior = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
        prior = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
        kl = torch.distributions.kl_divergence(posterior, prior).sum(1)
        logits = self.decoder(mu + torch.exp(0.5 * logvar))
        log_p = torch.distributions.Bernoulli(logits=logits, validate_args=False).log_prob(x)
        return (kl - log_p.sum(1)).mean()


IDX = np.arange(18).reshape(3, 6) ** 2 % 7
HALVES = field((5, 6), 53, positive=True) / 2.2
TWINS = {
    "MLP([5, 4, 4, 3], 'tanh')": mlp,
    "LeNet(image_size=16)": lambda: (LeNet(), field((2, 1, 16, 16), 51)),
    "ResNet((1, 2), 4, classes=5)": lambda: (ResNet(), field((3, 3, 8, 8), 52)),
    "CharRNN(7, 5, 4, num_layers=2)": lambda: (CharRNN(nn.LSTM), IDX),
    "CharRNN(7, 5, 4, num_layers=2, cell='gru')": lambda: (CharRNN(nn.GRU), IDX),
    "GPT(7, 6, 2, 2, 8)": lambda: (GPT(True), IDX),
    "GPT(7, 6, 2, 2, 8, tie_weights=False)": lambda: (GPT(False), IDX),
    "Autoencoder([6, 4, 2], output_activation='sigmoid')": lambda: (Autoencoder(), HALVES),
    "VAE([6, 4, 2])": lambda: (VAE(), HALVES),
}


def cases():
    for call, make in TWINS.items():
        model, x = make()
        model = model.double()
        for i, (_, p) in enumerate(sorted(model.named_parameters())):
            p.data = torch.tensor(field(tuple(p.shape), i) * 0.1)
        y = model(torch.tensor(x))
        (y * torch.tensor(field(tuple(y.shape), 9))).sum().backward()
        with torch.no_grad():
            later = model.eval()(torch.tensor(x))
        yield dict(
            call=call,
            state={k: list(v.shape) for k, v in model.state_dict().items()},
            training=digest(y.detach().numpy()),
            evaluation=digest(later.numpy()),
            grads={k: digest(p.grad.numpy()) for k, p in model.named_parameters()},
        )


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case) for case in cases())
    (Path(__file__).parent / "models.json").write_text(f"[\n{lines}\n]\n")
