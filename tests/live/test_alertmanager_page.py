"""A killed store, a real alert of a real Alertmanager, and the page that shows what it was.

`AITIA_SCREENSHOTS=1 pytest tests/live/test_alertmanager_page.py` draws docs/web.png anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.browser import Browser, needs_browser

from .conftest import ROOT, SERVICES, Lab, answers, wait_for

pytest.importorskip("fastapi", reason="pip install '.[web]'")
BASELINE_S = 22.0
TOKEN = "of-this-test-alone"


def send_to_the_service(lab: Lab) -> None:
    """Alertmanager's webhook as docs/web.md says it."""
    file = lab.folder / "alertmanager.yml"
    config: dict[str, Any] = yaml.safe_load(file.read_text())
    (hook,) = config["receivers"][0]["webhook_configs"]
    hook["url"] = f"http://127.0.0.1:{lab.hook}/v1/diagnoses"
    hook["http_config"] = {"authorization": {"credentials": TOKEN}}
    file.write_text(yaml.safe_dump(config))
    address = f"http://127.0.0.1:{lab.ports['alertmanager']}/-/reload"
    httpx.post(address, trust_env=False).raise_for_status()


def start(lab: Lab, home: Path) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", "from aitia.cli import main; main()", "serve", "--port", str(lab.hook), "--config",
            str(lab.settings), "--model", "none", "--workers", "1", "--json"]  # fmt: skip
    env = {**os.environ, "AITIA_HOME": str(home), "AITIA_TOKEN": TOKEN}
    with (lab.folder / "serve.log").open("w") as log:
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=log, cwd=ROOT, env=env, text=True)


@pytest.mark.server
@pytest.mark.long
@needs_browser
def test_a_real_alert_becomes_a_diagnosis_that_the_page_shows(lab: Lab, tmp_path: Path) -> None:
    door = start(lab, tmp_path / "home")
    browser = Browser(tmp_path / "profile")
    assert door.stdout is not None
    try:
        url = json.loads(door.stdout.readline())["url"].rstrip("/")
        wait_for(lambda: answers(f"{url}/readyz"), "the service")
        send_to_the_service(lab)
        browser.show(url)
        browser.tab_to("#token")
        browser.write(TOKEN)
        browser.press("Enter")
        browser.wait("document.querySelector('main .empty')", "the first page")
        wait_for(lambda: lab.query("redis_up") == [1.0], "the first scrape")
        time.sleep(max(0.0, BASELINE_S - (time.monotonic() - lab.started)))
        assert "No diagnoses yet: describe above what is wrong." in browser.text(
            "main"
        )  # no alert before the fault
        lab.kill("redis")
        row = "#jobs > li"
        browser.wait(f"document.querySelector('{row}')", "the diagnosis in the list, without a reload", 60)
        browser.tab_to(f"{row} a")
        browser.press("Enter")
        browser.wait("document.querySelector('.columns')", "the report", 90)
        time.sleep(0.5)
        assert browser.text("h1").startswith("redis")
        assert "CAUSE" in browser.text(".report > header")
        browser.wait(
            "document.querySelector('#more').innerText.includes('alert firing')", "the alert's state"
        )
        known = httpx.get(
            f"{url}/v1/diagnoses", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False
        )
        (job,) = known.json()["diagnoses"]  # two alerts of one group are one diagnosis
        assert (job["origin"], job["verdict"], job["component"]) == ("alertmanager", "cause", "redis")
        told = browser.text("body")
        assert all(name in told for name in SERVICES)
        if os.environ.get("AITIA_SCREENSHOTS"):
            browser.show(browser.run("location.href"), width=1280, height=1000)
            browser.picture(ROOT / "docs" / "web.png")
        assert browser.complaints() == []
        lab.start_redis()
        browser.show(f"{url}/")
        browser.wait(
            f"document.querySelector('{row}').innerText.includes('alert resolved')",
            "the news that it is over",
            60,
        )
    finally:
        browser.close()
        door.terminate()
        code = door.wait(timeout=30)
        door.stdout.close()
    assert code == 0
