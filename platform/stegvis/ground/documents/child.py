"""The child that turns a Typst template and one JSON file into a PDF. Run by path, by `render.py` alone.

It imports nothing of stegvis. It reads one JSON object from standard input, limits itself, compiles, and
writes the PDF to standard output; an error goes to standard error as one JSON object and ends it with 2.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000


def main() -> int:
    """Compile what standard input asks for. Ends with 0, or 2 and `{"message", "trace"}` on standard
    error."""
    order = json.load(sys.stdin)
    sys.path[:0] = order["packages"]
    import typst

    _no_network()
    _limit(order["cpu_seconds"], order["memory_bytes"])
    out = os.dup(1)
    os.dup2(2, 1)
    root = os.getcwd()
    try:
        pdf = typst.compile(
            os.path.join(root, order["main"]),
            root=root,
            font_paths=typst.Fonts(include_system_fonts=False),
            pdf_standards=order["pdf_standards"],
            timestamp=order["timestamp"],
            package_path=os.path.join(root, "packages"),
            package_cache_path=os.path.join(root, "packages"),
        )
    except typst.TypstError as error:
        json.dump({"message": error.message, "trace": error.trace, "hints": error.hints}, sys.stderr)
        return 2
    with os.fdopen(out, "wb") as stream:
        stream.write(pdf)
    return 0


def _no_network() -> None:
    """Leave the network behind: an own, empty one where the kernel gives it, and a proxy that nobody
    answers on.

    A template that names a package would otherwise make Typst fetch it.
    """
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        os.environ[name] = "http://127.0.0.1:9"
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if libc.unshare(CLONE_NEWNET) != 0:
            libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def _limit(cpu_seconds: int, memory_bytes: int) -> None:
    """No more time or memory than asked for, no file written, no core left behind."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Pipes are not files: the PDF gets out, and nothing can be written to disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


if __name__ == "__main__":
    sys.exit(main())
