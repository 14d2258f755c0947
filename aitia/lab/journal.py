"""A program's output as `journalctl -o json` exports it: one object a line, stamped when the line was read."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import IO


def follow(pipe: IO[bytes], log: Path, *, unit: str, pid: int, host: str) -> None:
    """Copy a pipe into `log` until it closes, in a thread of its own."""
    threading.Thread(target=_copy, args=(pipe, log, unit, pid, host), daemon=True).start()


def _copy(pipe: IO[bytes], log: Path, unit: str, pid: int, host: str) -> None:
    with log.open("a", encoding="utf-8") as file:
        for raw in pipe:
            now = f"{time.time() * 1e6:.0f}"
            entry = {
                "__REALTIME_TIMESTAMP": now,
                "_HOSTNAME": host,
                "_SYSTEMD_UNIT": f"{unit}.service",
                "_PID": str(pid),
                "SYSLOG_IDENTIFIER": unit,
                "PRIORITY": "6",
                "_TRANSPORT": "stdout",
                "MESSAGE": raw.decode("utf-8", errors="replace").rstrip("\n"),
            }
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            file.flush()
