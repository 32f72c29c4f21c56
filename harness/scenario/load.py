"""Reads and validates a scenario's folder; every error names the file, the place and what to do."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from harness.errors import ScenarioError, UsageError
from harness.scenario.files import QueryFile, RoleFile, ScenarioFile
from harness.scenario.model import AcceptRule, AccessRole, Query, Scenario, SqlFile
from harness.scenario.paths import scenarios_dir

FILE_NAME = "scenario.toml"


def scenario_names() -> list[str]:
    """Names of the built-in scenarios, sorted."""
    return sorted(path.parent.name for path in scenarios_dir().glob(f"*/{FILE_NAME}"))


def load_scenario(name_or_folder: str) -> Scenario:
    """The scenario of that name, or in that folder.

    Raises UsageError where there is none (the near miss is named), ScenarioError where a file is missing or wrong.
    """
    folder = _find_folder(name_or_folder).resolve()
    path = folder / FILE_NAME
    entries = _entries(path, ())
    return _resolve(_validate({key: entry.value for key, entry in entries.items()}, path), entries, path)


def _find_folder(name_or_folder: str) -> Path:
    built_in = scenarios_dir() / name_or_folder
    if "/" not in name_or_folder and (built_in / FILE_NAME).is_file():
        return built_in
    folder = Path(name_or_folder)
    if (folder / FILE_NAME).is_file():
        return folder.resolve()
    if folder.is_dir():
        raise UsageError(f"the folder {folder} holds no {FILE_NAME}", "give the folder that holds one")
    names = scenario_names()
    near = difflib.get_close_matches(name_or_folder, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}; or give a folder"
    raise UsageError(f"there is no scenario {name_or_folder!r}", hint)


@dataclass(frozen=True)
class _Entry:
    """A key's value and the folder of the file that gives it, to which its paths are relative."""

    value: object
    folder: Path


def _entries(path: Path, seen: tuple[Path, ...]) -> dict[str, _Entry]:
    """The keys of the file, on top of those of the scenario that it extends."""
    if path in seen:
        raise ScenarioError(f"{path}: extends: the scenarios extend each other in a circle", "let one stand alone")
    data = _read(path)
    own = {key: _Entry(value, path.parent) for key, value in data.items()}
    base = data.get("extends")
    if not isinstance(base, str):
        return own
    base_path = (path.parent / base / FILE_NAME).resolve()
    if not base_path.is_file():
        raise ScenarioError(f"{path}: extends: {base_path} does not exist", "name the other scenario's folder")
    return _entries(base_path, (*seen, path)) | own


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path}: not valid TOML: {error}", "mend the file there") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: not UTF-8: {error}", "save the file as UTF-8") from None


def _validate(data: dict[str, object], path: Path) -> ScenarioFile:
    try:
        return ScenarioFile.model_validate(data)
    except ValidationError as error:
        places = "; ".join(f"{_place(item['loc'])}: {item['msg']}" for item in error.errors())
        raise ScenarioError(f"{path}: {places}", "mend these entries") from None


def _place(location: tuple[int | str, ...]) -> str:
    """`('query', 2, 'weight')` as `query[3].weight`: people count from one."""
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _files(model: ScenarioFile, key: str, entries: dict[str, _Entry], path: Path) -> tuple[SqlFile, ...]:
    """Every file that the key's patterns match, in the patterns' order, sorted by name within one pattern."""
    patterns: list[str] = getattr(model, "schema_" if key == "schema" else key)
    found: list[SqlFile] = []
    for pattern in patterns:
        folder = entries[key].folder
        root = Path(Path(pattern).anchor or folder)
        matches = sorted(root.glob(pattern.removeprefix(Path(pattern).anchor)), key=lambda match: match.name)
        if not matches:
            raise ScenarioError(f"{path}: {key}: no file matches {pattern!r}", f"paths are relative to {folder}")
        found += [_sql_file(match) for match in matches]
    return tuple(found)


def _file(name: str | None, key: str, entries: dict[str, _Entry], path: Path) -> Path | None:
    if name is None:
        return None
    file = (entries[key].folder / name).resolve()
    if not file.is_file():
        raise ScenarioError(
            f"{path}: {key}: {file} does not exist", "mend the path; it is relative to the file's folder"
        )
    return file


def _sql_file(path: Path) -> SqlFile:
    try:
        return SqlFile(path=path.resolve(), text=path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ScenarioError(f"{path}: the file is missing", "write it, or take its entry out of the scenario") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: not UTF-8: {error}", "save the file as UTF-8") from None


def _query(item: QueryFile, workload: Path) -> Query:
    params = workload / f"{item.name}.params.sql"
    return Query(
        name=item.name,
        title=item.title,
        kind=item.kind,
        before=_sql_file(workload / f"{item.name}.before.sql"),
        after=_sql_file(workload / f"{item.name}.after.sql"),
        params=_sql_file(params) if params.exists() else None,
        weight=item.weight,
        max_slowdown=item.max_slowdown,
        gated=item.gated,
        ordered=item.ordered,
    )


def _role(item: RoleFile) -> AccessRole:
    return AccessRole(item.role, tuple(item.settings.items()), item.settings_query, item.askers_query)


def _check_names(model: ScenarioFile, migrations: tuple[SqlFile, ...], path: Path) -> None:
    names = [item.name for item in model.query]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ScenarioError(f"{path}: query: the name {twice[0]!r} stands twice", "give each query its own name")
    roles = [item.role for item in model.access_role]
    if model.queries_as is not None and model.queries_as not in roles:
        hint = f"the access_role entries are: {', '.join(roles)}" if roles else "add an [[access_role]] for it"
        raise ScenarioError(f"{path}: queries_as: {model.queries_as!r} is no access_role", hint)
    unknown = sorted(set(model.index_migrations) - {file.name for file in migrations})
    if unknown:
        hint = f"the migrations are: {', '.join(file.name for file in migrations)}"
        raise ScenarioError(f"{path}: index_migrations: {unknown[0]!r} is not among the migrations", hint)


def _resolve(model: ScenarioFile, entries: dict[str, _Entry], path: Path) -> Scenario:
    migrations = _files(model, "migrations", entries, path)
    _check_names(model, migrations, path)
    seed = _file(model.seed, "seed", entries, path)
    assert seed is not None
    workload_folder = entries["workload"].folder if "workload" in entries else entries["query"].folder
    return Scenario(
        name=model.name,
        title=model.title,
        description=model.description,
        origin=model.origin,
        folder=path.parent,
        main_tables=tuple(model.main_tables),
        roles=_files(model, "roles", entries, path),
        schema=_files(model, "schema", entries, path),
        constraints=_files(model, "constraints", entries, path),
        access=_files(model, "access", entries, path),
        migrations=migrations,
        index_migrations=tuple(model.index_migrations),
        seed=seed,
        column_map=tuple(model.column_map.items()),
        accept=tuple(AcceptRule(**item.model_dump()) for item in model.accept),
        access_roles=tuple(_role(item) for item in model.access_role),
        queries_as=next((_role(item) for item in model.access_role if item.role == model.queries_as), None),
        queries=tuple(_query(item, workload_folder / model.workload) for item in model.query),
        claims=_file(model.claims, "claims", entries, path),
    )
