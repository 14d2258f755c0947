"""A fake Slack, and a site with its door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .fake import FakeSlack
from .site import ALERT, TOKENS, Site, write_settings


@pytest.fixture
def slack(request: pytest.FixtureRequest) -> Iterator[FakeSlack]:
    """Whatever a test does: nothing that was sent is refused for its content, nothing comes while Slack wants a rest,
    no call is refused twice, and everything is acknowledged in time. A test that provokes it says so."""
    fake = FakeSlack().start()
    yield fake
    fake.stop()
    allowed = getattr(request.node.function, "provokes", ())
    assert [(c.method, c.error) for c in fake.errors() if c.error not in allowed] == []
    assert [c.method for c in fake.impatient] == []
    assert [call[:80] for call, times in fake.refusals.items() if times > 1] == []
    assert "unacked" in allowed or fake.unacked == []


@pytest.fixture
def make_site(tmp_path: Path, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Site]:
    for name, value in TOKENS.items():
        monkeypatch.setenv(name, value)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("AITIA_HOME", str(home))
    return lambda **more: Site(home, write_settings(tmp_path, **more), slack)


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one real run."""
    from aitia import api
    from aitia.settings import load_settings

    folder = tmp_path_factory.mktemp("once")
    settings = load_settings(write_settings(folder))
    report = api.diagnose(ALERT, config=settings, model=None, at=settings.service.at, home=folder)
    return folder / "runs" / report.run
