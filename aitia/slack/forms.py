"""The modals: what it really was, and a question."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from aitia.agent.likely import likely_faults
from aitia.agent.taxonomy import Taxonomy
from aitia.core.words import Report
from aitia.slack import blocks as b
from aitia.slack import mrkdwn

NOTE: Final = 2_000  # characters
QUESTION: Final = 500


def correction(report: Report, taxonomy: Taxonomy, about: str) -> dict[str, Any]:
    """Which component and fault it was: the likely ones first. `about` comes back with the answer."""
    components = [
        {"text": _plain(name, b.OPTION), "value": f"c{n}"} for n, name in enumerate(components_of(report))
    ]
    kinds, own = faults_of(report, taxonomy), len(likely_faults(report, taxonomy))
    options = [
        {"text": _plain(f"{taxonomy.title(f)} ({f})", b.OPTION), "value": f"f{n}"}
        for n, f in enumerate(kinds)
    ]
    groups = [("Likely here", options[:own])]
    groups += [
        ("Other kinds" if n == own else "More kinds", options[n : n + 100])
        for n in range(own, len(options), 100)
    ]
    chosen = [{"label": _plain(label, b.OPTION), "options": found} for label, found in groups if found]
    return _modal(
        "wrong",
        "What was it?",
        about,
        [
            *(
                [_input("component", "Component", _select("component", options=components))]
                if components
                else []
            ),
            _input("fault", "Fault kind", _select("fault", option_groups=chosen[:100]), optional=True),
            _input("note", "Note", _typed("note", NOTE, multiline=True), optional=True),
        ],
    )


def question(about: str) -> dict[str, Any]:
    """A question about the report."""
    return _modal("ask", "Ask", about, [_input("question", "Question", _typed("question", QUESTION))])


def components_of(report: Report) -> list[str]:
    """Components to choose from, suspects first; at most 100."""
    suspects = [s.component for s in report.suspects if s.component]
    return list(islice(dict.fromkeys([*suspects, *(c.id for c in report.inventory.components)]), 100))


def faults_of(report: Report, taxonomy: Taxonomy) -> list[str]:
    """Fault kinds to choose from: the likely ones first, the others by title."""
    others = (f.id for f in sorted(taxonomy, key=lambda f: f.title))
    return list(dict.fromkeys([*likely_faults(report, taxonomy), *others]))


def chosen(value: str | None, options: Iterable[str]) -> str:
    """The name behind an option's value; "" where nothing was chosen."""
    number = (value or "")[1:]
    return next((name for n, name in enumerate(options) if str(n) == number), "")


def _modal(callback: str, title: str, about: str, shown: list[b.Block]) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": about,
        "title": _plain(title, 24),
        "submit": _plain("Send", 24),
        "close": _plain("Cancel", 24),
        "blocks": shown,
    }


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": mrkdwn.plain(text, limit)}


def _input(name: str, label: str, element: dict[str, Any], *, optional: bool = False) -> b.Block:
    return {
        "type": "input",
        "block_id": name,
        "label": _plain(label, 75),
        "element": element,
        "optional": optional,
    }


def _select(action: str, **options: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": action, **options}


def _typed(action: str, most: int, *, multiline: bool = False) -> dict[str, Any]:
    return {"type": "plain_text_input", "action_id": action, "multiline": multiline, "max_length": most}
