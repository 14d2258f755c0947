"""The command line. Commands import the engine when they run, so that `aitia --help` stays quick."""

from __future__ import annotations

import atexit
import os
import sys
import threading


def main() -> None:
    """The console script: data on stdout, progress and errors on stderr, exit codes of docs/cli.md."""
    from aitia.cli import stdout
    from aitia.cli.app import run
    from aitia.core.deadline import is_any_at_work

    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    stdout.release()
    sys.stderr.flush()
    # A tool or source that was given up may still hang in its thread: the interpreter would wait for it, or abort within DuckDB.
    if is_any_at_work() or any(
        t is not threading.main_thread() and not t.daemon for t in threading.enumerate()
    ):
        atexit._run_exitfuncs()  # temporary files of logs go
        os._exit(code)
    sys.exit(code)
