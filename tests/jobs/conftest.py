"""Every test of the job table runs with SQLite and with PostgreSQL."""

import pytest


@pytest.fixture(autouse=True)
def _database(database: str) -> None:
    """Use it."""
