"""The README's code runs as it stands, and its claims point at things that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_code_of_the_readme_runs(capsys):
    names = {}
    for code in re.findall(r"```python\n(.*?)```", README, re.S):
        exec(compile(code, "README.md", "exec"), names)
    printed = capsys.readouterr().out.split("\n")
    assert [line for line in printed if line in ("True", "False")] == ["True"] * 3
    assert len(names["run"].history) == 200


def test_every_path_the_readme_names_exists():
    named = re.findall(r"\]\(([^)#]+)\)", README)
    named += re.findall(r"`((?:tests|benchmarks)/[^`]*)`", README)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
