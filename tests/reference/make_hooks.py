"""Write what torch's modules do in tests/hook_scenarios.py: python -m tests.reference.make_hooks

Needs torch; the tests read the stored file.
"""

import json
import warnings
from pathlib import Path

import torch

from tests.hook_scenarios import SCENARIOS

warnings.simplefilter("ignore")
logs = {name: scenario(torch.nn, torch.tensor) for name, scenario in SCENARIOS.items()}
Path(__file__).with_name("hooks.json").write_text(json.dumps(logs, indent=1) + "\n")
