"""Print docs/graph.md: the machine as LangGraph draws it."""

from __future__ import annotations

from aitia.graphs.diagnose import build

HEAD = """# The diagnose machine

Drawn by LangGraph from the compiled graph (`make drawing`); a test holds this page against the code.
"""


def page() -> str:
    """The whole page."""
    return f"{HEAD}\n```mermaid\n{build().get_graph().draw_mermaid().strip()}\n```\n"


if __name__ == "__main__":
    print(page(), end="")
