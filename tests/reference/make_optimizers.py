"""Write optimizers.json, lbfgs.json and optim_signatures.json with PyTorch.

    python -m tests.reference.make_optimizers

For each optimizer a table of settings, and for each of their combinations the parameters after 3
and after 20 steps and the mean of each entry of the state. Only needed where the table changes.
"""

import inspect
import itertools
import json
from pathlib import Path

import torch

from tests.optim import problems

HINTS = ("capturable", "differentiable", "foreach", "fused")
VECTOR = [[0.5, -1.0, 2.0]]
MATRICES = [[[0.5, -1.0, 2.0], [0.25, 1.5, -0.75]], [[1.0], [-0.5], [0.1]]]
BETAS = [(0.9, 0.999), (0.5, 0.6)]
OFF_ON = [False, True]
TABLES = {
    "Adam": dict(
        lr=[0.01],
        weight_decay=[0, 0.1],
        amsgrad=OFF_ON,
        decoupled_weight_decay=OFF_ON,
        maximize=OFF_ON,
    ),
    "RMSprop": dict(
        lr=[0.02],
        alpha=[0.99, 0.5],
        eps=[1e-8, 1e-2],
        weight_decay=[0, 0.1],
        momentum=[0, 0.9],
        centered=OFF_ON,
        maximize=OFF_ON,
    ),
    "Adagrad": dict(
        lr=[0.1],
        lr_decay=[0, 0.1],
        weight_decay=[0, 0.1],
        initial_accumulator_value=[0, 0.5],
        eps=[1e-10, 1e-2],
        maximize=OFF_ON,
    ),
    "Adadelta": dict(
        lr=[1.0, 0.1],
        rho=[0.9, 0.5],
        eps=[1e-6, 1e-2],
        weight_decay=[0, 0.1],
        maximize=OFF_ON,
    ),
    "Adamax": dict(
        lr=[0.02], betas=BETAS, eps=[1e-8, 1e-2], weight_decay=[0, 0.1], maximize=OFF_ON
    ),
    "NAdam": dict(
        lr=[0.02],
        betas=BETAS,
        eps=[1e-8, 1e-2],
        weight_decay=[0, 0.1],
        momentum_decay=[4e-3, 0.5],
        decoupled_weight_decay=OFF_ON,
        maximize=OFF_ON,
    ),
    "RAdam": dict(
        lr=[0.02],
        betas=[*BETAS, (0.8, 0.95)],
        eps=[1e-8, 1e-2],
        weight_decay=[0, 0.1],
        decoupled_weight_decay=OFF_ON,
        maximize=OFF_ON,
    ),
    "ASGD": dict(
        lr=[0.1],
        lambd=[1e-4, 0.1],
        alpha=[0.75, 0.5],
        t0=[1e6, 5],
        weight_decay=[0, 0.1],
        maximize=OFF_ON,
    ),
    "Rprop": dict(
        lr=[0.1, 0.5],
        etas=[(0.5, 1.2), (0.3, 1.5)],
        step_sizes=[(1e-6, 50), (0.05, 0.3)],
        maximize=OFF_ON,
    ),
    "Adafactor": dict(
        lr=[0.01, 0.1],
        beta2_decay=[-0.8, -0.5],
        eps=[(None, 1e-3), (1e-2, 0.5)],
        d=[1.0, 2.0],
        weight_decay=[0, 0.1],
        maximize=OFF_ON,
    ),
    "Muon": dict(
        lr=[0.02],
        weight_decay=[0.1, 0],
        momentum=[0.95, 0.5],
        nesterov=[True, False],
        ns_coefficients=[(3.4445, -4.775, 2.0315), (2.0, -1.5, 0.5)],
        ns_steps=[5, 2],
        eps=[1e-7, 1.0],
        adjust_lr_fn=[None, "match_rms_adamw"],
    ),
}
# Sums of products of so few short numbers are exact in float32, whatever their order.
MUON = [[[0.5, -1.0, 2.0], [0.4, 1.5, -0.75]], [[1.0], [-0.5], [0.2]]]
STARTS = dict.fromkeys(TABLES, VECTOR) | {"Adafactor": VECTOR + MATRICES, "Muon": MUON}


def combinations(table):
    """All combinations of the settings of a table."""
    return [dict(zip(table, values)) for values in itertools.product(*table.values())]


def trajectory(name, settings, starts):
    """Parameters after 3 and after 20 steps, and the means of the state."""
    ps = [torch.nn.Parameter(torch.tensor(start)) for start in starts]
    optimizer = getattr(torch.optim, name)(ps, **settings)
    seen = []
    for step in range(20):
        for p in ps:
            p.grad = torch.cos(3 * p.detach()) + 0.1 * p.detach()
        optimizer.step()
        if step in (2, 19):
            seen += [short(x) for p in ps for x in p.detach().flatten()]
    means = [
        {k: short(torch.as_tensor(v).mean()) for k, v in optimizer.state[p].items()} for p in ps
    ]
    return [seen, means]


def signatures():
    """Names and defaults of the arguments, without those that say how to calculate."""
    rooms = {
        "": [*TABLES, "SGD", "AdamW", "LBFGS"],
        "lr_scheduler": torch.optim.lr_scheduler.__all__,
        "swa_utils": ["SWALR", "get_ema_avg_fn", "get_ema_multi_avg_fn"],
    }
    for room, names in rooms.items():
        for name in names:
            owner = getattr(torch.optim, room) if room else torch.optim
            found = inspect.signature(getattr(owner, name)).parameters.values()
            kept = [p for p in found if p.name not in HINTS]
            defaults = [None if p.default is p.empty else p.default for p in kept]
            path = f"{room}.{name}".strip(".")
            yield path, list(zip([p.name for p in kept], defaults))


def lbfgs():
    """Parameters after 5 and 10 calls of L-BFGS, and the counts of its state."""
    for name, settings in problems.CASES:
        p, q = (torch.nn.Parameter(torch.tensor(start)) for start in problems.START)
        optimizer = torch.optim.LBFGS([p, q], **settings)
        paths = [problems.walk(name, optimizer, p, q, 5) for _ in range(2)]
        state = optimizer.state[p]
        yield [[short(x) for x in paths[0] + paths[1]], state["func_evals"], state["n_iter"]]


def short(x):
    """Ten digits are enough to tell right from wrong."""
    return float(f"{float(x):.10g}")


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)  # PyTorch keeps some numbers of the state in it
    lines = []
    for name, table in TABLES.items():
        rows = [trajectory(name, s, STARTS[name]) for s in combinations(table)]
        head = json.dumps({"optimizer": name, "starts": STARTS[name], "table": table})
        body = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
        lines.append(f'{head[:-1]}, "rows": [\n{body}\n]}}')
    folder = Path(__file__).parent
    (folder / "optimizers.json").write_text("[" + ",\n".join(lines) + "]\n")
    lines = [json.dumps(row, separators=(",", ":")) for row in lbfgs()]
    (folder / "lbfgs.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    lines = [f"{json.dumps(name)}: {json.dumps(found)}" for name, found in signatures()]
    (folder / "optim_signatures.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
