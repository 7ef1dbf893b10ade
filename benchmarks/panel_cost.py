"""What the live panel costs the training: CPU time of a 1 ms step with it over one without it.

Allowed is 2 %: recording, gradient flow and messages together. The picture at the end is drawn once
and stated apart. CPU time of the training thread is counted. The parts are clocked where they
happen, which is precise; the whole loop is also held against the plain one, which leaves nothing
out but carries the noise of the machine.

    python -m benchmarks.panel_cost              messages packed and signed, then thrown away
    python -m benchmarks.panel_cost --browser    in a real JupyterLab, drawn by a real Chromium
"""

import argparse
import contextlib
import io
import statistics
import sys
import time
from pathlib import Path

import numpy as np

import nnkit as nn
from nnkit.training import run as run_module

ROOT = Path(__file__).resolve().parent.parent
STEPS, ROUNDS = 1500, 7
CELL = """\
%load_ext nnkit
import sys; sys.path.insert(0, {folder!r})
import panel_cost
panel_cost.compare()"""


class Work:
    """A small network whose training step takes about a millisecond of CPU."""

    def __init__(self):
        nn.seed(0)
        rng = np.random.default_rng(0)
        self.x = rng.standard_normal((128, 64)).astype(np.float32)
        self.y = rng.integers(0, 10, 128)
        layers = [nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 64), nn.ReLU(), nn.Linear(64, 10)]
        self.model = nn.Sequential(*layers)
        self.loss_of = nn.CrossEntropyLoss()
        self.optimizer = nn.optim.Adam(self.model.parameters(), lr=1e-3)

    def step(self, repeats):
        """Train once and do the forward and backward pass `repeats` times for it."""
        for _ in range(repeats):
            self.optimizer.zero_grad()
            loss = self.loss_of(self.model(self.x), self.y)
            loss.backward()
        self.optimizer.step()
        return loss

    def repeats_for(self, seconds):
        """Return how many passes make a step of so many seconds."""
        self.step(20)
        began = time.thread_time()
        self.step(50)
        return max(1, round(seconds * 50 / (time.thread_time() - began)))


def plain(work, repeats):
    """Return the CPU seconds of a loop that nobody looks at."""
    began = time.thread_time()
    for _ in range(STEPS):
        work.step(repeats).item()
    return time.thread_time() - began


class Meter:
    """Adds up the CPU time between `start` and `stop`."""

    def __init__(self):
        self.seconds = 0.0

    def start(self, *_):
        self.began = time.thread_time()

    def stop(self, *_):
        self.seconds += time.thread_time() - self.began


def observed(work, repeats):
    """Return the CPU seconds of an observed loop, and where in it they went."""
    optimizer, flow, between, clock = work.optimizer, Meter(), Meter(), Meter()
    register = [optimizer.register_step_pre_hook, optimizer.register_step_post_hook]
    hooks = [hook(flow.start) for hook in register]
    run = nn.live(range(STEPS), model=work.model, optimizer=optimizer)
    began = time.thread_time()
    for _ in run:
        if run.step == 1:
            hooks += [hook(flow.stop) for hook in register]  # after those of the gradient flow
        else:
            between.stop()
        loss = work.step(repeats)
        clock.start()
        clock.stop()  # nothing but reading the clock, to be taken off the others
        between.start()
        run.log(loss=loss)
        last = time.thread_time()
    end = time.thread_time() - last
    for hook in hooks:
        hook.remove()
    samples = run.gradient_flow.samples if run.gradient_flow else 0
    return {
        "loop": last - began,
        "between": between.seconds - clock.seconds,
        "flow": flow.seconds - 2 * clock.seconds if samples else 0.0,
        "end": end,
        "samples": samples,
    }


@contextlib.contextmanager
def watched_by(*factories):
    """Have runs looked at by these alone."""
    before, run_module.observers[:] = run_module.observers[:], factories
    try:
        yield
    finally:
        run_module.observers[:] = before


def compare():
    """Print what recording and showing add to a step."""
    from nnkit.notebook.panel import Panel

    work = Work()
    repeats = work.repeats_for(1e-3)
    rounds = []
    for _ in range(ROUNDS + 1):
        with watched_by():
            recorded = observed(work, repeats)
        before = plain(work, repeats)
        with watched_by(lambda run: Panel()):
            shown = observed(work, repeats)
        after = plain(work, repeats)
        rounds.append((recorded, shown, (before + after) / 2))
    report(rounds[1:])  # the first round warms up


def report(rounds):
    """Print the medians of all rounds."""

    def share(of):
        shares = [of(recorded, shown) / base for recorded, shown, base in rounds]
        return f"{statistics.median(shares):+7.2%}   ({min(shares):+.2%} to {max(shares):+.2%})"

    def median(of):
        return statistics.median(of(*one) for one in rounds)

    print(f"step without anything    {median(lambda _r, _s, base: base / STEPS) * 1e3:.2f} ms CPU")
    print("recording               ", share(lambda r, _s: r["between"]))
    print("  and messages          ", share(lambda _r, s: s["between"]))
    print("gradient flow           ", share(lambda _r, s: s["flow"]))
    print(
        "live panel, all of it   ", share(lambda _r, s: s["between"] + s["flow"]), " allowed +2 %"
    )
    whole = [shown["loop"] / base - 1 for _, shown, base in rounds]
    print(f"whole loop over plain    {statistics.median(whole):+7.2%}", end="   ")
    print(f"({min(whole):+.2%} to {max(whole):+.2%}: the noise of the machine)")
    print(f"gradient flow looked at  {median(lambda _r, s, _b: s['samples']):.0f} of {STEPS} steps")
    print(f"picture at the end       {median(lambda _r, s, _b: s['end']) * 1e3:.0f} ms CPU, once")


@contextlib.contextmanager
def kernel_stand_in():
    """Pack and sign every message as a kernel does, then drop it; keep displays quiet."""
    import comm
    from comm.base_comm import BaseComm
    from jupyter_client.session import Session

    session = Session(key=b"a key")

    class PackingComm(BaseComm):
        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            content = {"data": data, "comm_id": self.comm_id, **keys}
            session.serialize(session.msg(msg_type, content, metadata=metadata))

    create, comm.create_comm = comm.create_comm, PackingComm
    try:
        with contextlib.redirect_stdout(io.StringIO()) as quiet:
            yield quiet
    finally:
        comm.create_comm = create


def in_browser():
    """Run `compare` in a notebook that a Chromium shows, and print what it printed."""
    import tempfile

    sys.path.insert(0, str(ROOT))
    from playwright.sync_api import sync_playwright

    from tests.browser.lab import CHROMIUM_FLAGS, LabServer, Notebook, find_chromium

    with (
        tempfile.TemporaryDirectory() as folder,
        LabServer(folder) as server,
        sync_playwright() as playwright,
    ):
        options = {"executable_path": find_chromium(), "args": list(CHROMIUM_FLAGS)}
        chromium = playwright.chromium.launch(**options)
        server.write("cost.ipynb", [CELL.format(folder=str(ROOT / "benchmarks"))])
        notebook = Notebook(chromium.new_page(viewport={"width": 1280, "height": 900}), server)
        notebook.open("cost.ipynb")
        notebook.run_all()
        notebook.wait_idle(timeout=600)
        notebook.save()
        outputs = server.saved("cost.ipynb")["cells"][0]["outputs"]
        print("".join("".join(output.get("text", [])) for output in outputs), end="")
        chromium.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--browser", action="store_true", help="in a real JupyterLab")
    if parser.parse_args().browser:
        in_browser()
        return
    with kernel_stand_in() as quiet:
        compare()
    print("\n".join(line for line in quiet.getvalue().splitlines() if "live view" not in line))


if __name__ == "__main__":
    main()
