"""The child that makes one document and ends. Run by path, by `in_child.py` alone; imports nothing of stegvis.

It reads one JSON object from standard input, shuts itself in, makes the document from what lies in its
folder, and writes it to standard output. An error goes to standard error as one JSON object, and ends it with 2.
"""

import json
import os
import sys

import enclosure


def main() -> int:
    """Make what standard input asks for. Ends with 0, or 2 and what was wrong with the template."""
    order = json.load(sys.stdin)
    sys.path[:0] = order["packages"]
    if order["kind"] == "typst":
        import typst_pdf as maker
    elif order["kind"] == "excel":
        import excel_xlsx as maker
    elif order["kind"] == "join":
        import pdf_join as maker
    else:
        import word_docx as maker
    enclosure.shut(os.getcwd(), order["packages"], order["cpu_seconds"], order["memory_bytes"])
    out = os.dup(1)
    os.dup2(2, 1)
    try:
        made = maker.make(os.getcwd(), order)
    except maker.Wrong as wrong:
        json.dump(wrong.args[0], sys.stderr)
        return 2
    with os.fdopen(out, "wb") as stream:
        stream.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
