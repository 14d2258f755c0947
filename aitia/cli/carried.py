"""The diagnosis that a conversation has under way: begun, waited for or beside the prompt, stopped, shown at its end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from aitia.cli.console import artifacts_of, exit_code, note, stdout_console
from aitia.cli.session import stoppable, watched
from aitia.core.errors import EXIT_CAUSE, EXIT_INTERNAL, EXIT_INTERRUPTED, AitiaError, BadInput
from aitia.core.events import Event
from aitia.core.home import aitia_home
from aitia.core.steering import Stopped
from aitia.core.store import RunStore
from aitia.core.words import Report
from aitia.render.text import clean

if TYPE_CHECKING:
    from aitia.cli.live import LiveView
    from aitia.cli.under_way import UnderWay

GRACE_S: Final = 1.0  # for which a source that hangs is waited for at Ctrl-C
MOST_WAITED_S: Final = 60.0  # for it before the same run goes on
Work = Callable[[Callable[[Event], None]], Report]


class Carried:
    """One diagnosis at a time, the run in hand, and the exit code of what came last."""

    def __init__(self, *, staying: bool) -> None:
        self.staying = staying  # a person is there: Ctrl-C stops a diagnosis, not the conversation
        self.beside = False  # a diagnosis runs beside the prompt
        self.under_way: UnderWay | None = None
        self.run = ""
        self.code = EXIT_CAUSE
        self._left: UnderWay | None = None  # one that was stopped while a source hung
        self._noted: set[str] = set()  # remarks that were made: each is made once
        self._report: Report | None = None

    def failed(self, error: BaseException) -> None:
        """Tell what went wrong; a defect is raised where AITIA_DEBUG is set."""
        if isinstance(error, AitiaError):
            note(f"error: {error}")
            self.code = error.exit_code
            return
        if os.environ.get("AITIA_DEBUG"):
            raise error
        note(f"error: {type(error).__name__}: {error} (set AITIA_DEBUG=1 for the traceback)")
        self.code = EXIT_INTERNAL

    def interrupt(self, *, typed: str = "") -> None:
        """Stop the diagnosis that runs, where nothing was being typed; a source that hangs is not waited for."""
        way = self.under_way
        if way is None or typed.strip():
            return
        way.stop()
        if way.wait(GRACE_S):
            self.settle()
            return
        self.under_way, self._left = None, way
        self.code = EXIT_INTERRUPTED
        self._stopped(way.board.run)

    def settle(self) -> None:
        """Show what a diagnosis beside the prompt came to, once it has ended."""
        way = self.under_way
        if way is None or not way.ended:
            return
        self.under_way = None
        if way.report is not None:
            self._shown(way.report)
        elif isinstance(way.error, Stopped):
            self.code = EXIT_INTERRUPTED
            self._stopped(way.board.run)
        elif way.error is not None:
            self.failed(way.error)

    def leave(self) -> None:
        """The end of the sitting: a diagnosis that runs is stopped, and can be resumed."""
        self.interrupt()
        if self.run:
            note(f"saved; continue with: aitia chat {self.run}")
        if self._left is not None and not self._left.ended:
            sys.stdout.flush()
            os._exit(0)  # its thread waits for a source that hangs, and so would the end of the program

    def _begin(self, work: Work, held: RunStore | None) -> None:
        from aitia.cli.under_way import UnderWay

        if self.under_way is not None:
            raise BadInput("A diagnosis runs already. Stop it first with Ctrl-C, or wait for its report.")
        if self._left is not None and not self._left.ended:
            note("waiting for the call that was under way")
            self._left.wait(MOST_WAITED_S)
        self._left = None
        way = UnderWay(work=work)
        if held is not None:
            way.board.run, way.board.title = held.id, clean(str(held.meta().get("title") or ""))
        way.start()
        self.under_way = way
        self.tell(
            "beside", 'ask meanwhile ("how far is it?"), correct it ("it began at nine"); Ctrl-C stops it'
        )

    def carry(self, work: Work, held: RunStore | None = None) -> None:
        """Diagnose: beside the prompt, or waited for and shown."""
        if self.beside:
            self._begin(work, held)
            return
        view: LiveView | None = None
        try:
            with stoppable() if self.staying else watched() as view:
                if held is not None:
                    view.board.run, view.board.title = held.id, clean(str(held.meta().get("title") or ""))
                report = work(view)
        except KeyboardInterrupt:
            if not self.staying:
                raise
            self.code = EXIT_INTERRUPTED
            self._stopped(view.run if view else "")
            return
        self._shown(report)

    def _shown(self, report: Report) -> None:
        from aitia.cli.ask import show_answer
        from aitia.corrected import change_told
        from aitia.render.terminal import print_report

        self.hold(report.run, report)
        self.code = exit_code(report)
        if changed := change_told(RunStore.open(aitia_home(), report.run)):
            show_answer(changed, going_on="", whole="/report")
            return note("/report shows all of it")
        print_report(stdout_console(), report, artifacts=artifacts_of(report))
        note(
            'ask about it, correct it ("not the database, we checked"), or: /why /evidence /next /steps /help; 1 to run check 1'
        )

    def _stopped(self, run: str) -> None:
        if not run:
            note("stopped before the run began")
            return
        store = RunStore.open(aitia_home(), run)
        if store.meta().get("state") == "running":
            store.update_meta(state="interrupted")
        self.hold(run, None)
        note(f"stopped; continue with /resume, now or later (run {run}); or ask how far it is, or correct it")

    def hold(self, run: str, report: Report | None) -> None:
        """Take a run in hand."""
        self.run, self._report = run, report

    def tell(self, key: str, text: str) -> None:
        """Say once in a sitting how a line was taken."""
        if key not in self._noted:
            self._noted.add(key)
            note(text)
