"""Runs a program that must not outlive whoever started it: `python tether.py PARENT-PID PROGRAM ARGUMENTS...`.

On Linux the kernel sends SIGTERM when the parent dies, and this process becomes the program. Elsewhere this process
stays, and ends the program when its standard input, which only the parent holds, is closed.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Become the program, or guard it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(1)  # it died before the kernel was asked
        os.execv(command[0], command)
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_input, args=(program,), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: program.terminate())
    sys.exit(program.wait())


def _end_with_input(program: "subprocess.Popen[bytes]") -> None:
    sys.stdin.read()
    program.terminate()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
