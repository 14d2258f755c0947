"""Levels that a provider's event states in a sentence: at their bound, or far from it."""

from __future__ import annotations

import pytest

from aitia.tools.logs.provider_levels import far_from, stated


@pytest.mark.parametrize(
    ("text", "aspect"),
    [
        ("Sessions in use: 940 of 1000.", "log.connection_limit"),
        ("connections 290/300, new ones may fail", "log.connection_limit"),
        ("Only 3 GB remaining of 100 GB on the volume", "log.disk_full"),
        ("4 % of the storage is free", "log.disk_full"),
        ("burst credits are exhausted", "log.quota"),
        ("Sessions in use: 640 of 1000.", ""),
        ("900 MB left of 20 GB on the volume", ""),  # in other units: not converted, so not told
        ("Storage engine 1.5 of 2.0.1 is in use", ""),
    ],
)
def test_what_stands_at_its_bound(text: str, aspect: str) -> None:
    assert stated(text) == aspect


@pytest.mark.parametrize(
    ("text", "aspect", "far"),
    [
        ("low storage: 60 GB remaining of 100 GB", "log.disk_full", True),
        ("low storage: 6 GB remaining of 100 GB", "log.disk_full", False),
        ("low storage", "log.disk_full", False),
        ("ran out of storage space at 60 % of the plan", "log.disk_full", False),
        ("CPU has exceeded 40%.", "log.overload", True),
        ("replication lag has exceeded 40%", "log.replication", False),
    ],
)
def test_a_class_is_taken_back_where_the_level_contradicts_it(text: str, aspect: str, far: bool) -> None:
    assert far_from(text, aspect) is far
