"""Drain3's lines per second on messages from stdin, by processor time, at most 60 s; its own environment has it."""

from __future__ import annotations

import json
import logging
import resource
import sys
import time

from drain3 import TemplateMiner
from drain3.template_miner_config import TemplateMinerConfig


def main() -> None:
    logging.disable(logging.CRITICAL)
    lines = sys.stdin.read().split("\n")
    miner = TemplateMiner(None, TemplateMinerConfig())
    began, done = time.process_time(), 0
    for line in lines:
        miner.add_log_message(line)
        done += 1
        if not done % 10_000 and time.process_time() - began > 60:
            break
    seconds = time.process_time() - began
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        json.dumps(
            {"lines": done, "seconds": seconds, "templates": len(miner.drain.clusters), "rss_mib": rss}
        )
    )


if __name__ == "__main__":
    main()
