"""No label value, however hostile, gets out of its quotes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.core.errors import BadInput
from aitia.tools.sources.metrics.promql import any_of, escape, matcher, selector

# A PromQL string between double quotes: no bare quote, backslash or line break.
_STRING = r'"(?:[^"\\\n]|\\["\\nr])*"'
_SELECTOR = re.compile(
    rf"[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{{[a-zA-Z_]\w*={_STRING}(?:,[a-zA-Z_]\w*={_STRING})*\}})?\Z|\{{__name__={_STRING}(?:,[a-zA-Z_]\w*={_STRING})*\}}\Z"
)


def unescape(text: str) -> str:
    return re.sub(r'\\(["\\nr])', lambda m: {"n": "\n", "r": "\r"}.get(m.group(1), m.group(1)), text)


@given(st.text())
def test_escape_round_trips(value: str) -> None:
    escaped = escape(value)
    assert unescape(escaped) == value
    assert re.fullmatch(_STRING, f'"{escaped}"', re.DOTALL)


@given(
    st.text(min_size=1),
    st.dictionaries(st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True), st.text(), max_size=4),
)
def test_selectors_are_always_one_selector(metric: str, labels: dict[str, str]) -> None:
    assert _SELECTOR.match(selector(metric, {k: v for k, v in labels.items() if k != "__name__"}))


@given(st.lists(st.text(min_size=1), min_size=1, max_size=5))
def test_alternatives_match_exactly_the_names(names: list[str]) -> None:
    found = re.fullmatch(rf"\{{__name__=~({_STRING})\}}", any_of(names), re.DOTALL)
    assert found
    pattern = unescape(found.group(1)[1:-1])
    assert all(re.fullmatch(pattern, name) for name in names)


@given(st.text().filter(lambda s: not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", s)))
def test_label_names_outside_the_grammar_are_refused(label: str) -> None:
    with pytest.raises(BadInput):
        matcher(label, "x")


def test_the_configured_matcher_bounds_every_selector() -> None:
    assert selector("up", {"a": "b"}, match='{job="shop"}') == 'up{a="b",job="shop"}'
    assert selector("", match="") == '{__name__!=""}'
