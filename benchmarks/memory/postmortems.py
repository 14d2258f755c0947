"""Post-mortem: a one-paragraph blurb -> the body that it is about, the company's and product's names masked in both.

python benchmarks/memory/postmortems.py --data DIR/knowledge [--cases GLOB] [--every] [--vectors FOLDER] --json OUT

The blurb is `summary` of the front matter, the body the text below it. Bodies without a blurb distract only with
`--every`. Rows as in runbooks.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.memory.runbooks import main

if __name__ == "__main__":
    main("postmortems", __doc__)
