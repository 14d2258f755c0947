"""The process behind `thread.py`: a Slack on loopback, `aitia slack` as users run it, and one thread in which somebody types."""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime
from multiprocessing.connection import Listener
from pathlib import Path
from typing import Any, Final

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.scenario import load_scenario
from benchmarks.doors.thread_shown import shown, shown_view
from tests.slack.fake import BOT_USER, FakeSlack
from tests.slack.site import OPS, Site

YOU, ALERTS = "U000YOU", "B000ALERTS"
QUIET_S: Final = 4.0  # without news, and no diagnosis under way: it is quiet
LOOK_S: Final = 0.2
CONNECTS_S: Final = 60.0


def settings_of(folder: Path, scenario: Path) -> Path:
    """`aitia.yaml` over the recording, as it was at its moment, with the windows that were recorded."""
    told = yaml.safe_load((scenario / "scenario.yaml").read_text(encoding="utf-8"))
    sources = [
        s | ({"path": str((scenario / s["path"]).resolve())} if s.get("path") else {})
        for s in told["sources"]
    ]
    body: dict[str, Any] = {
        "sources": sources,
        "model": {"name": "none"},
        "service": {"workers": 1, "at": str(told["now"]), "join_minutes": 0},
        "slack": {"approvers": [YOU]},
    }
    if told.get("components"):
        body["components"] = told["components"]
    body["window"] = _windows(told)
    file = folder / "aitia.yaml"
    file.write_text(yaml.safe_dump(body), encoding="utf-8")
    return file


def _windows(told: dict[str, Any]) -> dict[str, Any]:
    """The lead before the alarm and the baseline before that, as far as the recording has them."""
    started = datetime.fromisoformat(str(told["incident"]["started_at"]))
    window, baselines = told.get("window"), told.get("baselines") or ()
    if not window:
        return {}
    start, end = (datetime.fromisoformat(str(window[k])) for k in ("start", "end"))
    lead = max(1.0, (started - start).total_seconds())
    found: dict[str, Any] = {"lead_s": lead}
    if baselines and baselines[0]["name"] == "preceding":
        begun = datetime.fromisoformat(str(baselines[0]["window"]["start"]))
        found |= {
            "baselines": ["preceding"],
            "preceding_factor": max(1.0, (start - begun) / (end - start)),
        }
    return found


class Thread:
    """The thread: what is typed into it, and what of it was not shown yet."""

    def __init__(self, folder: Path, scenario: Path) -> None:
        self.folder = folder
        home = folder / "home"
        home.mkdir(mode=0o700, exist_ok=True)
        self.slack = FakeSlack().start()
        self.site = Site(home, settings_of(folder, scenario), self.slack)
        self.told: dict[str, str] = {}  # what was shown of each message, by its timestamp
        self.view: dict[str, Any] | None = None
        incident = load_scenario(scenario).incident
        self.text = f"[alert] {incident.title}\n{incident.text}".strip()
        self.root = ""

    def begin(self) -> None:
        """Wait for aitia to connect; then the alert comes in."""
        self.process = self.site.process("--workers", "1")
        until = time.monotonic() + CONNECTS_S
        while not self.slack.connected():
            if time.monotonic() > until or self.process.poll() is not None:
                raise SystemExit(f"aitia did not connect: {self.process.communicate(timeout=5)}")
            time.sleep(LOOK_S)
        self.root = str(self.slack.say(OPS, "", self.text, bot_id=ALERTS, subtype="bot_message")["ts"])

    def answer(self, asked: dict[str, str]) -> str:
        """Do what somebody does, and what is new then."""
        do, text = asked["do"], asked.get("text", "")
        if do == "show":
            self.told = {}
        elif do == "say":
            self._keep(f"\n**you**: {text}\n")
            self.slack.say(OPS, YOU, text.replace("@aitia", f"<@{BOT_USER}>"), thread=self.root)
        elif do == "press":
            self._keep(f"\n**you press**: {text}\n")
            if wrong := self._press(text):
                return wrong
        elif do == "fill":
            self._keep(f"\n**you fill in**: {text}\n")
            if wrong := self._fill(text):
                return wrong
        if do != "show":
            self._quiet(float(asked.get("wait") or 90))
        return self._new()

    def _press(self, label: str) -> str:
        for message in reversed(self.slack.thread(self.root)):
            buttons = [
                e for b in message.get("blocks") or () if b["type"] == "actions" for e in b["elements"]
            ]
            for button in buttons:
                if button["text"]["text"].casefold() == label.casefold():
                    self.slack.press(message, button["action_id"], YOU)
                    return ""
        return f"No message of the thread has a button {label!r}."

    def _fill(self, text: str) -> str:
        if self.view is None:
            return "No form is open. Press a button first."
        values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        try:
            self.slack.submit(self.view, YOU, values)
        except (StopIteration, RuntimeError):
            return "The form has no such option. Give one of those that it shows."
        self.view = None
        return ""

    def _quiet(self, most: float) -> None:
        """Wait until a while nothing was said and no diagnosis runs."""
        until = time.monotonic() + most
        before, since = self._state(), time.monotonic()
        while time.monotonic() < until:
            time.sleep(LOOK_S)
            if (now := self._state()) != before:
                before, since = now, time.monotonic()
            running = any(
                j.state in ("queued", "running") for j in self.site.jobs.list(origin="slack", limit=20)
            )
            if not running and time.monotonic() - since > QUIET_S:
                return

    def _state(self) -> str:
        slack = self.slack
        return repr((slack.thread(self.root), slack.ephemerals, slack.responses, slack.views))

    def _new(self) -> str:
        found: list[str] = []
        for message in self.slack.thread(self.root):
            told = shown(message, self.slack.files, self.folder / "files", you=YOU, bot=BOT_USER)
            if self.told.get(message["ts"]) != told:
                again = " (changed)" if message["ts"] in self.told else ""
                found.append(f"--- {_who(message)}{again}\n{told}")
            self.told[message["ts"]] = told
        while self.slack.ephemerals:
            found.append(
                f"--- aitia (only you see this)\n{shown(self.slack.ephemerals.pop(0), {}, self.folder)}"
            )
        while self.slack.responses:
            found.append(
                f"--- aitia (answers your command)\n{shown(self.slack.responses.pop(0), {}, self.folder)}"
            )
        while self.slack.views:
            self.view = self.slack.views.pop(0)
            found.append(f"--- a form opens\n{shown_view(self.view)}")
        text = "\n\n".join(found) or "(nothing new)"
        if self.slack.unacked:
            text += (
                f"\n\n(Slack got no answer to {len(self.slack.unacked)} deliveries within its three seconds)"
            )
            self.slack.unacked.clear()
        self._keep(f"\n```text\n{text}\n```\n")
        return text

    def _keep(self, text: str) -> None:
        with (self.folder / "transcript.md").open("a", encoding="utf-8") as file:
            file.write(text)


def _who(message: dict[str, Any]) -> str:
    if message.get("bot_id") == ALERTS:
        return "alert bot"
    return "you" if message.get("user") == YOU else "aitia"


def main() -> None:
    folder, scenario = Path(sys.argv[1]), Path(sys.argv[2])
    thread = Thread(folder, scenario)
    thread.begin()
    place = folder / "socket"
    try:
        with Listener(str(place), family="AF_UNIX") as listener:
            os.chmod(place, 0o600)
            while True:
                with listener.accept() as line:
                    asked = line.recv()
                    if asked["do"] == "stop":
                        line.send("stopped")
                        return
                    line.send(thread.answer(asked))
    finally:
        thread.process.terminate()
        thread.process.wait(20)
        thread.slack.stop()


if __name__ == "__main__":
    main()
