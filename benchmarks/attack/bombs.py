"""Files of a few bytes, or none at all, that cost their reader time or memory: each with the source that reads it."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

Source = dict[str, Any]
MIB: Final = 1 << 20
NAME: Final = "hostile"


def _aliases() -> str:
    rows = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    rows += [f"{c}: &{c} [{', '.join([f'*{p}'] * 9)}]" for p, c in zip("abcdefghi", "bcdefghij", strict=True)]
    return "\n".join(rows)


def _runbook(folder: Path, front: str) -> Source:
    (folder / "runbooks").mkdir()
    (folder / "runbooks" / "a.md").write_text(f"---\n{front}\n---\n# A\n\n- look\n")
    return {"kind": "runbooks", "type": "runbooks", "path": "runbooks"}


def _text(kind: str, reader: str, name: str, text: str | bytes) -> Callable[[Path], Source]:
    def write(folder: Path) -> Source:
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return {"kind": kind, "type": reader, "path": name}

    return write


def _npz(folder: Path) -> Source:
    import numpy as np

    size = 300 * MIB
    header = {"descr": "<f8", "fortran_order": False, "shape": (size,)}
    with (
        zipfile.ZipFile(folder / "w.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w", force_zip64=True) as out,
    ):
        np.lib.format.write_array_header_1_0(out, header)  # type: ignore[arg-type]
        for _ in range(size * 8 // (16 * MIB)):
            out.write(bytes(16 * MIB))
    block = "{at: 2026-11-25T01:09:00Z, component: pump, channel: de, file: w.npz, key: x, fs: 12000}"
    (folder / "signals.yaml").write_text(f"blocks:\n- {block}\n")
    return {"kind": "signals", "type": "waveform", "path": "signals.yaml"}


def _packed(name: str, pack: Callable[[bytes], bytes], line: bytes) -> Callable[[Path], Source]:
    def write(folder: Path) -> Source:
        (folder / "logs").mkdir()
        whole = pack(line * (64 * MIB // len(line)))
        (folder / "logs" / name).write_bytes(whole * 64)  # members one after the other
        return {"kind": "logs", "type": "log_files", "path": "logs"}

    return write


def _one_line(folder: Path) -> Source:
    with (folder / "app.log").open("wb") as out:
        out.write(b"2026-11-25T01:09:00Z ERROR ")
        for _ in range(1024):
            out.write(b"x" * MIB)
    return {"kind": "logs", "type": "log_files", "path": "app.log"}


def _fifo(folder: Path) -> Source:
    os.mkfifo(folder / "app.log")
    return {"kind": "logs", "type": "log_files", "path": "app.log"}


def _loop(folder: Path) -> Source:
    (folder / "logs" / "deep").mkdir(parents=True)
    (folder / "logs" / "deep" / "again").symlink_to("..")
    os.mkfifo(folder / "logs" / "pipe.log")
    (folder / "logs" / "zero.log").symlink_to("/dev/zero")
    (folder / "logs" / "app.log").write_text("2026-11-25T01:09:00Z INFO ready\n")
    return {"kind": "logs", "type": "log_files", "path": "logs"}


def _pipe(kind: str, reader: str, name: str) -> Callable[[Path], Source]:
    def write(folder: Path) -> Source:
        os.mkfifo(folder / name)
        return {"kind": kind, "type": reader, "path": name}

    return write


def _kubectl(script: str) -> Callable[[Path], Source]:
    def write(folder: Path) -> Source:
        (folder / "kubectl").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "kubectl").chmod(0o755)
        (folder / "config").write_text("apiVersion: v1\nkind: Config\n")
        options = {"kubectl": str(folder / "kubectl"), "namespaces": "shop"}
        return {"kind": "cluster", "type": "kubectl", "path": "config", "options": options, "timeout_s": 5}

    return write


def _gz_spans(folder: Path) -> Source:
    (folder / "t.jsonl.gz").write_bytes(gzip.compress(b"\n" * (64 * MIB), 9) * 64)
    return {"kind": "traces", "type": "otlp", "path": "t.jsonl.gz"}


_LINE: Final = b"2026-11-25T01:09:00Z INFO the same line again and again\n"
_DEEP: Final = "[" * 100_000
BOMBS: Final[dict[str, Callable[[Path], Source]]] = {
    "YAML aliases in a runbook": lambda folder: _runbook(folder, _aliases()),
    "deep YAML in a runbook": lambda folder: _runbook(folder, "a: " + "[" * 900),
    "YAML aliases in a topology": _text("topology", "topology", "t.yaml", _aliases()),
    "deep YAML in a topology": _text("topology", "topology", "t.yaml", f"components: {_DEEP}"),
    "topology is a pipe": _pipe("topology", "topology", "t.yaml"),
    "topology is /dev/zero": lambda folder: {"kind": "topology", "type": "topology", "path": "/dev/zero"},
    "npz of 2.3 GiB": _npz,
    "deep JSON in changes": _text("changes", "changes", "c.jsonl", _DEEP),
    "deep JSON in spans": _text("traces", "otlp", "t.jsonl", _DEEP),
    "deep JSON in a cluster": _text("cluster", "cluster_recorded", "cluster.json", _DEEP),
    "4 GiB of blank lines in gzip (spans)": _gz_spans,
    "4 GiB in gzip": _packed("app.log.gz", lambda data: gzip.compress(data, 9), _LINE),
    "4 GiB in xz": _packed("app.log.xz", lambda data: lzma.compress(data, preset=1), _LINE),
    "4 GiB in bzip2": _packed("app.log.bz2", bz2.compress, _LINE),
    "a line of 1 GiB": _one_line,
    "log is a pipe": _fifo,
    "log folder with a loop, a pipe and /dev/zero": _loop,
    "kubectl hangs": _kubectl("sleep 1000 & exec sleep 1000"),
    "kubectl floods": _kubectl("exec yes"),
}
