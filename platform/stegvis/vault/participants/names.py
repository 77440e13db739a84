"""Names as they are searched for: words in one form, and their beginnings. Pure."""

import unicodedata

SHORTEST = 2
# Longer beginnings tell names apart no better; what is typed beyond is not looked at.
LONGEST = 24
_SWEDISH = str.maketrans("åäöéèüæø", "{|}eeu|}")


def in_order(text: str) -> str:
    """Lower case with å, ä, ö after z, the same on every machine, without a locale; é is e, ü is u."""
    return text.lower().translate(_SWEDISH)


def words(text: str) -> list[str]:
    """The words of a name or of what somebody typed, each in the form in which it is searched for.

    As in Swedish order: å, ä and ö are letters of their own (æ is ä, ø is ö), other marks are let go.
    """
    composed = unicodedata.normalize("NFKC", text).casefold()
    return "".join(map(_plain, unicodedata.normalize("NFKC", composed))).split()


def _plain(letter: str) -> str:
    if ord(letter) in _SWEDISH:
        return letter.translate(_SWEDISH)
    parts = [one for one in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(one)]
    return "".join(one if one.isalpha() else " " for one in parts)


def prefixes(name: str) -> set[str]:
    """Every beginning of every word of a name, from two letters."""
    return {word[:length] for word in words(name) for length in range(SHORTEST, min(len(word), LONGEST) + 1)}


def beginnings(typed: str) -> set[str]:
    """What to look for when this was typed: each word's beginning; single letters are let go."""
    return {word[:LONGEST] for word in words(typed) if len(word) >= SHORTEST}
