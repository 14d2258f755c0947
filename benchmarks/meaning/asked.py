"""What models said of messages, kept in a folder so that a run can go on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from aitia.comparing import open_model
from aitia.tools.meaning.messages_asking import Said, ask_message


def answers(model: str, texts: Sequence[str], folder: str, *, threads: int) -> list[Said]:
    """The answers of a model (NAME, FILE.gguf, BASE+ADAPTER.gguf) to every text, asked once each, in an order of no file."""
    kept = Path(folder) / f"messages-{Path(model).name}.jsonl" if folder else None
    known: dict[str, Said] = {}
    for line in kept.read_text("utf-8").splitlines() if kept and kept.exists() else ():
        row = json.loads(line)
        text = row.pop("text")
        known[text] = Said(
            **{k: tuple(map(tuple, v)) if k == "baselines" else tuple(v) for k, v in row.items()}
        )
    missing = sorted(
        {t for t in texts if t not in known}, key=lambda t: hashlib.sha256(t.encode()).hexdigest()
    )
    if missing:
        llm = open_model(model, "messages", threads=threads)
        for text in missing:
            known[text] = ask_message(llm, text)
            if kept:
                with kept.open("a", encoding="utf-8") as out:
                    out.write(json.dumps({"text": text, **asdict(known[text])}, ensure_ascii=False) + "\n")
    return [known[t] for t in texts]
