import json
from pathlib import Path

from aitia.core.words import Report
from aitia.render.schema import report_schema, schema_text

SNAPSHOT = Path(__file__).parents[2] / "docs" / "report.schema.json"


def test_the_snapshot_in_the_docs_is_the_schema() -> None:
    assert SNAPSHOT.read_text(encoding="utf-8") == schema_text(), (
        "run: aitia schema -o docs/report.schema.json"
    )


def test_the_schema_carries_its_version_and_closes_its_objects() -> None:
    schema = report_schema()
    assert schema["$id"] == "urn:aitia:report:1"
    assert schema["additionalProperties"] is False
    assert set(json.loads(schema_text())["properties"]) == set(Report.model_fields)


def test_a_report_has_every_required_field_of_the_schema(cause: Report) -> None:
    written = json.loads(cause.model_dump_json())
    assert set(report_schema()["required"]) <= set(written)
