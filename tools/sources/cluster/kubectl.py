"""One bounded call of the `kubectl` binary: fixed arguments, no shell, read-only verbs, errors that say what to change."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Final

from aitia.core.children import program, safe_path
from aitia.core.errors import OutOfTime, SourceError

READ_ONLY: Final = frozenset({"get", "logs", "config view", "auth can-i"})
MAX_BYTES: Final = 64 * 1024 * 1024  # a pod is about 10 KB of JSON
GRACE_S: Final = 5.0  # what the process may take besides its request
_CREDENTIALS: Final = ("unauthorized", "must be logged in", "provide credentials", "getting credentials")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_KLOG = re.compile(r"^[EWIF]\d{4} \d\d:\d\d:\d\d", re.MULTILINE)


class Denied(SourceError):
    """The account may not read this (403)."""


class Unanswered(SourceError):
    """The cluster has no such object or no such type of object (404)."""


@dataclass(frozen=True, kw_only=True)
class Kubectl:
    """The client with its connection: `config` are the flags that name kubeconfig and context."""

    source: str
    binary: str = "kubectl"
    config: tuple[str, ...] = ()
    timeout_s: float = 10.0
    max_bytes: int = MAX_BYTES

    def run(self, *arguments: str) -> str:
        """What kubectl prints on stdout. Raises SourceError (Denied, Unanswered) for what it says on stderr.

        The first word, or the first two, must be a read-only verb: nothing else is ever started.
        """
        if arguments[0] not in READ_ONLY and " ".join(arguments[:2]) not in READ_ONLY:
            raise ValueError(f"kubectl {arguments[0]!r} is not one of the read-only verbs")
        request = (f"--request-timeout={self.timeout_s:g}s",)
        command = [self.binary, *self.config, *request, *arguments]
        code, out, err = self._bounded(command)
        if code != 0:
            raise self._failure(_last_words(err), arguments)
        return out

    def _bounded(self, command: Sequence[str]) -> tuple[int, str, str]:
        """Exit code, stdout and stderr; the process and its credential plugins end with the time or size limit."""
        process = self._started(command)
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            out, err = self._read(process.stdout, process.stderr)
            code = process.wait(timeout=GRACE_S)
        except subprocess.TimeoutExpired:
            raise self._slow() from None
        finally:
            _end(process)
        return code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")

    def _started(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [program(command[0]), *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(os.environ),
                start_new_session=True,
            )
        except OSError as error:
            raise SourceError(
                f"Install kubectl or set `options.kubectl` of source {self.source!r}: {self.binary!r} cannot be started"
                f" ({error.strerror})."
            ) from None

    def _read(self, out: IO[bytes], err: IO[bytes]) -> tuple[bytes, bytes]:
        deadline = time.monotonic() + self.timeout_s + GRACE_S
        parts: dict[int, list[bytes]] = {out.fileno(): [], err.fileno(): []}
        size = 0
        with selectors.DefaultSelector() as ready:
            for stream in (out, err):
                ready.register(stream, selectors.EVENT_READ)
            while ready.get_map():
                left = deadline - time.monotonic()
                if left <= 0:
                    raise self._slow()
                for key, _ in ready.select(timeout=left):
                    data = os.read(key.fd, 65_536)
                    if not data:
                        ready.unregister(key.fileobj)
                    parts[key.fd].append(data)
                    size += len(data)
                if size > self.max_bytes:
                    raise SourceError(
                        f"The answer of kubectl is larger than {self.max_bytes // 2**20} MiB. Narrow "
                        f"`options.namespaces` of source {self.source!r}."
                    )
        return b"".join(parts[out.fileno()]), b"".join(parts[err.fileno()])

    def _slow(self) -> SourceError:
        return OutOfTime(
            f"Raise `timeout_s` of source {self.source!r}: the API server did not answer within {self.timeout_s:g} s."
        )

    def _failure(self, said: str, arguments: Sequence[str]) -> SourceError:
        name, low = self.source, said.casefold()
        what = " ".join(a for a in arguments if not a.startswith("-"))
        away = "unable to connect" in low or "getting credentials" in low
        if not away and "error from server (forbidden)" in low:
            return Denied(f"Grant `{what}` to the account of source {name!r} (a read-only role): {said}")
        if not away and ("error from server (notfound)" in low or "doesn't have a resource type" in low):
            return Unanswered(f"The cluster of source {name!r} does not have what was requested: {said}")
        if any(word in low for word in _CREDENTIALS):
            return SourceError(f"Renew the credentials in the kubeconfig of source {name!r}: {said}")
        if "context" in low and ("does not exist" in low or "cannot locate" in low or "no context" in low):
            return SourceError(
                f"Set `options.context` of source {name!r} to a context of its kubeconfig: {said}"
            )
        if any(word in low for word in ("timeout", "deadline exceeded", "timed out", "time allotted")):
            return self._slow()
        if any(word in low for word in ("refused", "unable to connect", "no such host", "no route")):
            return SourceError(f"Start the API server or fix the kubeconfig of source {name!r}: {said}")
        return SourceError(f"Fix `path` or `options` of source {name!r}: kubectl says: {said}")


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment, which credential plugins need, without what changes kubectl's own defaults."""
    dropped = ("KUBECONFIG", "KUBECTL_EXTERNAL_DIFF", "PYTHONPATH", "PYTHONSAFEPATH")
    kept = {k: v for k, v in given.items() if k not in dropped}
    return kept | {"PATH": safe_path(), "KUBECTL_KUBERC": "false", "LC_ALL": "C", "TZ": "UTC"}


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _last_words(err: str) -> str:
    """The complaint of kubectl itself on one line: its client library's log lines go before it."""
    lines = [line for line in err.splitlines() if line.strip() and not _KLOG.match(line)] or err.splitlines()
    return _CONTROL.sub(" ", " ".join(lines[-2:])).strip()[:300] or "no reason given"
