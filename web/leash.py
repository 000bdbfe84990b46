"""``python -m web.leash PARENT COMMAND...``: become COMMAND, and be killed by the kernel when the process PARENT is gone.

A supervisor that is killed by SIGKILL can't stop what it started; prctl(2) PR_SET_PDEATHSIG makes the kernel do it.
The setting outlives execve, so any program can be held this way.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def hold(parent: int) -> None:
    """Tie this process's life to its parent's; exits at once when ``parent`` is no longer the parent."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


if __name__ == "__main__":
    hold(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - the supervisor wrote these arguments itself, no shell takes part
