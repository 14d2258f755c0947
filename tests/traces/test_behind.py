"""A proxy that sends no spans stands between callers and those who answer; who hangs ends none."""

from __future__ import annotations

from pathlib import Path

import pytest

from aitia.core.words import SourceRef, Window, from_epoch
from aitia.tools.sources.base import Span
from aitia.tools.traces import traces_diff
from aitia.tools.traces.behind import name_who_is_behind, silent
from aitia.tools.traces.gather import Compared
from aitia.tools.traces.visits import Visit, fold

from .shop import T0, Fault, faulty


def request(at: float, behind: str, *, answered: bool = True, proxy: str = "edge") -> list[Span]:
    """A request to `web`, which calls someone behind the proxy."""
    key = f"{at:.3f} {behind}"
    made = [
        Span(trace=key, id="a", parent="", component="web", operation="GET /", start=at, duration=0.2, kind="server"),
        Span(trace=key, id="b", parent="a", component="web", operation=f"GET {behind}", start=at, duration=0.1,
             kind="client", peer=proxy, error=not answered),
    ]  # fmt: skip
    answer = Span(trace=key, id="c", parent="b", component=behind, operation="GET", start=at + 0.01, duration=0.05,
                  kind="server")  # fmt: skip
    return [*made, answer] if answered else made


def visits(*requests: list[Span]) -> list[Visit]:
    return fold([s for spans in requests for s in spans], lambda raw: raw)


def lost(found: list[Visit]) -> set[str]:
    return {c.callee for v in found for c in v.calls if c.visit is None}


def before(*behind: str) -> list[Visit]:
    return visits(*(request(T0 - 600 + n, b) for n in range(60) for b in behind))


def test_a_call_that_met_nobody_is_of_who_usually_answered_it_where_the_proxy_passes_others_on() -> None:
    now = visits(
        *(request(T0 + n, "catalog", answered=False) for n in range(20)), *(request(T0 + n, "pages") for n in range(20))
    )  # fmt: skip
    assert lost(now) == {"edge"}
    name_who_is_behind(now, before("catalog", "pages"))
    assert lost(now) == {"catalog"}


@pytest.mark.parametrize("others_answer", [False, True])
def test_it_stays_the_proxys_where_it_passes_nobody_on_after_that(others_answer: bool) -> None:
    pages = [request(T0 + n, "pages", answered=False) for n in range(20)]
    earlier = [request(T0 - 5 + n / 10, "pages") for n in range(20)] if others_answer else []
    now = visits(*(request(T0 + n, "catalog", answered=False) for n in range(20)), *pages, *earlier)
    name_who_is_behind(now, before("catalog", "pages"))
    assert lost(now) == {"edge"}


def test_whom_nobody_ever_met_behind_it_is_not_guessed() -> None:
    now = visits(
        *(request(T0 + n, "new", answered=False) for n in range(9)),
        *(request(T0 + n, "pages") for n in range(9)),
    )
    name_who_is_behind(now, before("catalog", "pages"))
    assert lost(now) == {"edge"}


def compared(now: list[Visit], past: list[Visit]) -> Compared:
    window = Window(start=from_epoch(T0), end=from_epoch(T0 + 120))
    return Compared(
        window=window, now=now, before=past, exposure=120.0, old_exposure=600.0, source=SourceRef(source="t", query="q")
    )  # fmt: skip


def test_who_ends_no_request_while_its_callers_go_on_is_silent() -> None:
    past = visits(*(request(T0 - 600 + 2 * n, "catalog", proxy="catalog") for n in range(300)))
    hangs = visits(*(request(T0 + 2 * n, "catalog", answered=n < 15, proxy="catalog") for n in range(60)))
    assert silent(compared(hangs, past)) == {"catalog"}
    asked_less = visits(*(request(T0 + 2 * n, "catalog", proxy="catalog") for n in range(15)))
    assert not silent(compared(asked_less, past))  # nobody asked it any more
    goes_on = visits(*(request(T0 + 2 * n, "catalog", proxy="catalog") for n in range(60)))
    assert not silent(compared(goes_on, past))


def test_quiet_spans_of_before_clear_nobody_who_hangs(tmp_path: Path) -> None:
    refused = faulty(tmp_path, Fault(refuses=(("orders", "stock"),)))
    told = traces_diff(refused)
    assert "stock" not in {e.component for e in told.evidence if e.kind == "trace.quiet"}
    (way,) = [e for e in told.evidence if e.kind == "trace.errors" and e.peer]
    assert "left no span of stock" in way.statement
