"""The README tells the truth: its commands and options exist."""

from __future__ import annotations

import re

from tests.acceptance.conftest import Bench
from tests.acceptance.place import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_every_command_of_the_readme_exists_and_every_command_is_in_the_readme(bench: Bench) -> None:
    told = set(re.findall(r"`bench ([a-z]+)", README))
    help_text = bench("--help").out
    offered = set(re.findall(r"^  ([a-z]+)\s{2,}\S", help_text, flags=re.MULTILINE))
    assert offered, help_text
    assert told == offered


def test_every_option_of_the_readme_exists(bench: Bench) -> None:
    names = ("run", "verify", "clean", "report", "serve", "doctor", "measure", "prove", "compare", "calibrate")
    offered = "".join(bench(name, "--help").out for name in names)
    for option in set(re.findall(r"(?<=[` ])--[a-z][a-z-]*", README)):
        assert option in offered, option


def test_the_two_commands_are_the_ones_that_ci_and_the_tests_use() -> None:
    commands = re.findall(r"^\$ (.*)$", README, flags=re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith(".venv/bin/bench run --scale 10k")
    assert commands[1].endswith(".venv/bin/pytest -n 2")


def test_every_link_and_picture_of_the_documents_leads_somewhere() -> None:
    documents = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md"), *REPOSITORY.glob("scenarios/*.md")]
    assert len(documents) >= 3
    for document in documents:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
