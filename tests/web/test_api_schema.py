"""Schemathesis on the OpenAPI: whatever the document allows, and much that it does not, finds no 5xx and no surprise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aitia.core import tokens
from aitia.jobs import Jobs
from aitia.settings import Service, Settings
from aitia.web.app import create_app

from .served import PATIENT, opened

pytestmark = pytest.mark.server
TOKEN = "an-open-secret"
EXAMPLES = 15  # of an operation, good ones and bad ones each
PLAIN = ("/healthz", "/readyz", "/metrics")  # without anything that could be wrong


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    settings = Settings()
    return create_app(Jobs(tmp_path, settings), settings).openapi()


def test_the_document_tells_all_there_is(document: dict[str, Any]) -> None:
    operations = {(m.upper(), p): o for p, methods in document["paths"].items() for m, o in methods.items()}
    assert set(operations) == {
        ("POST", "/v1/diagnoses"),
        ("GET", "/v1/diagnoses"),
        ("GET", "/v1/diagnoses/{id}"),
        ("GET", "/v1/diagnoses/{id}/events"),
        ("GET", "/v1/diagnoses/{id}/report"),
        ("POST", "/v1/diagnoses/{id}/answers"),
        ("POST", "/v1/diagnoses/{id}/again"),
        ("GET", "/v1/search"),
        ("GET", "/v1/tokens"),
        ("POST", "/v1/tokens"),
        ("POST", "/v1/tokens/{id}/revoke"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
    }
    for (_, path), operation in operations.items():
        assert operation["summary"]
        assert operation["description"]
        assert ("security" in operation) == (path not in ("/healthz", "/readyz"))
        for status, response in operation["responses"].items():
            assert response["description"]
            if status >= "4":
                assert list(response["content"]) == ["application/problem+json"]


def test_schemathesis_finds_no_5xx_and_nothing_undocumented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "WRONG_BURST", 10_000)  # wrong tokens are part of the probing
    monkeypatch.setattr(tokens, "ALL_BURST", 10_000)
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, Phase, given, seed
    from hypothesis import settings as hypothesis_settings
    from schemathesis.checks import CHECKS, load_all_checks

    load_all_checks()
    names = (
        "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
        "response_schema_conformance", "unsupported_method", "ignored_auth", "missing_required_header",
    )  # fmt: skip
    checks = [CHECKS.get_one(name) for name in names]
    called: dict[str, int] = {}
    with opened(tmp_path, Settings(service=Service(places=100_000)), bounds=PATIENT, token=TOKEN) as client:
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        known = client.post("/v1/diagnoses", json={"text": "checkout is slow"}).json()["id"]
        table = Jobs(tmp_path, Settings()).table
        schema = schemathesis.openapi.from_url(f"{client.base_url}openapi.json")
        for result in schema.get_all_operations():
            operation = result.ok()
            modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
            for mode in modes[: 1 if operation.path in PLAIN else 2]:

                @seed(8)
                @hypothesis_settings(
                    max_examples=EXAMPLES,
                    deadline=None,
                    database=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )
                @given(operation.as_strategy(generation_mode=mode))
                def probe(case: Any) -> None:
                    table.set(known, state="failed", message="there is no telemetry here")
                    if "id" in (case.path_parameters or {}) and called.get(case.operation.label, 0) % 2:
                        case.path_parameters["id"] = known  # every other time one that there is
                    called[case.operation.label] = called.get(case.operation.label, 0) + 1
                    case.call_and_validate(
                        headers={"Authorization": f"Bearer {TOKEN}"}, checks=checks, timeout=20
                    )

                probe()
        assert client.get("/readyz").status_code == 200
        counted = client.get("/metrics").text
    for status in (202, 400, 401, 422):  # what is good was taken, what is bad was refused
        assert (
            f'aitia_http_requests_total{{method="POST",route="/v1/diagnoses",status="{status}"}}' in counted
        )
    assert len(called) == 14
    assert sum(called.values()) > 200, called
