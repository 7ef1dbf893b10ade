"""The commands of the house: set-up, ``make`` targets and what they say when something is missing.

Most tests run the real scripts in a copy of the house with stand-ins for Python and uv, which write
down how they were called; so they need no network and no time.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ["sh", "cat", "cksum", "sed", "grep", "tail", "rm", "mkdir", "cp", "dirname", "uname", "id"]

# A Python that makes environments and installs packages in no time.
WORKING = f"""#!/bin/sh
echo "${{0##*/}} $*" >>calls
case "$*" in
    "-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    "-m pip"*) if [ -e broken ]; then cat broken; exit 1; fi ;;
    "-m "*) echo "JUPYTER_PATH=$JUPYTER_PATH" >>calls; [ ! -e failing ] ;;
    *) exec {sys.executable} "$@" ;;
esac
"""
OLD = '#!/bin/sh\ncase "$*" in *print*) echo 3.9 ;; *) exit 1 ;; esac\n'
WITHOUT_VENV = WORKING.replace("*) exec", "*ensurepip*) exit 1 ;;\n    *) exec")
UV = """#!/bin/sh
echo "uv $*" >>calls
if [ "$1" = venv ]; then mkdir -p .venv/bin && cp "$STAND_IN" .venv/bin/python; fi
"""


class House:
    """A copy of the scripts in a folder of its own, with only what a test allows on the PATH."""

    def __init__(self, folder):
        self.folder = folder / "a clone"
        self.bin = folder / "bin"
        self.bin.mkdir()
        shutil.copytree(ROOT / ".ci", self.folder / ".ci")
        for name in ("Makefile", "pyproject.toml"):
            shutil.copy(ROOT / name, self.folder)
        for tool in [*TOOLS, "make", "expand"]:
            (self.bin / tool).symlink_to(shutil.which(tool))

    def put(self, name, script):
        path = self.bin / name
        path.write_text(script)
        path.chmod(0o755)
        return path

    def run(self, *command, **environment):
        return subprocess.run(
            command,
            cwd=self.folder,
            env={"PATH": str(self.bin), "HOME": str(self.folder.parent), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def set_up(self, **environment):
        return self.run("sh", ".ci/setup", **environment)

    def calls(self, word):
        """Return the calls of the stand-ins that contain `word`."""
        calls = self.folder / "calls"
        lines = calls.read_text().splitlines() if calls.exists() else []
        return [line for line in lines if word in line]

    @property
    def is_set_up(self):
        return (self.folder / ".venv" / "stamp").exists()


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def test_second_set_up_does_nothing(house):
    house.put("python3", WORKING)
    first = house.set_up()
    assert first.returncode == 0
    assert "Setting up .venv" in first.stdout
    calls = house.calls("")
    second = house.set_up()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert house.calls("")[len(calls) :] == ["python -c print('yes')"]


def test_changed_requirements_are_installed_into_the_same_environment(house):
    house.put("python3", WORKING)
    house.set_up()
    with (house.folder / "pyproject.toml").open("a") as file:
        file.write("\n")
    assert "Bringing .venv up to date" in house.set_up().stdout
    assert len(house.calls("-m venv")) == 1
    assert len(house.calls("-m pip install")) == 2


def test_moved_clone_gets_a_new_environment(house):
    house.put("python3", WORKING)
    house.set_up()
    house.folder = house.folder.rename(house.folder.with_name("moved"))
    house.set_up()
    assert len(house.calls("-m venv --clear .venv")) == 2


def test_interrupted_set_up_starts_again(house):
    house.put("python3", WORKING)
    (house.folder / "broken").write_text("Killed\n")
    assert house.set_up().returncode == 1
    assert not house.is_set_up
    (house.folder / "broken").unlink()
    assert house.set_up().returncode == 0
    assert house.is_set_up
    assert len(house.calls("-m venv --clear .venv")) == 2


@pytest.mark.parametrize(
    ("pythons", "chosen"),
    [
        ({"python3": WORKING, "python3.13": WORKING}, "python3"),
        ({"python3": OLD, "python3.12": WORKING}, "python3.12"),
        ({"python3": WITHOUT_VENV, "python3.11": WORKING}, "python3.11"),
    ],
)
def test_first_fit_python_is_taken(house, pythons, chosen):
    for name, script in pythons.items():
        house.put(name, script)
    assert house.set_up().returncode == 0
    assert house.calls("-m venv") == [f"{chosen} -m venv --clear .venv"]


def test_named_python_is_taken(house):
    house.put("python3", WORKING)
    (house.bin / "my pythons").mkdir()
    mine = house.put("my pythons/mine", WORKING)
    assert house.run("make", "setup", f"PYTHON={mine}").returncode == 0
    assert house.calls("-m venv") == ["mine -m venv --clear .venv"]


@pytest.mark.parametrize(
    ("pythons", "sentence"),
    [
        ({}, "Python 3.11 or newer is needed, but there is no python3; install one, or name"),
        ({"python3": OLD}, "Python 3.11 or newer is needed, but python3 is 3.9; install one, or"),
        ({"python3": WITHOUT_VENV}, "python3 has no venv module; install it (on Debian and Ubuntu"),
    ],
)
def test_missing_python_is_one_sentence(house, pythons, sentence):
    for name, script in pythons.items():
        house.put(name, script)
    result = house.set_up()
    assert result.returncode == 1
    assert result.stderr.startswith(f"nnkit set-up: {sentence}")
    assert result.stderr.count("\n") == 1
    assert not house.is_set_up


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("ERROR: Connection refused\n", "the package index cannot be reached; check the network"),
        ("Could not fetch: dns error\n", "the package index cannot be reached; check the network"),
        ("ERROR: No version (from versions: none)\n", "the package index cannot be reached; check"),
        ("ERROR: No space left\n\nnote: hm\n", "it failed with 'ERROR: No space left'; repair"),
        ("Killed\n\n", "it failed with 'Killed'; repair"),
    ],
)
def test_failed_install_is_one_sentence(house, log, sentence):
    house.put("python3", WORKING)
    (house.folder / "broken").write_text(log)
    result = house.set_up()
    assert result.returncode == 1
    assert result.stderr.startswith(f"nnkit set-up: {sentence}")
    assert result.stderr.count("\n") == 1


def test_no_network_with_the_real_pip(house):
    pytest.importorskip("ensurepip")
    house.put("python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    result = house.set_up(
        PIP_INDEX_URL="http://127.0.0.1:9", PIP_CONFIG_FILE=os.devnull, PIP_RETRIES="0"
    )
    assert result.returncode == 1
    assert result.stderr.startswith("nnkit set-up: the package index cannot be reached; check")
    assert result.stderr.count("\n") == 1
    assert not house.is_set_up


def test_uv_is_used_where_it_is_installed(house):
    house.put("uv", UV)
    stand_in = house.put("python3", WORKING)
    assert house.set_up(STAND_IN=str(stand_in)).returncode == 0
    assert house.is_set_up
    assert house.calls("uv ") == [
        "uv venv --quiet --clear --seed --python >=3.11 .venv",
        "uv pip install --quiet --python .venv/bin/python -e .[dev]",
    ]
    assert house.calls("-m ") == []


def test_help_lists_every_target(house):
    lines = house.run("make", "help").stdout.splitlines()
    listed = [line.split()[1] for line in lines]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    phony = next(line for line in makefile if line.startswith(".PHONY:"))
    assert sorted(listed) == sorted(phony.split()[1:])
    assert all(len(line.split()) > 3 for line in lines)
    assert house.run("make").stdout.splitlines() == lines


@pytest.mark.parametrize(
    ("display", "opens"), [({}, False), ({"DISPLAY": ":0"}, True), ({"WAYLAND_DISPLAY": "w"}, True)]
)
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there always is a display")
def test_lab_opens_a_browser_where_there_is_a_display(house, display, opens):
    house.put("python3", WORKING)
    assert house.run("make", "lab", "ARGS=--port 8123", **display).returncode == 0
    (call,) = house.calls("-m jupyterlab")
    assert ("--no-browser" not in call) == opens
    assert ("--allow-root" in call) == (os.geteuid() == 0)
    assert "default_url=/lab/tree/notebooks/01-first-network.ipynb" in call
    assert call.endswith("--port 8123")
    (path,) = house.calls("JUPYTER_PATH=")
    assert path == f"JUPYTER_PATH={house.folder}/.venv/share/jupyter"


def test_lab_kernel_is_that_of_the_environment(tmp_path):
    users = tmp_path / "jupyter" / "kernels" / "python3"
    users.mkdir(parents=True)
    spec = {"argv": ["/elsewhere/python"], "display_name": "mine", "language": "python"}
    (users / "kernel.json").write_text(json.dumps(spec))
    code = "from jupyter_client.kernelspec import get_kernel_spec as g; print(g('python3').argv[0])"
    environment = {
        **os.environ,
        "JUPYTER_DATA_DIR": str(tmp_path / "jupyter"),
        "JUPYTER_PREFER_ENV_PATH": "0",
    }

    def kernel(**more):
        command = [sys.executable, "-c", code]
        return subprocess.check_output(command, env=environment | more, text=True).strip()

    environment.pop("JUPYTER_PATH", None)
    assert kernel() == "/elsewhere/python"
    assert kernel(JUPYTER_PATH=f"{sys.prefix}/share/jupyter") != "/elsewhere/python"


def test_make_test_passes_arguments_and_the_exit_code_on(house):
    house.put("python3", WORKING)
    assert house.run("make", "test", "ARGS=-k fit").returncode == 0
    assert house.calls("-m pytest") == ["python -m pytest -q --nbval -k fit"]
    (house.folder / "failing").touch()
    assert house.run("make", "test").returncode != 0


def test_make_test_leaves_notebooks_and_the_browser_both_cores(house):
    house.put("python3", WORKING)
    assert house.run("make", "test").returncode == 0
    files, others = house.calls("-m pytest")
    assert files.startswith("python -m pytest -q -n 2 --dist loadfile --ignore=tests/browser tests")
    assert others == "python -m pytest -q --nbval notebooks tests/browser"


@pytest.mark.parametrize(("required", "exit_code"), [("0", 0), ("1", 1)])
def test_without_chromium_browser_tests_are_skipped_or_fail(required, exit_code):
    chosen = "tests/browser/test_harness.py::test_javascript_errors_are_seen"
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", chosen],
        cwd=ROOT,
        env={**os.environ, "CHROMIUM": "/no/chromium", "NNKIT_REQUIRE_BROWSER": required},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == exit_code, result.stdout
    assert ("skipped: no Chromium" in result.stdout) == (required == "0")
    assert "no Chromium: install the package chromium" in result.stdout


@pytest.mark.parametrize("package", ["nnkit", "autograd_core"])
def test_import_brings_nothing_optional(package):
    code = f"import sys, {package}; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = set(subprocess.check_output([sys.executable, "-c", code], text=True).split())
    optional = {"IPython", "anywidget", "ipywidgets", "matplotlib", "pooch", "scipy", "sklearn"}
    assert package in loaded
    assert not loaded & optional


def test_core_install_needs_numpy_and_safetensors_only():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [need.split(">")[0] for need in project["dependencies"]] == ["numpy", "safetensors"]
    assert set(project["optional-dependencies"]) == {
        "notebook",
        "datasets",
        "scipy",
        "tensorboard",
        "test",
        "peers",
        "dev",
    }


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_top_level_has_only_what_belongs_there():
    files = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    top = {name.split("/")[0] for name in files if not name.startswith(".")}
    rooms = {"nnkit", "autograd_core", "notebooks", "tests", "benchmarks"}
    pages = {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"}
    assert top <= rooms | pages | {"pyproject.toml", "Makefile"}
