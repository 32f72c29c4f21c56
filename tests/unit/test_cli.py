"""The command line explains itself, and what it cannot use."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
import typer.main

from harness.cli import app, main

GROUP = typer.main.get_command(app)
COMMANDS = sorted(GROUP.commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_explained_in_a_sentence(name: str) -> None:
    command = GROUP.commands[name]  # type: ignore[attr-defined]
    assert command.help.endswith(".")
    for parameter in command.params:
        if parameter.name != "help":
            assert parameter.help.endswith("."), parameter.name
            assert parameter.help[0].isupper() or parameter.name == "profile", parameter.name


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "crn"], "did you mean 'crm'?"),
        (["run", "--scale", "10kk"], "10kk"),
        (["run", "--scale", "0"], "scale"),
        (["run", "--scale=-5"], "-5"),
        (["run", "--budget", "soon"], "'soon' is no duration"),
        (["run", "--clients", "1,1"], "twice"),
        (["run", "--arms", "before"], "no set of arms"),
        (["run", "--profile", "dirty"], "no profile 'dirty'"),
        (["run", "--seed", "x"], "--seed"),
        (["run", "--resume", "nowhere"], "nowhere"),
        (["run", "--pg-bin", "nowhere"], "nowhere"),
        (["run", "--run-as", "nobody-of-this-name"], "nobody-of-this-name"),
        (["run", "--dsn", "mysql://localhost/x"], "postgresql://"),
        (["run", "--dsn", "not a url"], "URL"),
        (["run", "--bogus"], "--bogus"),
        (["report", "nowhere"], "nowhere"),
        (["runn"], "runn"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line_with_exit_code_2(
    words: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["bench", *words])
    former = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        signal.signal(signal.SIGTERM, former)
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith("bench: ")
    assert told in line
    assert list(tmp_path.iterdir()) == [], "nothing is made"
