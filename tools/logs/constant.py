"""A component that logs little but errors, and did so before: no news, and no sign of health either."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aitia.core.percent import percent
from aitia.core.redact import Redactor
from aitia.core.words import Evidence, Window
from aitia.tools.logs.facts import Finding, quoted, reference, writer
from aitia.tools.logs.mine import Mined, only_errors
from aitia.tools.text.names import Names, attribute

STRENGTH: Final = 0.6  # by hand: below that of what is new


def constant(
    mined: Mined, findings: Sequence[Finding], window: Window, names: Names, redactor: Redactor
) -> Evidence | None:
    """A fact of the most frequent error, where nothing bad is new and most lines are errors."""
    if any(f.meaning.bad and f.change != "vanished" for f in findings) or not only_errors(mined):
        return None
    bad = [c for c in mined.counts if c.meaning.bad and c.window]
    total = sum(c.window for c in bad)
    # The class that says most of a cause goes before one that says only that something failed.
    most = max(
        bad, key=lambda c: (c.meaning.aspect not in ("log.error", "log.other"), c.window, c.template.text)
    )
    component, peer = attribute(mined.component, most.template.text, names)
    quote = quoted(most, redactor)
    return Evidence(
        component=component,
        peer=peer,
        kind="log.constant",
        aspect=most.meaning.aspect if most.meaning.aspect != "log.other" else "log.error",
        statement=f"{mined.component} logs little but errors ({percent(total / mined.lines)} of {mined.lines} lines "
        "in the window, "
        f'and before it as well), most often: "{quote}"',
        values={
            "template": quote,
            "count_window": total,
            "lines_window": mined.lines,
            "level": most.meaning.severity,
        },
        unit="lines",
        window=window,
        direction="new",
        strength=STRENGTH,
        source=reference(mined, most),
        taint=True,
        provenance=writer(mined.component, names),
    )
