"""Documents are made in a child process that has no environment, no database, no keys and no network."""

from stegvis.ground.documents.excel import Cell, Column, Sheet, render_excel
from stegvis.ground.documents.in_child import RenderError, RenderTimeout, TemplateError
from stegvis.ground.documents.join import Beside, join_pdf
from stegvis.ground.documents.render import Attachment, render_report, render_typst
from stegvis.ground.documents.word import WordTemplateRefused, check_word, render_word

__all__ = [
    "Attachment",
    "Beside",
    "Cell",
    "Column",
    "RenderError",
    "RenderTimeout",
    "Sheet",
    "TemplateError",
    "WordTemplateRefused",
    "check_word",
    "join_pdf",
    "render_excel",
    "render_report",
    "render_typst",
    "render_word",
]
