"""How the child shuts itself in: no network, limits, and a hook that refuses what a renderer never needs.

What each is worth. The empty environment and the absence of keys are certain: there is nothing to find. Limits
are the kernel's. The network is the kernel's where it gives a process an own, empty one; else the hook alone
stands there. The hook sees what Python code does, through Python, and stops templates and libraries that stray;
it is no wall against machine code, which a template of ours cannot bring.
"""

import ctypes
import os
import resource
import sys
from typing import Any

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
LISTING = ("os.listdir", "os.scandir")
# Python's audit events, by how they begin, that no renderer causes.
REFUSED = (
    "socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.kill",
    "os.putenv", "os.unsetenv", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink",
    "os.truncate", "os.chmod", "os.chown", "os.utime", "os.chdir", "os.setxattr", "os.getxattr", "pty.", "ctypes.",
    "shutil.", "tempfile.", "mmap.", "signal.", "resource.", "gc.get_", "pickle.", "urllib.", "http.", "ftplib.",
    "smtplib.", "sqlite3.", "sys.settrace", "sys.setprofile",
)  # fmt: skip


class Refusal(PermissionError):
    """Something that a renderer never needs."""


def shut(root: str, packages: list[str], cpu_seconds: int, memory_bytes: int) -> None:
    """Shut this process in for good: it may read `root` and Python's own files, and use what it has open."""
    _no_network()
    _limit(cpu_seconds, memory_bytes)
    readable = (root, *packages, os.path.dirname(os.__file__))
    _refuse_by_hook(tuple(os.path.realpath(one) for one in readable))


def _no_network() -> None:
    """Leave the network behind: an own, empty one where the kernel gives it, and a proxy that nobody answers on.

    A template that names a package would otherwise make Typst fetch it.
    """
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        os.environ[name] = "http://127.0.0.1:9"
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.unshare(CLONE_NEWNET) != 0:
            libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def _limit(cpu_seconds: int, memory_bytes: int) -> None:
    """No more time or memory than asked for, no file written, no core left behind."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Pipes are not files: the document gets out, and nothing can be written to disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _refuse_by_hook(readable: tuple[str, ...]) -> None:
    inside = tuple(one.rstrip(os.sep) + os.sep for one in readable)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, _mode, flags = args
            if not isinstance(path, int):
                _reading(path, flags)
        elif event in LISTING:
            if args and not isinstance(args[0], int):
                _reading(args[0], 0)
        elif event.startswith(REFUSED):
            raise Refusal(event)

    def _reading(path: Any, flags: int) -> None:
        real = os.path.realpath(os.fsdecode(path))
        if flags & WRITING or not (real + os.sep).startswith(inside):
            raise Refusal("open")

    sys.addaudithook(hook)
