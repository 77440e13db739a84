"""A picture that stands where BankID shows its moving QR code. It changes with its content but cannot be
scanned.

No QR library is among the dependencies, and nothing here needs to be read by a telephone: the pattern is
drawn from a digest of the real content, with the word TEST across it so that nobody tries.
"""

from __future__ import annotations

import hashlib

CELLS = 25
QUIET = 2


def picture(content: str) -> str:
    """An SVG of 25 x 25 cells, black and white by SHA-512 of the content, three corners as in a QR code."""
    bits = "".join(
        f"{byte:08b}" for n in range(2) for byte in hashlib.sha512(f"{n}{content}".encode()).digest()
    )
    squares = []
    for place in range(CELLS * CELLS):
        row, column = divmod(place, CELLS)
        if bits[place % len(bits)] == "1" and not _in_corner(row, column):
            squares.append(f"M{column + QUIET} {row + QUIET}h1v1h-1z")
    corners = "".join(
        f'<path d="M{x} {y}h7v7h-7z" fill="#111"/><path d="M{x + 1} {y + 1}h5v5h-5z" fill="#fff"/>'
        f'<path d="M{x + 2} {y + 2}h3v3h-3z" fill="#111"/>'
        for x, y in ((QUIET, QUIET), (QUIET + CELLS - 7, QUIET), (QUIET, QUIET + CELLS - 7))
    )
    side = CELLS + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        "<title>Testbild som byts varje sekund</title>"
        f'<path d="M0 0h{side}v{side}h-{side}z" fill="#fff"/><path d="{"".join(squares)}" fill="#111"/>'
        f"{corners}"
        f'<path d="M6 11h{side - 12}v7h-{side - 12}z" fill="#fff"/>'
        f'<text x="{side / 2}" y="16.6" font-family="sans-serif" font-size="5.4" font-weight="700" '
        'text-anchor="middle" fill="#9b1c1c">TEST</text></svg>'
    )


def _in_corner(row: int, column: int) -> bool:
    near_top, near_left = row < 8, column < 8
    return (near_top and near_left) or (near_top and column >= CELLS - 8) or (row >= CELLS - 8 and near_left)
