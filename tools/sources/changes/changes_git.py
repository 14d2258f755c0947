"""Changes from a Git repository: what landed on a branch, per component, by committer time.

A commit is taken as the moment of a deploy, which holds where what lands is what runs (GitOps, continuous deployment).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from aitia.core.children import environment, program
from aitia.core.config import SourceConfig
from aitia.core.deadline import stopping
from aitia.core.errors import OutOfTime, SourceError
from aitia.core.words import Holding, SourceRef, Window, from_epoch
from aitia.tools.sources.base import Configured, RecordedChange
from aitia.tools.sources.changes.change_fields import CONFIG_FILES, DOCUMENTS, KINDS
from aitia.tools.sources.paths import check_file

MOST_COMMITS: Final = 2000
MOST_BYTES: Final = 32 * 1024 * 1024
MOST_DIFFS: Final = 100  # newest commits whose diff is read
MOST_DIFF: Final = 65_536  # bytes of a diff
# A repository is data: nothing in its own configuration may start a program or reach the network.
_TAME: Final = tuple(
    part
    for option in (
        "log.showSignature=false", "core.fsmonitor=false", "core.hooksPath=/dev/null", "core.quotePath=false",
        "core.pager=cat", "core.attributesFile=/dev/null", "core.sshCommand=false", "core.askPass=", "credential.helper=",
        "core.alternateRefsCommand=", "diff.external=", "gpg.program=false", "protocol.allow=never",
    )
    for part in ("-c", option)
)  # fmt: skip
# Whatever the repository allows: no transport, no question, no object fetched, no lock taken.
_QUIET: Final = {"GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0",
                 "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}  # fmt: skip
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,200}")


@dataclass(frozen=True, kw_only=True)
class Commit:
    """One commit: hash, committer time in epoch seconds, subject line, files changed against its first parent."""

    hash: str
    at: int
    subject: str
    files: tuple[str, ...]


class GitSource(Configured):
    """A change source over a repository, bare or not.

    Options: `branch` (default HEAD), `paths` (folders, comma-separated), `components` (`folder=component, ...`; without it
    the first folder of a file's path is the component), `kind` (default: deploy, or config where only configuration
    changed), `diffs` (default true: what the newest commits changed is read too).
    """

    KIND = "changes"
    OPTIONS = frozenset({"components", "kind", "branch", "paths", "diffs"})

    def __init__(self, config: SourceConfig, root: Path) -> None:
        super().__init__(config, root)
        self._folders = dict(self._pair(part) for part in _parts(config.options.get("components", "")))

    def describe(self, window: Window) -> Holding:
        """The components that were changed in the window."""
        found = [c for commit in self._within(window) for c in self._changes(commit)]
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted({c.component for c in found if c.component})),
            items=tuple(sorted({c.kind for c in found})),
            count=len(found),
            note="" if found else "no commits in the window",
        )

    def read(self, window: Window) -> list[RecordedChange]:
        """The commits of the window in time order, one entry for each component that a commit touches."""
        read = self._config.options.get("diffs", True)
        newest = sorted(self._within(window), key=lambda c: (-c.at, c.hash))
        found = [
            c
            for number, commit in enumerate(newest)
            for c in self._changes(commit, self._diff(commit) if read and number < MOST_DIFFS else "")
        ]
        return sorted(found, key=lambda c: (c.at, c.component, c.kind, c.text, c.ref.query))

    def _within(self, window: Window) -> list[Commit]:
        start, end = window.epoch
        return [commit for commit in self._commits(window) if start <= commit.at < end]

    def _diff(self, commit: Commit) -> str:
        """What a commit changed against its first parent, its beginning where it is long."""
        return self._git(
            "diff-tree", "-p", "--no-commit-id", "--diff-merges=first-parent", "--root", "--unified=3", "--no-renames",
            "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=all", "--src-prefix=a/", "--dst-prefix=b/",
            commit.hash, "--", *self._paths(), most=MOST_DIFF,
        )  # fmt: skip

    def _paths(self) -> list[str]:
        return [f":(top,literal){p}" for p in _parts(self._config.options.get("paths", ""))]

    def _changes(self, commit: Commit, diff: str = "") -> Iterator[RecordedChange]:
        touched: dict[str, list[str]] = {}
        for file in commit.files:
            if not _matches(file, DOCUMENTS):
                touched.setdefault(self._component(file), []).append(file)
        for component, files in sorted(touched.items()):
            yield RecordedChange(
                at=from_epoch(commit.at),
                component=component,
                kind=self._kind(files),
                text=commit.subject,
                id=commit.hash,
                diff=_of_files(diff, files),
                files=tuple(files),
                ref=SourceRef(
                    source=self.name, query=f"git show --stat {commit.hash}", path=self._config.path
                ),
            )

    def _component(self, file: str) -> str:
        if self._config.component:
            return self._config.component
        if self._folders:
            held = [f for f in self._folders if file == f or file.startswith(f + "/")]
            return self._folders[max(held, key=len)] if held else ""
        return file.split("/", 1)[0] if "/" in file else ""

    def _kind(self, files: Sequence[str]) -> str:
        asked = str(self._config.options.get("kind", ""))
        if asked in KINDS:
            return asked
        return "config" if all(_matches(f, CONFIG_FILES) for f in files) else "deploy"

    def _commits(self, window: Window) -> list[Commit]:
        branch = str(self._config.options.get("branch") or "HEAD")
        if not _BRANCH.fullmatch(branch) or ".." in branch:
            raise SourceError(
                f"{branch[:60]!r} is not a branch name. Fix `options.branch` of source {self.name!r}."
            )
        since, until = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (window.start, window.end))
        out = self._git(
            "log", f"--max-count={MOST_COMMITS}", f"--since={since}", f"--until={until}", "--first-parent", "--min-parents=1",
            "--diff-merges=first-parent", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color",
            "--no-mailmap", "--encoding=UTF-8", "--format=%x00%H%x00%ct%x00%s", branch, "--", *self._paths(),
        )  # fmt: skip
        return list(_records(out))

    def _git(self, *arguments: str, most: int = 0) -> str:
        """What git prints; where `most` bytes are enough it is stopped there."""
        path = check_file(self._config, self._root)
        try:
            code, out, err = _run([program("git"), "-C", str(path), "--no-pager", *_TAME, *arguments],
                                  seconds=self._config.timeout_s, most=most or MOST_BYTES + 1)  # fmt: skip
        except TimeoutError:
            raise OutOfTime(
                f"Raise `timeout_s` of source {self.name!r} or set `options.paths`: git {arguments[0]} took longer than"
                f" {self._config.timeout_s:g} s."
            ) from None
        except OSError as error:
            raise SourceError(f"Install git for source {self.name!r} ({error.strerror}).") from None
        if code != 0:
            said = " ".join(err.decode("utf-8", "replace").split())[:200]
            raise SourceError(
                f"Point `path` of source {self.name!r} at a Git repository with commits: {said}"
            )
        if len(out) > MOST_BYTES:
            raise SourceError(
                f"Set `options.paths` of source {self.name!r}: git log prints more than 32 MiB."
            )
        return out.decode("utf-8", "replace")

    def _pair(self, part: str) -> tuple[str, str]:
        folder, equals, component = (x.strip() for x in part.partition("="))
        if not (folder and equals and component):
            raise SourceError(
                f"Write `options.components` of source {self.name!r} as `folder=component, ...`, not {part[:60]!r}."
            )
        return folder.strip("/"), component


def _run(command: Sequence[str], *, seconds: float, most: int) -> tuple[int, bytes, bytes]:
    """The exit code (0 where it was stopped after `most` bytes) and what was printed. Raises TimeoutError."""
    with TemporaryFile() as errors, subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environment(given=_QUIET)
    ) as process:  # fmt: skip
        with stopping(seconds, process.kill, child=process.pid) as late:
            out = process.stdout.read(most) if process.stdout else b""
            if cut := len(out) == most:
                process.kill()
            code = process.wait()
        if late.is_set():
            raise TimeoutError
        errors.seek(0)
        return 0 if cut else code, out, errors.read(4096)


def _of_files(diff: str, files: Sequence[str]) -> str:
    """The parts of a commit's diff that are about some files."""
    wanted = {f"diff --git a/{file} b/{file}" for file in files}
    parts = re.split(r"^(?=diff --git )", diff, flags=re.M)
    return "".join(part for part in parts if part.partition("\n")[0] in wanted)


def _records(out: str) -> Iterator[Commit]:
    """The commits of `git log -z`: an empty field, hash, time, subject and the files, one after another."""
    fields = iter(out.split("\0"))
    next(fields, "")
    while digest := next(fields, ""):
        at, subject = next(fields, ""), next(fields, "")
        named = {file.removeprefix("\n") for file in iter(lambda: next(fields, ""), "")}
        yield Commit(hash=digest, at=int(at or 0), subject=subject, files=tuple(sorted(named)))


def _parts(raw: str | float | bool) -> list[str]:
    return [part.strip() for part in str(raw).split(",") if part.strip()]


def _matches(file: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(file, pattern) for pattern in patterns)
