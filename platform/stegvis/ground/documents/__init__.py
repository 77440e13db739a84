"""Documents are made in a child process that has no environment, no database, no keys and no network."""

from stegvis.ground.documents.render import (
    Attachment,
    RenderError,
    RenderTimeout,
    TemplateError,
    render_report,
    render_typst,
)

__all__ = ["Attachment", "RenderError", "RenderTimeout", "TemplateError", "render_report", "render_typst"]
