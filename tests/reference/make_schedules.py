"""Write schedules.json with PyTorch: python -m tests.reference.make_schedules

For each schedule the learning rates of 24 epochs (two groups) and, where it moves, the momentum.
Only needed where a case is added.
"""

import json
import math
import warnings
from pathlib import Path

import torch
from torch.optim import lr_scheduler
from torch.optim.swa_utils import SWALR

from tests.optim.schedules import CASES, make

EPOCHS = 24


def trajectory(case):
    """Learning rates of both groups, and momenta, epoch by epoch."""
    optimizer, schedule = make(case, torch, lr_scheduler, SWALR)
    rows = []
    for epoch in range(EPOCHS):
        rows.append(
            [[g["lr"] for g in optimizer.param_groups], optimizer.param_groups[0]["momentum"]]
        )
        optimizer.step()
        loss = 1 / (1 + min(epoch, 4)) + 0.01 * math.cos(epoch)
        schedule.step(*([loss] if case["name"] == "ReduceLROnPlateau" else []))
    return rows


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    lines = [json.dumps(trajectory(case)) for case in CASES]
    (Path(__file__).parent / "schedules.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
