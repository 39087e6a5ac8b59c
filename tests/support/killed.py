"""Runs that are killed at a moment that what they have done decides, not a clock: a run goes on a little at a time, and
stands still while it is looked at, so that it is not over before anybody has looked."""
import os
import signal
import subprocess

SLICE = 0.004


def _is_standing(process):
    """Stop it, or find that it has ended."""
    process.send_signal(signal.SIGSTOP)
    if process.returncode is not None:
        return False
    if os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT).si_code != os.CLD_STOPPED:
        process.wait()
        return False
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)
    return True


def kill_once(process, question):
    """Kill a process as soon as the question is answered with yes; whether it was killed, and had not ended before.

    Its standard output and error must not be pipes, which nobody empties meanwhile.  The question must not wait for
    locks that the process may hold.
    """
    while True:
        try:
            process.wait(SLICE)
            return False
        except subprocess.TimeoutExpired:
            pass
        if not _is_standing(process):
            return False
        if question():
            process.kill()
            process.wait()
            return True
        process.send_signal(signal.SIGCONT)
