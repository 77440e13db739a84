"""Documents are made in a child process that has no environment, no database, no keys and no network."""

from stegvis.ground.documents.in_child import RenderError, RenderTimeout, TemplateError
from stegvis.ground.documents.render import Attachment, render_report, render_typst
from stegvis.ground.documents.word import WordTemplateRefused, check_word, render_word

__all__ = [
    "Attachment",
    "RenderError",
    "RenderTimeout",
    "TemplateError",
    "WordTemplateRefused",
    "check_word",
    "render_report",
    "render_typst",
    "render_word",
]
