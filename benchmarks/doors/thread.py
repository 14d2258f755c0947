"""A Slack thread to type in: the real `aitia slack` over a recorded incident, beside a Slack that runs on this machine.

python benchmarks/doors/thread.py start --at FOLDER --scenario SCENARIO   an alert comes to #ops; its thread is yours
python benchmarks/doors/thread.py say --at FOLDER "@aitia what is wrong?"  types it there, and shows what is new once it is quiet
python benchmarks/doors/thread.py press --at FOLDER "Show evidence"        a button of the newest message that has it
python benchmarks/doors/thread.py fill --at FOLDER component=orders        the form that a button opened, sent off
python benchmarks/doors/thread.py show --at FOLDER                         the whole thread as it is now
python benchmarks/doors/thread.py stop --at FOLDER
python benchmarks/doors/thread.py settings --at FOLDER --scenario SCENARIO its aitia.yaml alone, for the command line

FOLDER/transcript.md keeps all that was typed and shown, FOLDER/files what was uploaded. No model takes part. The moment of the
recording counts as now. Only what Slack would show is shown: nothing here knows the answer.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from multiprocessing.connection import Client
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[2]))

ROOT: Final = Path(__file__).parents[2]
BEGINS_S: Final = 120.0
SOCKET: Final = "socket"


def asked(folder: Path, **what: str) -> str:
    """What the thread's process answers."""
    try:
        with Client(str(folder / SOCKET), family="AF_UNIX") as line:
            line.send(what)
            return str(line.recv())
    except (FileNotFoundError, ConnectionRefusedError):
        raise SystemExit(
            f"No thread runs in {folder}. Begin one with: thread.py start --at {folder} …"
        ) from None


def start(folder: Path, scenario: Path) -> str:
    """Begin the thread's process and wait until aitia is connected."""
    if not (scenario / "scenario.yaml").is_file():
        raise SystemExit(f"{scenario} holds no scenario.yaml. Give the folder of a recorded incident.")
    if (folder / SOCKET).exists():
        raise SystemExit(f"A thread runs in {folder} already. Stop it, or give another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "benchmarks.doors.thread_server",
        str(folder),
        str(scenario),
    ]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    until = time.monotonic() + BEGINS_S
    while time.monotonic() < until and process.poll() is None:
        if (folder / SOCKET).exists():
            return asked(folder, do="show")
        time.sleep(0.2)
    process.kill()
    raise SystemExit(f"It did not begin: see {folder / 'server.log'}.")


def settings(folder: Path, scenario: Path) -> Path:
    """The settings over a recording, and the consent to them that a person gives who writes such a file."""
    from aitia.consent import remember
    from benchmarks.doors.thread_server import settings_of

    folder.mkdir(parents=True, exist_ok=True)
    file = settings_of(folder, scenario)
    remember(file)
    return file


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("do", choices=("start", "say", "press", "fill", "show", "stop", "settings"))
    made.add_argument("text", nargs="*", help="what is typed, the button, or name=value of a form")
    made.add_argument("--at", required=True, help="the folder of this thread")
    made.add_argument("--scenario", default="", help="the folder of a recorded incident")
    made.add_argument("--wait", default="300", help="seconds that are waited at most until it is quiet")
    args = made.parse_intermixed_args()
    folder = Path(os.path.abspath(args.at))
    scenario = Path(os.path.abspath(args.scenario or "."))
    if args.do == "start":
        print(start(folder, scenario))
    elif args.do == "settings":
        print(settings(folder, scenario))
    else:
        print(
            asked(
                folder,
                do=args.do,
                text=" ".join(args.text) if args.do != "fill" else "\n".join(args.text),
                wait=args.wait,
            )
        )


if __name__ == "__main__":
    main()
