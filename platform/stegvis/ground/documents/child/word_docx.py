"""In the child: check a Word template, and fill it in with the data in its folder."""

import io
import json
import re
from pathlib import Path
from typing import Any

import docxtpl
import jinja2
import word_check
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

Wrong = word_check.Wrong
TEMPLATE, DATA = "template.docx", "data.json"
# What XML cannot hold, and what docxtpl takes for a new paragraph or page.
NOT_TEXT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NO_FILTERS = ("safe", "format", "pprint", "xmlattr", "urlize", "random", "attr")


class Gap(jinja2.ChainableUndefined):
    """A field that the report does not have: the document says so where it should have stood.

    What the sandbox refuses is no gap: it ends the rendering.
    """

    def _missing(self) -> str:
        name = self._undefined_name
        if issubclass(self._undefined_exception, SecurityError) or str(name).startswith("_"):
            raise SecurityError("refused")
        return f"[saknas: {name}]"

    def __str__(self) -> str:
        return self._missing()

    def __html__(self) -> str:
        return str(escape(self._missing()))

    def __getattr__(self, name: str) -> "Gap":
        if name.startswith("_"):
            raise AttributeError(name)
        self._missing()
        return self

    def __getitem__(self, name: object) -> "Gap":  # type: ignore[override]
        if str(name).startswith("_"):
            raise SecurityError("refused")
        self._missing()
        return self


class Closed(ImmutableSandboxedEnvironment):
    """A sandbox with nothing in it but the report: no other templates, no way round the escaping of text."""

    intercepted_binops = frozenset(("**", "*", "%"))

    def __init__(self, *, escaping: bool) -> None:
        super().__init__(
            autoescape=escaping,
            undefined=Gap,
            loader=jinja2.FunctionLoader(_no_template),
            finalize=_shown_in_xml if escaping else _shown,
        )
        for name in NO_FILTERS:
            del self.filters[name]
        self.globals = {"range": self.globals["range"]}

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Numbers are multiplied; no power, no text or list made long by a number, no old formatting."""
        numbers = all(isinstance(one, int | float) for one in (left, right))
        if operator == "**" or not numbers:
            raise SecurityError("refused")
        return super().call_binop(context, operator, left, right)


class Filled(docxtpl.DocxTemplate):
    """The file's own properties are text, not XML: they are filled in without escaping."""

    def render_properties(self, context: dict[str, Any], jinja_env: Any = None) -> None:
        super().render_properties(context, Closed(escaping=False))


def _no_template(name: str) -> None:
    raise Wrong({"code": "includes"})


def _shown(value: Any) -> Any:
    if value is None:
        return "–"
    if callable(value) and not isinstance(value, Gap):
        raise SecurityError("refused")
    return value


def _shown_in_xml(value: Any) -> Markup:
    return escape(_shown(value))


def clean(value: Any) -> Any:
    """The data without characters that a document cannot hold."""
    if isinstance(value, str):
        return NOT_TEXT.sub("", value)
    if isinstance(value, list):
        return [clean(one) for one in value]
    if isinstance(value, dict):
        return {clean(name): clean(one) for name, one in value.items()}
    return value


def make(root: str, order: dict[str, Any]) -> bytes:
    """Check the template; fill it in, and check what came of it, unless checking is all that is asked for."""
    raw = Path(root, TEMPLATE).read_bytes()
    word_check.check(raw)
    data = {} if order["only_check"] else clean(json.loads(Path(root, DATA).read_bytes()))
    made = fill(raw, data)
    if order["only_check"]:
        return b""
    word_check.check(made)
    return made


def fill(raw: bytes, data: dict[str, Any]) -> bytes:
    """Fill in the template. Raises Wrong with the code of a sentence."""
    out = io.BytesIO()
    try:
        template = Filled(io.BytesIO(raw))
        template.render(data, jinja_env=Closed(escaping=True), autoescape=True)
        template.save(out)
    except (SecurityError, PermissionError):
        raise Wrong({"code": "forbidden"}) from None
    except jinja2.TemplateSyntaxError:
        raise Wrong({"code": "syntax"}) from None
    except (MemoryError, RecursionError, OverflowError):
        raise Wrong({"code": "endless"}) from None
    except Wrong:
        raise
    except Exception as error:
        # The data may stand in its text; its name is enough for the log.
        raise Wrong({"code": "failed", "fault": type(error).__name__}) from None
    return out.getvalue()
