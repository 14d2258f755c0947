"""The command line. Commands import the engine when they run, so that `aitia --help` stays quick."""

from __future__ import annotations

import os
import sys
import threading


def main() -> None:
    """The console script: data on stdout, progress and errors on stderr, exit codes of docs/cli.md."""
    from aitia.cli import stdout
    from aitia.cli.app import run

    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    stdout.release()
    sys.stderr.flush()
    # A tool that was given up may still hang in its thread; the interpreter would wait for it for ever.
    if any(t is not threading.main_thread() and not t.daemon for t in threading.enumerate()):
        os._exit(code)
    sys.exit(code)
