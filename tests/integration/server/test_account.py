"""Programs started as the server's account, out of reach of Ctrl-C from their first instant."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = """
import os, signal, sys, threading, time
from pathlib import Path
from harness.server.account import choose_account
signal.signal(signal.SIGINT, lambda *_: None)
over = threading.Event()
def press():
    while not over.wait(0.0002):
        os.killpg(0, signal.SIGINT)
pressing = threading.Thread(target=press)
pressing.start()
account, folder = choose_account(None), Path(sys.argv[1])
found = []
working = threading.Thread(target=lambda: found.extend(account.obstacle(folder) for _ in range(40)))
working.start()
working.join()
over.set()
pressing.join()
print(len(found), set(found))
print(account.run(["/bin/sh", "-c", "kill -INT $$; echo still there"], folder).stdout or "ended")
"""


def test_a_program_is_not_ended_by_ctrl_c_before_it_has_its_own_session() -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, name], capture_output=True, text=True, start_new_session=True, check=True
        )
    # The last program, in its own session, can be interrupted as ever: nothing is left blocked.
    assert done.stdout.split("\n")[:2] == ["40 {''}", "ended"], done.stdout + done.stderr
