"""What one component logs in the incident window, by template."""

from __future__ import annotations

from aitia.core.home import aitia_home
from aitia.core.redact import Redactor, load_key
from aitia.core.words import Evidence, Result, Window
from aitia.tools.logs.count import Count
from aitia.tools.logs.diff import findings
from aitia.tools.logs.facts import quoted, reference
from aitia.tools.logs.heard import listen
from aitia.tools.logs.mine import Mined, mine
from aitia.tools.registry import ToolContext, tool
from aitia.tools.text.classes import Meaning
from aitia.tools.text.headers.levels import RANK
from aitia.tools.text.names import Names, attribute, known
from aitia.tools.text.streams import spans, streams

TOP = 30
ERRORS = 5


@tool(needs=("logs",), produces=("templates",), target="component")
def logs_patterns(ctx: ToolContext, *, component: str) -> Result:
    """The most frequent log templates of one component in the incident window, errors first."""
    window, baselines = spans(ctx)
    ((name, sources),) = streams(ctx, component).items()
    names = known(ctx)
    mined = listen(ctx, mine(name, sources, window, baselines, names))
    present = [(c, c.meaning) for c in mined.counts if c.window]
    if not present:
        notes = "; ".join(mined.notes)
        return Result(status="no_data", message=f"{name} logged nothing in the window. {notes}".strip())
    redactor = Redactor(load_key(aitia_home()))
    present.sort(key=lambda pair: (-RANK[pair[1].severity], -pair[0].window, pair[0].template.text))
    changed = {f.count.template.id for f in findings([mined])}
    errors = [
        (c, m)
        for c, m in present
        if RANK[m.severity] >= RANK["error"] and c.template.id not in changed and c.before
    ]
    return Result(
        status="ok",
        query=", ".join(f.path.name for f in mined.files),
        evidence=tuple(_steady(mined, c, m, window, names, redactor) for c, m in errors[:ERRORS]),
        data={
            "templates": [
                {
                    "component": name,
                    "template": quoted(c, redactor),
                    "count": c.window,
                    "count_baseline": c.before,
                    "level": m.severity,
                    "aspect": m.aspect,
                }
                for c, m in present[:TOP]
            ]
        },
    )


def _steady(
    mined: Mined, count: Count, what: Meaning, window: Window, names: Names, redactor: Redactor
) -> Evidence:
    """An error that was there before as well: background, no news."""
    quote = quoted(count, redactor)
    component, peer = attribute(mined.component, count.template.text, names)
    return Evidence(
        component=component,
        peer=peer,
        kind="log.steady",
        aspect=what.aspect,
        statement=(
            f"{mined.component} logged {count.window} times in the window, "
            f'as in the baseline ({count.before} times): "{quote}"'
        ),
        values={
            "template": quote,
            "count_window": count.window,
            "count_baseline": count.before,
            "level": what.severity,
        },
        unit="lines",
        window=window,
        direction="steady",
        strength=0.2,
        source=reference(mined, count),
        taint=True,
    )
