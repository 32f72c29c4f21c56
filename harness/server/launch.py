"""Becomes another program, as another account if asked, that dies with the process that wanted it.

Run as a script by a bare interpreter (`python -I -S launch.py PARENT UID GID FOLDER [COMMAND...]`), so that neither
threads nor a virtual environment that the account cannot read stand in the way. The parent-death signal is set after
the change of account, which would clear it; a parent that died before that is noticed by its number.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_CANNOT_RUN = 126


def become(parent: int, uid: int, gid: int, folder: str, command: list[str]) -> None:
    """Never returns: the command runs in this process's place, or the process ends with 126 and a reason.

    Without a command it ends well if the account reaches the folder.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # forgets a Ctrl-C that came before this process had its own session
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        if sys.platform == "linux":
            # SIGQUIT is PostgreSQL's immediate shutdown: nothing is lost, the next start recovers from the log.
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(_CANNOT_RUN)
        os.umask(0o077)
        os.chdir(folder)
        if not command:
            sys.exit(0)
        os.execv(command[0], command)  # noqa: S606 -- no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'changing the account'}: {error.strerror}\n")
        sys.exit(_CANNOT_RUN)


if __name__ == "__main__":
    become(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5:])
