"""Creating a reference environment and finding a Python for it, without MegEngine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from mgeconvert.errors import MissingDependencyError, UsageError
from mgeconvert.reference import client, environment, interpreters, processes
from mgeconvert.reference.environment import ENVIRONMENTS, Environment, install
from mgeconvert.reference.interpreters import find
from mgeconvert_cli import reference as cli
from mgeconvert_cli.main import application
from tests.harness.runner import Runner

THIS = sys.version_info[:2]


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MGECONVERT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the Pythons that MegEngine runs on."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setattr(interpreters, "sys", SimpleNamespace(version_info=(3, 99), executable=""))


def small(probe: str = "") -> Environment:
    """An environment that installs nothing."""
    return Environment("small", "Small 1.0", (THIS,), (), probe, "worker.py")


def test_install_creates_it_once_and_again_when_it_is_damaged(empty_cache: Path) -> None:
    lines: list[str] = []
    assert install(small(), log=lines.append)
    assert not install(small(), log=lines.append)
    assert re.fullmatch(r"Small 1\.0: using .+ \(Python \d\.\d+\)", lines[0])
    assert lines[1:] == ["Small 1.0: checking that it works", f"Small 1.0: installed in {small().folder}"]
    assert small().stamp()["environment"] == "small"
    prefix = subprocess.run([small().python, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True)
    assert Path(prefix.stdout.strip()) == small().folder

    marker = small().folder / "marker"
    marker.touch()
    assert install(small(), force=True)
    assert not marker.exists()

    marker.touch()
    small().python.unlink()  # as when the Python that it was made from is removed
    assert not small().is_installed
    assert install(small())
    assert not marker.exists()
    assert small().is_installed
    assert list(empty_cache.iterdir()) == [small().folder]


def test_two_installs_at_once_leave_one_environment(empty_cache: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(install, [small(), small()])) == [False, True]
    assert small().is_installed
    assert list(empty_cache.iterdir()) == [small().folder]


def test_a_failing_step_is_shown_and_leaves_nothing(empty_cache: Path) -> None:
    wanted = small(probe="import sys; sys.exit('no libGL')")
    with pytest.raises(MissingDependencyError) as failure:
        install(wanted)
    assert re.fullmatch(
        r"Small 1\.0: installing the reference environment failed at `.+python -I .+probe.py`:\n  no libGL",
        failure.value.message,
    )
    assert failure.value.hint == (
        "try again, or with another Python: `mgeconvert reference install small --python PATH`"
    )
    assert list(empty_cache.iterdir()) == []


def test_requirements_name_the_folder() -> None:
    megengine = ENVIRONMENTS["megengine"]
    assert re.fullmatch(r"reference-megengine-[0-9a-f]{12}", megengine.folder.name)
    assert small().folder != megengine.folder


def test_what_is_not_installed_names_the_command(empty_cache: Path) -> None:
    megengine = ENVIRONMENTS["megengine"]
    with pytest.raises(MissingDependencyError) as failure:
        client.run(Path("model.pkl"), [])
    assert failure.value.message == (
        f"MegEngine 1.13.0: the reference environment is not installed (looked in {megengine.folder})"
    )
    assert failure.value.hint == "run `mgeconvert reference install megengine`"
    assert not client.is_available()


def test_no_python_says_what_to_install(no_python: None) -> None:
    with pytest.raises(MissingDependencyError) as failure:
        find([(3, 10), (3, 9), (3, 8)], "MegEngine 1.13.0")
    assert failure.value.message == (
        "MegEngine 1.13.0 needs CPython 3.8, 3.9 or 3.10, and none was found on PATH, in pyenv or in uv; "
        "looked at: none"
    )
    assert failure.value.hint == (
        "install one (`uv python install 3.10`, `pyenv install 3.10`, or your system's python3.10 and "
        "python3.10-venv packages), or name it: `mgeconvert reference install --python PATH`"
    )


def test_a_python_that_does_not_start_is_named(no_python: None, tmp_path: Path) -> None:
    broken = tmp_path / "python3.10"
    broken.write_text("#!/bin/sh\necho 'pyenv: python3.10: command not found' >&2\nexit 127\n")
    broken.chmod(0o755)
    with pytest.raises(MissingDependencyError) as failure:
        find([(3, 10)], "MegEngine 1.13.0")
    assert failure.value.message == (
        "MegEngine 1.13.0 needs CPython 3.10, and none was found on PATH, in pyenv or in uv; looked at:\n"
        f"  {broken}: does not start: pyenv: python3.10: command not found"
    )


@pytest.mark.parametrize(
    ("given", "fact"),
    [("no-such-python", "no such program"), (sys.executable, f"is Python {THIS[0]}.{THIS[1]}")],
)
def test_a_given_python_that_does_not_fit_is_wrong_usage(given: str, fact: str) -> None:
    with pytest.raises(UsageError) as failure:
        find([(3, 7)], "MegEngine 1.13.0", given)
    assert failure.value.message == f"{given}: {fact}; MegEngine 1.13.0 needs CPython 3.7"


def test_a_python_of_pyenv_is_found(no_python: None, tmp_path: Path) -> None:
    folder = tmp_path / "pyenv" / "versions" / f"{THIS[0]}.{THIS[1]}.99" / "bin"
    folder.mkdir(parents=True)
    python = folder / f"python{THIS[0]}.{THIS[1]}"
    os.symlink(sys.executable, python)
    assert find([THIS], "Small").path == python


def test_an_unknown_environment_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match=r"^jax: unknown reference environment; known: megengine"):
        environment.environment("jax")


def test_command_line(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (environment, cli):
        monkeypatch.setattr(module, "ENVIRONMENTS", {"small": small()})
    runner = Runner()
    status = runner.invoke(application, ["reference", "status"])
    assert (status.exit_code, status.output) == (0, "small (Small 1.0): not installed\n")
    with pytest.raises(MissingDependencyError):
        small().require()

    first = runner.invoke(application, ["reference", "install", "all"])
    assert first.stdout == f"{small().python}\n"
    assert first.stderr.endswith(f"Small 1.0: installed in {small().folder}\n")
    second = json.loads(runner.invoke(application, ["reference", "install", "all", "--json"]).stdout)
    assert second["environments"] == [
        {"environment": "small", "installed_now": False, "interpreter": str(small().python)}
    ]
    row = json.loads(runner.invoke(application, ["--json", "reference", "status"]).stdout)["environments"][0]
    assert (row["installed"], row["folder"]) == (True, str(small().folder))


def test_path_of_what_is_not_installed(empty_cache: Path) -> None:
    answer = Runner().invoke(application, ["reference", "path"])
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == (
        "error: MegEngine 1.13.0: the reference environment is not installed "
        f"(looked in {ENVIRONMENTS['megengine'].folder})\n"
        "hint: run `mgeconvert reference install megengine`\n"
    )


def test_an_unfit_python_is_wrong_usage_on_the_command_line(empty_cache: Path) -> None:
    answer = Runner().invoke(application, ["reference", "install", "--python", "/nope"])
    assert (answer.exit_code, answer.stderr) == (
        2,
        "error: /nope: no such program; MegEngine 1.13.0 needs CPython 3.8, 3.9 or 3.10\n",
    )


def test_leftovers_of_earlier_installs_go_and_its_scripts_work(empty_cache: Path) -> None:
    """They name the folder that they were made in."""
    (empty_cache / f".{small().folder.name}-x1y2").mkdir(parents=True)
    small().folder.mkdir()
    (small().folder / "half").touch()
    assert install(small())
    assert list(empty_cache.iterdir()) == [small().folder]
    assert not (small().folder / "half").exists()
    done = subprocess.run([small().folder / "bin" / "pip", "--version"], capture_output=True, text=True, check=True)
    assert str(small().folder) in done.stdout
    assert str(small().folder) in (small().folder / "bin" / "activate").read_text()


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_an_install_that_is_stopped_leaves_what_was_there(empty_cache: Path, tmp_path: Path, sign: int) -> None:
    install(small())
    (small().folder / "marker").touch()
    program = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from mgeconvert.reference.environment import Environment, install\n"
        "small = Environment('small', 'Small 1.0', (sys.version_info[:2],), (), sys.argv[1], 'worker.py')\n"
        "install(small, force=True)\n"
    )
    started = tmp_path / "started"
    probe = f"import time\nopen({str(started)!r}, 'w').close()\ntime.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program, probe], stderr=subprocess.DEVNULL) as process:
        while not started.exists() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(sign)
        process.wait(60)
    if sign == signal.SIGKILL:
        assert not small().is_installed
        assert install(small()) is False, "the old one is back"
    assert (small().folder / "marker").exists()
    assert list(empty_cache.iterdir()) == [small().folder]


@pytest.mark.parametrize("sign", environment.SIGNS)
def test_known_reasons_have_hints(sign: str) -> None:
    done = subprocess.CompletedProcess([], 1, f"ERROR: {sign}: ...\n", "")
    with pytest.raises(MissingDependencyError, match=sign) as failure:
        environment._require(small(), done, "pip install x")
    assert failure.value.hint == environment.SIGNS[sign]


def test_a_user_installs_packages_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PIP_TARGET", "/nowhere")
    script = tmp_path / "s.py"
    script.write_text("import os; print({'PIP_USER', 'PIP_TARGET'} & set(os.environ))")
    assert processes.run_bound("t", sys.executable, str(script), []).stdout == "set()\n"
