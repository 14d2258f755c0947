"""Recorded systems as they are asked: a cluster of the lab's bundle, the shop, a pump."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aitia.agent.asking.question.sure import fit
from aitia.core.llm import Choice, Completion, Prompt
from aitia.core.scenario import load_scenario
from aitia.graphs.looking import look, opened
from aitia.tools.query.site import Site
from aitia.tools.query.words import Query
from aitia.tools.sources import open_sources

ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "benchmarks/lab/bundle/kinds/k8s-bare-230fe55a"
Ask = Callable[..., "Sitting"]


class Writes:
    """A model that writes one line, with a log-probability."""

    name, sha256, role, adapter = "writes", "0" * 64, "questions", fit().model

    def __init__(self, line: str, log_prob: float = -0.01) -> None:
        self.line, self.log_prob, self.asked = line, log_prob, []

    def continued(self, prompt: Prompt, *, max_tokens: int, stop=("\n",), grammar=None) -> Completion:
        self.asked.append((prompt, grammar))
        return Completion(text=f" {self.line}", log_prob=self.log_prob)

    def complete(self, prompt, *, max_tokens, grammar=None, stop=()) -> Completion:
        raise AssertionError("questions are read as plain text")

    def choose(self, prompt, options) -> Choice:
        raise AssertionError("questions are read as plain text")

    def count(self, text: str) -> int:
        return len(text)


class Sitting:
    """One conversation with a site: `answer` is the last, `query` how it was read."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.last: Query | None = None

    def ask(self, question: str) -> Sitting:
        """Ask; what a question leaves out is taken from the one before."""
        found = look(question, self.site, self.last)
        assert found is not None, f"documents were to answer {question!r}"
        self.answer, self.last = found
        return self

    @property
    def query(self) -> str:
        return self.answer.queries[0] if self.answer.queries else ""

    @property
    def found(self):
        return self.answer.found[0]


def site_of(folder: Path) -> Site:
    scenario = load_scenario(folder)
    held = [s for s in scenario.sources if s.kind not in ("runbooks", "incidents")]
    return opened(open_sources(held, folder), now=scenario.now, components=scenario.components)


@pytest.fixture(scope="module")
def cluster_site() -> Site:
    return site_of(CLUSTER)


@pytest.fixture(scope="module")
def shop_site() -> Site:
    return site_of(ROOT / "scenarios/connection-exhaustion")


@pytest.fixture(scope="module")
def pump_site() -> Site:
    return site_of(ROOT / "scenarios/bearing-outer-race")


@pytest.fixture
def cluster(cluster_site: Site) -> Sitting:
    return Sitting(cluster_site)


@pytest.fixture
def shop(shop_site: Site) -> Sitting:
    return Sitting(shop_site)


@pytest.fixture
def pump(pump_site: Site) -> Sitting:
    return Sitting(pump_site)
