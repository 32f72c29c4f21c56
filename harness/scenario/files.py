"""A scenario's file, key by key, as it is written; paths in it are not resolved yet."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from harness import sqltext


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QueryFile(_Strict):
    """`[[query]]`: its SQL lies in `workload/<name>.before.sql`, `.after.sql` and, with parameters, `.params.sql`."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    kind: Literal["read", "write"] = "read"
    weight: Annotated[float, Field(ge=0)] = 1.0
    max_slowdown: Annotated[float, Field(gt=0)] = 0.05
    gated: bool = True
    ordered: bool = False


class AcceptFile(_Strict):
    """`[[accept]]`: findings that are known and right, with the reason."""

    kind: str
    object: str
    reason: Annotated[str, Field(min_length=1)]
    max_share: Annotated[float, Field(ge=0, le=1)] = 1.0
    cause: str = ""
    condition: str = ""

    @field_validator("condition")
    @classmethod
    def _is_sql(cls, value: str) -> str:
        problem = sqltext.condition_problem(value) if value else ""
        if problem:
            raise ValueError(f"{value!r} is no condition in SQL: {problem}")
        return value


class RoleFile(_Strict):
    """`[[access_role]]`: who reads the views in the access check."""

    role: str
    settings: dict[str, str] = {}
    settings_query: str = ""
    askers_query: str = ""


class ScenarioFile(_Strict):
    """scenario.toml; paths are relative to its folder and may hold `*`.

    With `extends = "../crm"` the keys of that scenario hold wherever this file does not give its own.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    title: str
    description: str = ""
    origin: str
    extends: str | None = None
    main_tables: Annotated[list[str], Field(min_length=1)]
    roles: list[str] = []
    schema_: Annotated[list[str], Field(alias="schema", min_length=1)]
    constraints: list[str] = []
    access: list[str] = []
    migrations: Annotated[list[str], Field(min_length=1)]
    index_migrations: list[str] = []
    seed: str
    workload: str = "workload"
    claims: str | None = None
    column_map: dict[str, str] = {}
    accept: list[AcceptFile] = []
    access_role: list[RoleFile] = []
    queries_as: str | None = None
    query: Annotated[list[QueryFile], Field(min_length=1)]
