"""Which browser a login was made with, in plain words and no closer: a browser's kind and a system's kind."""

from flask_babel import gettext as _

# Mark in the User-Agent header -> code, the first that fits: many browsers call themselves Chrome or Safari too.
_KINDS = (
    (("Edg/", "EdgA/", "EdgiOS/"), "edge"),
    (("OPR/", "Opera"), "opera"),
    (("SamsungBrowser/",), "samsung"),
    (("Firefox/", "FxiOS/"), "firefox"),
    (("Chrome/", "CriOS/", "Chromium/"), "chrome"),
    (("Safari/",), "safari"),
)
_SYSTEMS = (
    (("Android",), "android"),
    (("iPhone", "iPod"), "iphone"),
    (("iPad",), "ipad"),
    (("Windows",), "windows"),
    (("CrOS",), "chromeos"),
    (("Macintosh", "Mac OS X"), "mac"),
    (("Linux", "X11"), "linux"),
)
_NAMES = {
    "edge": "Edge",
    "opera": "Opera",
    "samsung": "Samsung Internet",
    "firefox": "Firefox",
    "chrome": "Chrome",
    "safari": "Safari",
    "android": "Android",
    "iphone": "iPhone",
    "ipad": "iPad",
    "windows": "Windows",
    "chromeos": "Chromebook",
    "mac": "Mac",
    "linux": "Linux",
}


def coarse(user_agent: str) -> tuple[str, str]:
    """The codes of browser and system, each "" when it is none of the known ones; nothing else is kept."""
    return _first(_KINDS, user_agent), _first(_SYSTEMS, user_agent)


def in_words(kind: str, system: str) -> str:
    """The two codes as they are read: "Chrome på Windows"."""
    browser, where = _NAMES.get(kind, ""), _NAMES.get(system, "")
    if browser and where:
        return _("%(browser)s på %(system)s", browser=browser, system=where)
    if where:
        return _("En webbläsare på %(system)s", system=where)
    return browser or _("En webbläsare som vi inte känner igen")


def _first(marks: tuple[tuple[tuple[str, ...], str], ...], text: str) -> str:
    return next((code for words, code in marks if any(word in text for word in words)), "")
