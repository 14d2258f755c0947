"""Print docs/graph.md: the machines as LangGraph draws them."""

from __future__ import annotations

from aitia.graphs.ask import build as build_ask
from aitia.graphs.diagnose import build

HEAD = """# The diagnose machine

Drawn by LangGraph from the compiled graph (`make drawing`); a test holds this page against the code.
"""

ASK = """
# The ask machine

One turn of `aitia ask` ([ask.md](ask.md)); the turns before it are in the checkpoint.
"""


def page() -> str:
    """The whole page."""
    machines = ((HEAD, build().get_graph()), (ASK, build_ask().get_graph()))
    return "".join(f"{head}\n```mermaid\n{graph.draw_mermaid().strip()}\n```\n" for head, graph in machines)


if __name__ == "__main__":
    print(page(), end="")
