"""`aitia models quantize`: a model file in another type."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def quantize(
    model: Annotated[str, typer.Argument(help="A GGUF file or a name of the catalogue.", metavar="FILE")],
    to: Annotated[str, typer.Option("--type", help="Such as q8_0, q6_k, q5_k_m, q4_k_m, q3_k_m.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write it here; default: NAME-TYPE.gguf in this folder.")
    ] = None,
    importance: Annotated[
        str,
        typer.Option(
            help="Read examples of these roles first (names,messages,…; `all`), and round with the least error what "
            "counts for them.",
            metavar="ROLES",
        ),
    ] = "",
    examples: Annotated[int, typer.Option(min=1, help="How many of each, for --importance.")] = 60,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Number of threads; default: as for a diagnosis.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a model in another quantization type, with llama.cpp's own quantizer.

    Start from f16 or bf16 where you have it: what a smaller type lost does not come back in a larger one. Adapters and
    calibrations belong to one file by its sha256: the new file has none.
    """
    from dataclasses import asdict

    from aitia.cli.console import note, print_json
    from aitia.cli.progress import progress_on_stderr
    from aitia.models.files import path_of, sha256_of
    from aitia.models.importance import curriculum_texts
    from aitia.models.importance import importance as measured
    from aitia.models.quantizing import BITS, quantize
    from aitia.models.threads import default_threads

    source = Path(model).expanduser() if ".gguf" in model or "/" in model else path_of(model)
    stem = source.stem
    for kind in BITS:
        stem = stem.removesuffix(f"-{kind}").removesuffix(f".{kind.upper()}").removesuffix(f"-{kind.upper()}")
    target = out or Path(f"{stem}-{to}.gguf")
    many = threads or default_threads()
    with progress_on_stderr() as show:
        texts = curriculum_texts(importance, examples) if importance else []
        matters = measured(source, texts, threads=many, on_progress=show) if texts else None
        made = quantize(source, target, to=to, threads=many, matters=matters, on_progress=show)
        sha256 = sha256_of(target, on_progress=show)
    if as_json:
        print_json(asdict(made) | {"path": str(made.path), "sha256": sha256})
        return
    typer.echo(
        f"{made.path}: {made.type}, {made.bytes / 1e6:.0f} MB of {made.source_bytes / 1e6:.0f} MB, sha256 {sha256}"
    )
    if made.weighed:
        note(f"{made.weighed} matrices were rounded by what counts for {importance}")
    if made.again:
        note(f"{source.name} was quantized before: the new file cannot be better than it")
