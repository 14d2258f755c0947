"""A user's own SQL over `records`: one SELECT, no other file, bounded memory, and settings that it cannot change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aitia.core.errors import BadInput
from aitia.tools.logs.search.query import Found, plain
from aitia.tools.logs.search.store import COLUMNS, Store, short

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def locked(db: DuckDBPyConnection, readable: Sequence[Path]) -> None:
    """Close a database to all but some files. It cannot be opened again."""
    db.execute("SET allowed_paths = ?", [[str(path) for path in readable]])
    for setting in (
        "python_enable_replacements = false",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        db.execute(f"SET {setting}")


def ask(store: Store, sql: str, limit: int) -> Found:
    """The first rows of a query. The database must be `locked`. Raises BadInput for anything but one SELECT that runs."""
    import duckdb

    try:
        statements = duckdb.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise BadInput("--sql must be one SELECT over the table records: nothing else is run.")
        done = store.db.execute(statements[0])
        columns = _unique([str(d[0]) for d in done.description or ()])
        rows = done.fetchmany(limit + 1)
    except duckdb.InterruptException:
        raise
    except duckdb.PermissionException:
        raise BadInput(
            "--sql can use only the table records: no other file can be read or written."
        ) from None
    except duckdb.OutOfMemoryException as error:
        raise BadInput(f"Narrow the --sql: {short(error)}") from None
    except duckdb.Error as error:
        raise BadInput(f"Fix the --sql: {short(error)} (columns: {', '.join(COLUMNS)})") from None
    found = [dict(zip(columns, map(plain, row), strict=True)) for row in rows[:limit]]
    return Found(columns=tuple(columns), rows=found, matched=None, more=len(rows) > limit)


def _unique(names: list[str]) -> list[str]:
    """Two columns of a join may have one name."""
    out: list[str] = []
    for name in names:
        out.append(name if name not in out else f"{name}_{len(out) + 1}")
    return out
