"""A leash: on Linux, a process started through it dies when its parent dies, however that came."""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h; the setting survives exec."""


def leashed(command: Sequence[str]) -> list[str]:
    """`command` such that it does not outlive this process; elsewhere than on Linux, as it is.

    Start it from the main thread: the kernel watches the thread that forked.
    """
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def main(parent: int, command: list[str]) -> None:
    """Become `command`, on the leash of `parent`."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL):
        raise OSError(ctypes.get_errno(), "prctl")
    # A parent that died before the kernel was told is no longer our parent.
    if os.getppid() == parent:
        os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
