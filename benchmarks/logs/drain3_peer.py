"""Runs Drain3 on lines from stdin (a JSON list); its own environment has it. `--masks` adds named masks."""

from __future__ import annotations

import json
import logging
import re
import sys

from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig

BEFORE, AFTER = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
MASKS = (
    (r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", "UUID"),
    (BEFORE + r"(\d{1,3}\.){3}\d{1,3}(:\d+)?" + AFTER, "IP"),
    (BEFORE + r"([0-9a-fA-F]{2}:){5,}[0-9a-fA-F]{2}" + AFTER, "MAC"),
    (BEFORE + r"0[xX][0-9a-fA-F]+" + AFTER, "HEX"),
    (r"(?<=\s)(/[\w.\-]+){2,}/?", "PATH"),
    (BEFORE + r"\d{2}:\d{2}(:\d{2})?([.,]\d+)?" + AFTER, "TIME"),
    (r"blk_-?\d+", "BLK"),
    (BEFORE + r"[\-+]?\d+(\.\d+)?" + AFTER, "NUM"),
)


def main() -> None:
    logging.disable(logging.CRITICAL)
    config = TemplateMinerConfig()
    if "--masks" in sys.argv:
        config.masking_instructions = [MaskingInstruction(pattern, name) for pattern, name in MASKS]
    miner = TemplateMiner(None, config)
    ids = [miner.add_log_message(line)["cluster_id"] for line in json.load(sys.stdin)]
    texts = {c.cluster_id: re.sub(r"<[A-Z]+>", "<*>", c.get_template()) for c in miner.drain.clusters}
    json.dump([ids, [texts[i] for i in ids]], sys.stdout)


if __name__ == "__main__":
    main()
