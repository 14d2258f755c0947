"""No planted secret reaches any artefact: a diagnosis over logs full of them, then every byte that was written or shown."""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from aitia.cli.app import run as cli

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.logs.planted import KINDS, Planted, planted  # noqa: E402

START = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
EVERY = [p for p in planted(3, 1) if not p.hard and "\n" not in p.line]
WINDOW = 8  # characters of a secret in a row that must not be found


def pieces(secret: str) -> list[bytes]:
    """Parts of a secret that no escaping changes."""
    return [
        run[i : i + WINDOW].encode()
        for run in re.findall(r"[A-Za-z0-9]{8,}", secret)
        for i in range(len(run) - 7)
    ]


def site(folder: Path, chosen: list[Planted]) -> None:
    """Ten minutes of two services: quiet, then errors that carry one secret each; a change and an alert that do as well."""
    rng = random.Random(0)
    (folder / "logs").mkdir()
    for name in ("payment", "checkout"):
        lines = [
            (s, f"INFO http GET /pay/{rng.randrange(10**6)} 200 {rng.randrange(40)}ms")
            for s in range(-1200, 600)
        ]
        if name == "payment":
            for n, one in enumerate(chosen):
                lines += [
                    (120 + n % 400, f"ERROR client call {n} of gateway failed: {one.line}") for _ in range(3)
                ]
                lines.append((121 + n % 400, f"java.lang.IllegalStateException: {one.line}"))
        text = "".join(
            f"{START + timedelta(seconds=at):%Y-%m-%d %H:%M:%S,000} {line}\n" for at, line in sorted(lines)
        )
        (folder / "logs" / f"{name}.log").write_text(text, encoding="utf-8")
    changes = [
        {
            "at": f"{START + timedelta(seconds=60 + n):%Y-%m-%dT%H:%M:%SZ}",
            "component": "payment",
            "kind": "config",
            "text": one.line,
        }
        for n, one in enumerate(chosen[:4])
    ]
    (folder / "changes.jsonl").write_text("".join(json.dumps(c) + "\n" for c in changes))
    (folder / "alert.txt").write_text("payment errors\n" + "\n".join(one.line for one in chosen[-6:]))


def written(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "redaction.key":
            yield path, path.read_bytes()


@pytest.mark.parametrize("part", [0, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 2))])
def test_no_secret_reaches_a_run_a_report_the_memory_or_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], part: int
) -> None:
    home, work = tmp_path / "home", tmp_path / "site"
    work.mkdir()
    monkeypatch.setenv("AITIA_HOME", str(home))
    monkeypatch.chdir(work)
    chosen = random.Random(part).sample(EVERY, 60 if part else 20)
    chosen += [next(p for p in EVERY if p.kind == kind and p.context == "java") for kind in KINDS]
    site(work, chosen)
    sources = [
        "--logs",
        "logs",
        "--changes",
        "changes.jsonl",
        "--at",
        "2026-11-25T10:10:00Z",
        "--since",
        "10m",
    ]
    told = b""
    for arguments in (
        ["diagnose", "--alert", "alert.txt", *sources, "--model", "none", "--full"],
        *(
            ["report", "last", "--format", f, "--full", "-o", str(home / f"report.{f}")]
            for f in ("md", "json", "html")
        ),
        ["report", "last"],
        ["explain", "last"],
        ["rerun", "last"],
        ["ask", "last", "what failed first?", "--model", "none"],
        ["confirm", "last", "--cause", "payment", "--note", chosen[0].line],
        ["memory", "list"],
    ):
        code = cli(arguments)
        got = capfdbinary.readouterr()
        assert code in (0, 2, 10, 11), (arguments, got)
        told += got.out + got.err
    files = list(written(home))
    assert any(path.name == "report.json" for path, _ in files)
    assert any(path.suffix == ".html" for path, _ in files)
    assert b"<secret:" in b"".join(data for _, data in files)  # the logs' secrets were met
    everything = [*files, (Path("terminal"), told)]
    through = [
        (one.kind, one.context, path.name, piece)
        for one in chosen
        for piece in pieces(one.secret) + pieces(quote(one.secret, safe=""))
        for path, data in everything
        if piece in data
    ]
    assert through == []
