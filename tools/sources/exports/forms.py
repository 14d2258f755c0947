"""Texts with a standard of their own, told by how they begin: each is read as a whole and laid out as rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aitia.tools.sources.exports.las import is_las, las_rows
from aitia.tools.sources.exports.load_profiles import is_profile, is_zrxp, profile_rows, zrxp_rows
from aitia.tools.sources.exports.lvm import is_lvm, lvm_rows
from aitia.tools.sources.exports.meter_messages import edifact_rows, is_edifact, is_nem, nem_rows

_BEGINNING: Final = 64 << 10  # characters by which a form is told


@dataclass(frozen=True)
class Form:
    """`begins` tells it by its first characters; `rows` lays it out, raising ValueError; `mark` parted its columns."""

    said: str
    begins: Callable[[str], bool]
    rows: Callable[[str], list[list[str]]]
    mark: str


_FORMS: Final = (
    Form("a log in LAS", is_las, las_rows, " "),
    Form("a measurement of LabVIEW", is_lvm, lvm_rows, "\t"),
    Form("a message of EDIFACT", is_edifact, edifact_rows, ";"),
    Form("intervals of NEM12", is_nem, nem_rows, ";"),
    Form("series in ZRXP", is_zrxp, zrxp_rows, ";"),
    Form("a meter's load profile (IEC 62056-21)", is_profile, profile_rows, ";"),
)


def form_of(text: str) -> Form | None:
    """The standard that a text begins like; None for any other text."""
    return next((f for f in _FORMS if f.begins(text[:_BEGINNING])), None)
