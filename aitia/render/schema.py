"""The report's JSON Schema, versioned with the words; a snapshot lies in docs/report.schema.json."""

from __future__ import annotations

import json
from typing import Any

from aitia.core.words import Report


def report_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a report as aitia writes it."""
    schema = Report.model_json_schema(mode="serialization")
    version = Report.model_fields["schema_version"].default
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:aitia:report:{version}",
    } | schema


def schema_text() -> str:
    """The schema as it is printed and kept: sorted keys, two spaces, a final newline."""
    return json.dumps(report_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
