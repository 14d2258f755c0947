"""Hot spots of made thermal pictures, like parts held against each other, lines of made spectrograms; against plain thresholds.

python benchmarks/machines/pictures.py --data DIR [--split shown|held|third|fourth] [--cases GLOB] --json OUT [--totals]

The pictures are made (made_thermal_pictures.py, made_spectrograms.py) below DIR/pictures where they are not there yet.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.errors import AitiaError
from aitia.tools.signals.pictures.plane import plane_of
from aitia.tools.signals.pictures.read import read_picture
from aitia.tools.signals.pictures.ridges import ridges
from aitia.tools.signals.pictures.scale import field_of
from aitia.tools.signals.pictures.thermal import hot_spots
from aitia.tools.sources.signals.picture_about import about_of
from benchmarks.contract import Case, chosen, finish, parser, rows
from benchmarks.machines.made_spectrograms import spectrogram
from benchmarks.machines.made_thermal_more import MORE, compared
from benchmarks.machines.made_thermal_more import PALETTES as MORE_PALETTES
from benchmarks.machines.made_thermal_pictures import HIGH, PALETTES, WIDE, Scene, drawn, scene
from benchmarks.machines.pictures_peers import hottest, joined_peaks, mean_peaks, otsu, spreads

SORTS: Final = ("lone", "reference", "neighbours", "spectrogram")
SEEDS: Final = {"shown": 11, "held": 7_000_003, "third": 31_337, "fourth": 40_009}
Scores = dict[str, float]


def main() -> None:
    """Run it."""
    options = parser(__doc__)
    options.add_argument("--split", choices=tuple(SEEDS), default="held")
    options.add_argument("--scenes", type=int, default=48, help="of each sort")
    options.add_argument(
        "--totals", action="store_true", help="write no answers case by case: for pictures kept back"
    )
    args = options.parse_args()
    began = time.monotonic()
    folder = Path(args.data) / "pictures" / args.split
    names = chosen([f"{sort}-{n:03}" for sort in _sorts(args.split) for n in range(args.scenes)], args.cases)
    measured: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    told: list[Case] = []
    for name in names:
        if not (folder / f"{name}.json").exists():
            make(folder, name, args.split)
        truth = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for system, scores in SCORERS[truth["sort"]](folder, truth).items():
            told.append({"id": name, "system": system, "scores": scores})
            for metric, value in scores.items():
                measured[system][f"{truth['sort']}: {metric}"].append(value)
    made = [row for system, own in measured.items() for row in rows(system, own)]
    finish(
        f"machines/pictures {args.split}",
        made,
        [] if args.totals else told,
        n=len(names),
        began=began,
        out=args.json,
    )


def _sorts(split: str) -> tuple[str, ...]:
    """Two halves are of pictures and their references alone."""
    return ("reference",) if split in MORE else SORTS


def make(folder: Path, name: str, split: str) -> None:
    """Draw one picture, its reference, and its answer."""
    sort, number = name.rsplit("-", 1)
    rng = np.random.default_rng([SEEDS[split], SORTS.index(sort), int(number)])
    folder.mkdir(parents=True, exist_ok=True)
    if sort == "spectrogram":
        spec = spectrogram(rng, split)
        (folder / f"{name}.png").write_bytes(spec.png)
        truth: dict[str, Any] = {
            "about": spec.about, "orders": spec.orders, "constants": spec.constants, "began": spec.began, "rose": spec.rose,
            "new": spec.new, "speed": spec.speed, "file": f"{name}.png",
        }  # fmt: skip
    else:
        made = compared(rng, split) if split in MORE else scene(rng, split, sort)
        palette, quality = (
            str(rng.choice({**PALETTES, **MORE_PALETTES}[split])),
            int(rng.choice([0, 0, 92, 80])),
        )
        kind = "jpg" if quality else "png"
        limits = _limits(made.seen)
        (folder / f"{name}.{kind}").write_bytes(drawn(made.seen, rng, palette, limits, jpeg=quality))
        truth = {
            "about": {"range": limits, "regions": {k: [2 * n for n in box] for k, box in made.regions.items()}},
            "file": f"{name}.{kind}", "hotter": made.hotter, "by": made.by, "decoys": made.decoys, "palette": palette,
            "peak": float(np.sort(made.seen.ravel())[-5]),
        }  # fmt: skip
        if made.reference is not None:
            then = _limits(made.reference)
            (folder / f"{name}-then.{kind}").write_bytes(
                drawn(made.reference, rng, palette, then, jpeg=quality)
            )
            truth |= {"then": f"{name}-then.{kind}", "then_about": {"range": then}}
        truth["sources"] = _sources(made)
    (folder / f"{name}.json").write_text(json.dumps(truth | {"sort": sort}), encoding="utf-8")


def _limits(seen: np.ndarray[Any, Any]) -> tuple[float, float]:
    low, high = np.percentile(seen, [0.05, 99.99])
    return float(np.floor(low - 1)), float(np.ceil(high + 1))


def _sources(made: Scene) -> list[dict[str, Any]]:
    """Where each source warms the plate by half of what it does at its peak, and by how much that is."""
    return [
        {"over": s["over"], "at": s["at"], "half": np.packbits(s["added"] > 0.4 * s["added"].max()).tolist()}
        for s in made.sources
    ]


def _thermal(folder: Path, truth: dict[str, Any]) -> dict[str, Scores]:
    about, then = about_of(truth["about"], "the picture"), None
    then_about = about_of(truth["then_about"], "the reference") if "then" in truth else None
    picture = read_picture(folder / truth["file"])
    if "then" in truth:
        then = read_picture(folder / truth["then"])
    try:  # the peers are given the temperatures that ours reads off the colours
        peers = _peer_scores(field_of(picture, about), truth)
    except AitiaError:
        peers = _peer_scores(None, truth)
    try:
        heat = hot_spots(picture, reference=then, about=about, reference_about=then_about)
    except AitiaError:
        return {"ours": {"refused": 1.0} | _spot_scores([], truth), **peers}
    field = heat.field
    assert field is not None
    x, y, w, h = field.box
    found = [((y + s.down * h) / 2, (x + s.across * w) / 2, s.degrees or 0.0) for s in heat.spots]
    ours = (
        {"refused": 0.0}
        | _spot_scores(found, truth)
        | {"hottest off by K": abs((heat.hottest or 0.0) - truth["peak"])}
    )
    return {"ours": ours, **peers}


def _peer_scores(field: Any, truth: dict[str, Any]) -> dict[str, Scores]:
    made = {}
    for system, peer in (
        ("trivial hottest point", hottest),
        ("peer otsu", otsu),
        ("peer mean + 2.5 s", spreads),
    ):
        places = (
            []
            if field is None
            else [((field.box[1] + r) / 2, (field.box[0] + c) / 2, k) for r, c, k in peer(field.values)]
        )
        made[system] = _spot_scores(places, truth)
    return made


def _spot_scores(found: list[tuple[float, float, float]], truth: dict[str, Any]) -> Scores:
    """Sources found (the spot's peak within the source's half height, each once), spots that are none, and the rise told."""
    free, hits, off = list(found), 0, []
    for source in truth["sources"]:
        half = (
            np.unpackbits(np.array(source["half"], dtype=np.uint8))[: HIGH * WIDE]
            .reshape(HIGH, WIDE)
            .astype(bool)
        )
        for spot in free:
            row, column = (int(np.clip(v, 0, n - 1)) for v, n in zip(spot[:2], half.shape, strict=True))
            if half[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3].any():
                hits += 1
                off.append(abs(spot[2] / source["over"] - 1))
                free.remove(spot)
                break
    count = len(truth["sources"])
    scores = {"picture all right": float(hits == count and not free), "false spots": float(len(free))}
    if count:
        scores |= {"sources found": hits / count}
    else:
        scores |= {"healthy without a spot": float(not free)}
    return scores | ({"rise within 35 %": float(np.mean([o <= 0.35 for o in off]))} if off else {})


def _neighbours(folder: Path, truth: dict[str, Any]) -> dict[str, Scores]:
    about = about_of(truth["about"], "the picture")
    try:
        heat = hot_spots(read_picture(folder / truth["file"]), about=about)
    except AitiaError:
        return {
            s: _like_scores("-", 0.0, truth) for s in ("ours", "peer means of boxes", "trivial hottest point")
        }
    field = heat.field
    assert field is not None
    means = {
        name: float(
            np.mean(
                field.values[
                    max(0, y - field.box[1]) : y + h - field.box[1],
                    max(0, x - field.box[0]) : x + w - field.box[0],
                ]
            )
        )
        for name, (x, y, w, h) in about.regions.items()
    }
    first = heat.regions[0]
    ours = first.name if first.difference is not None and first.difference >= 2.0 else ""
    others = {n: means[n] - float(np.median([v for m, v in means.items() if m != n])) for n in means}
    top = max(others, key=lambda n: others[n])
    return {
        "ours": _like_scores(ours, first.difference or 0.0, truth),
        "peer means of boxes": _like_scores(top if others[top] >= 2.0 else "", others[top], truth),
        "trivial hottest point": _like_scores(_holding(field, about), 0.0, truth),
    }


def _holding(field: Any, about: Any) -> str:
    row, column, _ = hottest(field.values)[0]
    at = (column + field.box[0], row + field.box[1])
    return next(
        (n for n, (x, y, w, h) in about.regions.items() if x <= at[0] < x + w and y <= at[1] < y + h), ""
    )


def _like_scores(name: str, difference: float, truth: dict[str, Any]) -> Scores:
    scores = {"right one, or none": float(name == truth["hotter"])}
    if truth["hotter"]:
        scores["difference within 1 K or 10 %"] = float(
            abs(difference - truth["by"]) <= max(1.0, 0.1 * truth["by"])
        )
    return scores


def _spectrogram(folder: Path, truth: dict[str, Any]) -> dict[str, Scores]:
    about = about_of(truth["about"], "the picture")
    field = field_of(read_picture(folder / truth["file"]), about, level=True)
    plane = plane_of(field, about)
    told = ridges(plane, about)
    ours = [
        {"begin": r.begin_hz, "end": r.end_hz, "from": r.begin_s / 60, "to": r.end_s / 60, "began": r.began_s, "rose": r.rose,
         "order": r.order} for r in told.ridges
    ]  # fmt: skip
    level = field.values[::-1].T
    assert about.frequency is not None
    return {
        "ours": _line_scores(ours, truth),
        "peer joined peaks": _line_scores(joined_peaks(level, *about.frequency), truth),
        "trivial mean spectrum": _line_scores(mean_peaks(level, *about.frequency), truth),
    }


def _line_scores(found: list[dict[str, Any]], truth: dict[str, Any]) -> Scores:
    at, rpm = zip(*truth["speed"], strict=True)
    lines = [("order", o) for o in truth["orders"]] + [("hz", c) for c in truth["constants"]]
    free, hits = list(found), []
    for kind, value in lines:
        best = next(
            (f for f in free if all(_near(f, end, kind, value, at, rpm) for end in ("begin", "end"))), None
        )
        if best is not None:
            free.remove(best)
            hits.append((kind, value, best))
    scores = {
        "lines found": len(hits) / len(lines),
        "false lines": float(len(free)),
        "picture all right": float(len(hits) == len(lines) and not free),
    }
    if truth["new"] is not None:
        began = next((b.get("began") for k, v, b in hits if k == "order" and v == truth["new"]), None)
        scores["began within 3 s"] = float(began is not None and abs(began - truth["began"]) <= 3.0)
        rose = next((b.get("rose") for k, v, b in hits if k == "order" and v == truth["new"]), None)
        scores["rise within 3 dB"] = float(rose is not None and abs(rose - truth["rose"]) <= 3.0)
    scores["onsets that are none"] = float(
        sum(
            f.get("began") is not None
            and not (truth["new"] is not None and any(f is b and v == truth["new"] for _, v, b in hits))
            for f in found
        )
    )
    return scores


def _near(found: dict[str, Any], end: str, kind: str, value: float, at: Any, rpm: Any) -> bool:
    second = 60 * found.get("from" if end == "begin" else "to", 0.0 if end == "begin" else 1.0)
    hertz = value if kind == "hz" else value * float(np.interp(second, at, rpm)) / 60
    return abs(found[end] - hertz) <= max(0.025 * hertz, 2.5)


SCORERS: Final = {
    "lone": _thermal,
    "reference": _thermal,
    "neighbours": _neighbours,
    "spectrogram": _spectrogram,
}

if __name__ == "__main__":
    main()
