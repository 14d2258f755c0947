"""What examples/ says is done is done: cron, systemd, Ansible and Rundeck, on few series of the incident of shop.yaml.

Each gets one answer of aitia and one mistake here; every answer at every door is in the long tests.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from aitia.core.store import list_runs
from aitia.core.words import Report

from ..shop import small_yaml
from .conftest import REPOSITORY

EXAMPLES = REPOSITORY / "examples"
THEN = "--since 40s --at 2026-11-25T01:10:07Z"
QUIET = "--window 2026-11-25T01:05:30Z/2026-11-25T01:07:30Z --at 2026-11-25T01:07:30Z --since 1s"
BLIND = "--at 2020-01-01T00:00:00Z --since 1m"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_yaml(tmp_path_factory.mktemp("config"))


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    """A command with aitia on its path, in a folder of its own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def sh(*command: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(c) for c in command],
            cwd=tmp_path,
            env={"PATH": path, "HOME": str(tmp_path), "AITIA_HOME": str(home)} | env,
            capture_output=True,
            text=True,
            check=False,
        )

    return sh


def _cron(run: Run, config: Path, reports: Path, *check: str, options: str = THEN) -> Any:
    script = EXAMPLES / "cron" / "diagnose-when-failing.sh"
    given = {"AITIA_CONFIG": str(config), "AITIA_OPTIONS": options, "AITIA_REPORTS": str(reports)}
    return run(script, "shop", *check, **given)


FAILS = ("sh", "-c", 'echo "--output=/tmp/x $(id) <b> gateway answers 5xx" >&2; exit 22')


def test_cron_does_nothing_where_the_check_passes(run: Run, config: Path, tmp_path: Path) -> None:
    done = _cron(run, config, tmp_path / "reports", "true")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / "reports").exists()


def test_cron_diagnoses_a_failing_check_once_an_hour(run: Run, config: Path, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    done = _cron(run, config, reports, *FAILS)
    assert done.returncode == 20, done.stdout + done.stderr
    (folder,) = reports.glob("shop-*")
    assert done.stdout == f"shop: a cause was found, see {folder}/report.html\n"
    report = Report.model_validate_json((folder / "report.json").read_bytes())
    assert (report.component, report.fault) == ("orders", "resource.connections")
    assert report.incident.title.startswith("check shop fails: --output=/tmp/x")  # text, never an option
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "&lt;b&gt; gateway answers 5xx" in page
    assert oct(folder.stat().st_mode)[-3:] == "700"

    again = _cron(run, config, reports, *FAILS)
    assert (again.returncode, again.stdout) == (75, "")
    assert _cron(run, config, reports, "true").returncode == 0  # the check itself is always run


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        pytest.param(QUIET, 10, "nothing is wrong", marks=pytest.mark.long),
        pytest.param(BLIND, 11, "unknown", marks=pytest.mark.long),
        ("--max-calls 1", 2, "not diagnosed (exit code 2)"),
    ],
)
def test_cron_tells_the_answers_apart(
    run: Run, config: Path, tmp_path: Path, options: str, code: int, said: str
) -> None:
    done = _cron(run, config, tmp_path / "reports", "false", options=options)
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout
    assert [p.name for p in tmp_path.glob("reports/shop-*/report.html")] == (
        ["report.html"] if code != 2 else []
    )


def test_two_of_one_name_at_once_are_one_diagnosis(
    run: Run, config: Path, home: Path, tmp_path: Path
) -> None:
    reports = tmp_path / "reports"
    reports.mkdir()
    with (reports / "shop.lock").open("w") as lock:
        held = subprocess.run(["flock", "-n", str(lock.fileno())], pass_fds=[lock.fileno()], check=False)
        assert held.returncode == 0
        assert _cron(run, config, reports, "false").returncode == 75
    assert list_runs(home) == []


def test_the_crontab_is_of_five_fields_and_a_command_that_is_there() -> None:
    lines = (EXAMPLES / "cron" / "crontab").read_text().splitlines()
    (job,) = [li for li in lines if li and not li.startswith("#") and not re.match(r"\w+=", li)]
    *when, command = job.split(None, 5)
    assert when == ["*"] * 5
    assert (EXAMPLES / "cron" / Path(shlex.split(command)[0]).name).is_file()
    assert "%" not in command  # a new line, to cron


def _unit(config: Path, tmp_path: Path) -> Path:
    """The unit with the paths of this machine."""
    text = (EXAMPLES / "systemd" / "aitia-diagnose@.service").read_text()
    text = text.replace("/usr/local/bin/aitia", f"{Path(sys.executable).parent}/aitia")
    text = text.replace("/etc/aitia/aitia.yaml", str(config)).replace("/var/lib/aitia", str(tmp_path))
    unit = tmp_path / "aitia-diagnose@.service"
    unit.write_text(text)
    return unit


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze (Debian: systemd)")
def test_systemd_takes_the_unit_and_the_drop_in(run: Run, config: Path, tmp_path: Path) -> None:
    unit = _unit(config, tmp_path)
    shop = tmp_path / "shop.service"
    shop.write_text("[Service]\nExecStart=/bin/false\n")
    (tmp_path / "shop.service.d").mkdir()
    shutil.copy(EXAMPLES / "systemd" / "onfailure.conf", tmp_path / "shop.service.d")
    for checked in (unit.with_name("aitia-diagnose@shop.service.service"), shop):
        done = run("systemd-analyze", "verify", "--man=no", checked, SYSTEMD_UNIT_PATH=f"{tmp_path}:")
        assert (done.returncode, done.stderr) == (0, "")
    unit.write_text(unit.read_text().replace("Type=oneshot", "Type=oneshot\nColour=red"))
    odd = run(
        "systemd-analyze",
        "verify",
        "--man=no",
        unit.with_name("aitia-diagnose@x.service"),
        SYSTEMD_UNIT_PATH=f"{tmp_path}:",
    )
    assert "Colour" in odd.stderr  # it does look


@pytest.mark.parametrize(
    ("options", "code"),
    [
        pytest.param(THEN, 0, marks=pytest.mark.long),
        (QUIET, 10),
        pytest.param(BLIND, 11, marks=pytest.mark.long),
    ],
)
def test_what_the_unit_starts_writes_a_page(
    run: Run, config: Path, tmp_path: Path, options: str, code: int
) -> None:
    text = _unit(config, tmp_path).read_text()
    (line,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    words = shlex.split(line.replace("%i", "shop.service"))
    at = words.index("$AITIA_OPTIONS")  # systemd splits a variable that stands alone into words
    done = run(*words[:at], *options.split(), *words[at + 1 :])
    assert done.returncode == code, done.stderr
    assert "systemd unit shop.service failed" in (tmp_path / "shop.service.html").read_text(encoding="utf-8")
    (fine,) = re.findall(r"^SuccessExitStatus=(.*)$", text, re.MULTILINE)
    assert str(code) in ("0", *fine.split())


ANSIBLE = os.environ.get("AITIA_ANSIBLE") or shutil.which("ansible-playbook") or ""
needs_ansible = pytest.mark.skipif(
    not ANSIBLE, reason="needs ansible-playbook on the path or in AITIA_ANSIBLE (pip install ansible-core)"
)


def _play(
    run: Run, config: Path, tmp_path: Path, options: str, **more: Any
) -> subprocess.CompletedProcess[str]:
    given = {"trouble": "gateway {{ 7 * 7 }} answers 5xx", "aitia_config": str(config), "aitia_options": options.split(),
             "reports": str(tmp_path / "reports"), "ansible_python_interpreter": sys.executable} | more  # fmt: skip
    return run(
        ANSIBLE, "-i", "localhost,", "-c", "local", EXAMPLES / "ansible" / "diagnose.yml", "-e", json.dumps(given),
        ANSIBLE_STDOUT_CALLBACK="ansible.builtin.default", ANSIBLE_LOCAL_TEMP=str(tmp_path / "local"),
        ANSIBLE_REMOTE_TEMP=str(tmp_path / "remote"), LC_ALL="C.UTF-8",
    )  # fmt: skip


@needs_ansible
def test_the_play_says_what_was_found_and_fetches_the_page(
    run: Run, config: Path, home: Path, tmp_path: Path
) -> None:
    done = _play(run, config, tmp_path, THEN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"cause \d\d %: orders resource.connections", done.stdout)
    assert "changed=1 " in done.stdout  # the page that was fetched
    page = (tmp_path / "reports" / "localhost.html").read_text(encoding="utf-8")
    assert "orders" in page
    (made,) = list_runs(home)
    assert made["title"].startswith("gateway")


@needs_ansible
@pytest.mark.parametrize(
    ("options", "more", "code", "said"),
    [
        pytest.param(QUIET, {}, 0, "healthy", marks=pytest.mark.long),
        pytest.param(BLIND, {}, 0, "unknown", marks=pytest.mark.long),
        pytest.param(BLIND, {"stop_at_unknown": True}, 2, "FAILED!", marks=pytest.mark.long),
        ("--max-calls 1", {}, 2, "--max-calls"),
        pytest.param("", {"aitia_config": "/nowhere.yaml"}, 2, "FAILED!", marks=pytest.mark.long),
    ],
)
def test_the_play_fails_on_errors_and_where_it_is_told_to(
    run: Run, config: Path, tmp_path: Path, options: str, more: dict[str, Any], code: int, said: str
) -> None:
    done = _play(run, config, tmp_path, options, **more)
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout


def _job() -> dict[str, Any]:
    (job,) = yaml.safe_load((EXAMPLES / "rundeck" / "diagnose.yaml").read_text())
    return dict(job)


def test_the_rundeck_job_puts_no_option_into_its_script() -> None:
    """Checked as YAML and by running its script; it was not loaded into a Rundeck."""
    job = _job()
    assert {"name", "description", "loglevel", "options", "sequence"} <= set(job)
    (step,) = job["sequence"]["commands"]
    assert not re.search(r"@option|\$\{option|@job", step["script"])
    used = set(re.findall(r"RD_OPTION_(\w+)", step["script"]))
    assert used == {o["name"].upper() for o in job["options"]}
    (since,) = [o for o in job["options"] if o["name"] == "since"]
    assert re.fullmatch(since["regex"], since["value"])


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        pytest.param(THEN, 0, "a cause was found", marks=pytest.mark.long),
        (BLIND, 0, "the cause is unknown"),
        ("--max-calls 1", 2, ""),
    ],
)
def test_the_rundeck_job_s_script_runs(
    run: Run, config: Path, tmp_path: Path, options: str, code: int, said: str
) -> None:
    script = tmp_path / "step"
    script.write_text(_job()["sequence"]["commands"][0]["script"])
    trouble = "--output=/x $(id); gateway answers 5xx"
    done = run("bash", script, AITIA_CONFIG=str(config), AITIA_REPORTS=str(tmp_path), RD_JOB_EXECID="7",
               RD_OPTION_TROUBLE=trouble, RD_OPTION_SINCE="30m", RD_OPTION_OPTIONS=options)  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout
    if not code:
        page = (tmp_path / "7.html").read_text(encoding="utf-8")
        assert "--output=/x $(id); gateway answers 5xx" in page
