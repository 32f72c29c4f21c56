"""Where the data files are: in the repository, or inside an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def data_root() -> Path:
    """The folder that holds `scenarios/`, `seeds/` and `sql/`."""
    installed = _PACKAGE / "_data"
    return installed if installed.is_dir() else _PACKAGE.parent


def scenarios_dir() -> Path:
    """The folder of the built-in scenarios."""
    return data_root() / "scenarios"


def catalogue_sql(phase: str, name: str) -> str:
    """The text of the tool's own query `sql/<phase>/<name>.sql`."""
    return (data_root() / "sql" / phase / f"{name}.sql").read_text(encoding="utf-8")
