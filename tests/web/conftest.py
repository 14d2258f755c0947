"""The pages of a home with a diagnosis in every state."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from .served import opened
from .states import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[httpx.Client]:
    with opened(world.jobs.home, world.jobs.settings) as made:
        yield made
