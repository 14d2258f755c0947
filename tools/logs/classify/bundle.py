"""Makes the bundled models from `lines.csv`, lines written from general knowledge of common software.

python -m aitia.tools.logs.classify.bundle (needs the extra `memory` and the fetched MiniLM)
"""

from __future__ import annotations

from pathlib import Path

from aitia.models.embed import Embedder
from aitia.tools.logs.classify.classifier import save
from aitia.tools.logs.classify.learn import learn
from aitia.tools.logs.classify.prior import TARGETS
from aitia.tools.logs.classify.table import read


def main() -> None:
    """Write `default_signal.json` and `default_category.json` beside this file."""
    here, embedder = Path(__file__).parent, Embedder()
    for target in TARGETS:
        data = read(here / "lines.csv", label=target)
        made = learn(
            data.texts,
            data.labels,
            name=f"default {target}",
            embed=embedder.embed,
            embedder=embedder.sha256,
            sha256=data.sha256,
            lean=False,
            at_least=2,
            mixtures=(("chars", "minilm"),),  # works without the embedding model too
        )
        save(made, here / f"default_{target}.json")


if __name__ == "__main__":
    main()
