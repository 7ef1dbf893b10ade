"""The benchmark suite: engines agree at small sizes; ratios, verdicts, comparisons are right."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import compare, growth, operations, report, runner
from benchmarks.aims import AIMS
from benchmarks.engines import ENGINES, nnkit_eager, numpy_limit
from benchmarks.workloads import WORKLOADS, data_of


@pytest.mark.parametrize("name", [n for n in WORKLOADS if not n.startswith("W8") or n == "W8:100"])
def test_nnkit_and_the_limit_agree(name):
    workload = WORKLOADS[name].reduced()
    answers, gradients = [], []
    for engine in (numpy_limit, nnkit_eager):
        program = engine.make(workload, data_of(workload))
        loss, found = program.first()
        losses = [program.read(program.step()) for _ in range(3)]
        answers.append({"loss": loss, "losses": losses})
        gradients.append({key: np.asarray(value) for key, value in found.items()})
    assert runner.difference(answers[1], gradients[1], answers[0], gradients[0]) < 1e-4
    if workload.optimizer:
        losses = answers[0]["losses"]
        assert losses[0] > losses[1] > losses[2]  # the optimiser has done something
    assert all(np.any(g) for g in gradients[0].values())


def test_the_difference_is_the_largest_of_losses_and_gradients():
    answer = {"loss": 2.0, "losses": [2.0, 1.0]}
    g = {"w": np.array([3.0, 4.0])}
    other = {"loss": 2.0, "losses": [2.0, 1.1]}
    assert runner.difference(answer, g, answer, g) == 0
    assert runner.difference(other, g, answer, g) == pytest.approx(0.1)
    assert runner.difference(answer, {"w": np.array([3.0, 3.0])}, answer, g) == pytest.approx(0.2)
    assert runner.difference(answer, {"v": g["w"]}, answer, g) == np.inf
    assert runner.difference(answer, {"w": g["w"][:1]}, answer, g) == np.inf
    assert np.isnan(runner.difference(answer, {"w": g["w"] * np.nan}, answer, g))


def row(**times):
    return {name.replace("_", "-"): {"time": t, "spread": 0.1} for name, t in times.items()}


def test_ratios_are_to_the_limit_and_missing_ones_are_none():
    found = row(numpy=2.0, nnkit=5.0)
    assert runner.ratio(found, "nnkit") == 2.5
    assert runner.ratio(found, "torch") is None
    assert runner.ratio(row(nnkit=5.0), "nnkit") is None


def test_the_best_peer_is_the_fastest_that_is_right():
    found = row(numpy=1.0, nnkit=2.0, torch=3.0, jax=1.5, hips=9.0)
    assert runner.best_of(found, report.PEERS) == "jax"
    found["jax"]["wrong"] = True
    assert runner.best_of(found, report.PEERS) == "torch"
    assert report.to_best_peer(found, "nnkit") == "0.667 (torch)"
    assert runner.best_of(row(numpy=1.0), report.PEERS) is None


@pytest.mark.parametrize(
    ("change", "cell"),
    [
        ({}, "2.00"),
        ({"spread": 0.3}, "2.00~"),
        ({"wrong": True}, "2.00 **wrong**"),
        ({"time": None, "error": "ValueError"}, "failed"),
        ({"time": None, "na": "no such feature"}, "n/a"),
    ],
)
def test_cells_say_what_is_noisy_wrong_or_missing(change, cell):
    found = row(numpy=1.0, torch=2.0)
    found["torch"] |= change
    assert report.ratio_cell(found, "torch") == cell


def test_one_thread_is_a_median_and_two_the_fastest_batch():
    times = [1.0, 2.0, 2.0, 2.0, 9.0]
    assert runner.summary(times, one_thread=True)["time"] == 2.0
    assert runner.summary(times, one_thread=False)["time"] == 1.0
    assert runner.summary(times, one_thread=True)["spread"] == 0.0
    assert runner.summary([1.0, 2.0, 3.0, 4.0, 5.0], one_thread=True)["spread"] == pytest.approx(
        2 / 3
    )


def test_aims_are_judged():
    found = {"W1": row(numpy=1.0, nnkit=3.0), "W2": row(numpy=1.0, nnkit=3.0)}
    verdicts = {line[0]: line[-1] for line in report.judged(found, 1)}
    assert verdicts == {"W1": "reached", "W2": "**missed**"}
    assert {name for aims in AIMS.values() for name in aims} <= WORKLOADS.keys()


def test_a_comparison_takes_batches_in_pairs():
    assert compare.change([1.0, 2.0, 4.0], [1.2, 2.4, 4.8]) == pytest.approx(1.2)  # a busy machine
    assert compare.slower({"a": 1.09, "b": 1.11, "c": 0.5}) == {"b": 1.11}


def test_new_rows_replace_old_ones_and_others_stay(tmp_path):
    old = {"rows": {"1": {"W1": row(numpy=1.0), "W2": row(numpy=2.0)}}, "machine": {"a": "b"}}
    new = {"rows": {"1": {"W1": row(nnkit=3.0)}, "2": {"W1": row(numpy=4.0)}}}
    found = command.merged(old, new)
    assert found["rows"]["1"] == {"W1": row(nnkit=3.0), "W2": row(numpy=2.0)}
    assert found["rows"]["2"] == {"W1": row(numpy=4.0)}
    assert found["machine"] == {"a": "b"}
    found["missing"] = {"torch": "No module named 'torch'"}
    file = tmp_path / "results.json"
    command.write(found, file)
    assert json.loads(file.read_text())["rows"] == found["rows"]
    text = (tmp_path / "RESULTS.md").read_text()
    assert "not measured: torch (No module named 'torch')" in text
    assert "| W2 MNIST MLP, momentum | 2000 |" in text


def test_the_command_refuses_unknown_names(capsys):
    with pytest.raises(SystemExit):
        command.arguments(["--workloads", "W1,W99"])
    assert "there is no 'W99'; there are W1, W2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "writes"),
    [
        ([], True),
        (["--threads", "2"], True),
        (["--quick"], False),
        (["--workloads", "W1"], False),
        (["--engines", "numpy,nnkit"], False),
        (["--workloads", "W1", "--write"], True),
    ],
)
def test_only_a_whole_run_writes_results_unasked(argv, writes):
    assert command.arguments(argv).write == writes


def test_a_process_measures_and_says_what_it_lacks(monkeypatch):
    monkeypatch.setitem(ENGINES, "nothing", ENGINES["numpy"].__class__("nothing", "no_such", "x"))
    processes, missing = command.started(["numpy", "nothing"], 1, command.sys.executable)
    assert list(missing) == ["nothing"]
    lines = []
    plan = runner.Plan(seconds=0.001, rounds=3, reduced=True)
    try:
        rows = runner.measure(processes, ["W1"], plan, lines.append)
    finally:
        for process in processes:
            process.stop()
    found = rows["W1"]["numpy"]
    assert found["difference"] == 0
    assert found["time"] > 0
    assert len(found["batches"]) == 3
    assert len(lines) == 1


def test_growth_tables_have_a_line_for_each_size():
    assert len(growth.depth(0.01, depths=(100, 200))["lines"]) == 2
    assert len(growth.elements(0.01, sizes=(10, 20))["lines"]) == 2
    (sixteen, sixtyfour) = growth.layers(0.01, numbers=(16, 64))["lines"]
    assert int(sixtyfour[1]) >= 3 * int(sixteen[1])  # linear in depth
    assert int(sixtyfour[2]) <= 2.6 * int(sixteen[2])  # its square root with checkpoint


def test_operations_are_compared_call_by_call():
    ours = operations.gradients("autograd_core")
    assert len(ours) > 300 and "np.tanh[(2,3)]" in ours
    value, (gradient,) = ours["np.tanh[(2,3)]"]()
    assert gradient.shape == (2, 3) and value.shape == ()
    table = operations.compared({"a": 1.0, "b": 3.0, "c": 2.0}, {"a": 2.0, "b": 2.0, "d": 1.0})
    assert "2 calls" in table["summary"] and "1 are above 1" in table["summary"]
    assert table["lines"] == [["`b`", "3", "2", "1.50"], ["`a`", "1", "2", "0.50"]]
