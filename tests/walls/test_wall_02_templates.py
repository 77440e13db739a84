"""Wall 2: a template and a text can say what they want; the document is made where there is nothing to find.

H: a Word template read the environment and ran programs in the process that held all keys; a narrative that was
pasted into Typst was code. C: a child process with an empty environment, a folder of its own, limits and no
network; a closed sandbox for Word, a closed folder for Typst; text is data. The escapes are real ones: each is
first shown to work where the wall is not.
"""

import io
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import docx
import docxtpl
import openpyxl
import pikepdf
import pypdf
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from architecture.source import calls, imports, modules
from stegvis.config import Settings, find_root
from stegvis.ground.documents import (
    Column,
    RenderError,
    RenderTimeout,
    Sheet,
    TemplateError,
    WordTemplateRefused,
    render_excel,
    render_typst,
    render_word,
)
from walls.word_files import template, words

pytestmark = pytest.mark.walls

CANARY = "kanariefagel-93811"
CHILD = find_root() / "platform" / "stegvis" / "ground" / "documents" / "child"
MADE = datetime(2024, 1, 15, 9, 0, tzinfo=UTC)
RENDERERS = {"typst", "docxtpl", "docx", "docxcompose", "openpyxl"}
NARRATIVE = [
    '#read("../x")',
    '#eval("1+1")',
    '#import "x.typ": *',
    "{{7*7}}",
    "{% raw %}",
    "<w:p/>",
    "&amp;",
    "$x$",
]
FORMULAS = ['=WEBSERVICE("http://127.0.0.1/"&A1)', "=cmd|'/c calc'!A1", "+1+1", "-1+1", "@SUM(1)", "\t=1"]
READS_ENVIRONMENT = "{{ cycler.__init__.__globals__.os.environ.STEGVIS_CANARY }}"


def inside(document: bytes) -> bytes:
    """Everything in a document, unpacked: the parts of a .docx, the streams and the text of a PDF."""
    if document.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(document)) as archive:
            return b"".join(archive.read(one) for one in archive.namelist())
    streams = [one for one in pikepdf.open(io.BytesIO(document)).objects if isinstance(one, pikepdf.Stream)]
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(document)).pages]
    return b"".join([document, *(one.read_bytes() for one in streams), *(page.encode() for page in pages)])


@pytest.fixture(autouse=True)
def canaries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The word in our environment, and in a file `x` beside the folder that the child gets."""
    monkeypatch.setenv("STEGVIS_CANARY", CANARY)
    (tmp_path / "x").write_text(CANARY)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith("stegvis-document-")] == []


def test_without_the_sandbox_a_template_reads_our_environment() -> None:
    """What the wall is for: docxtpl as it comes."""
    open_door, out = docxtpl.DocxTemplate(io.BytesIO(template(READS_ENVIRONMENT))), io.BytesIO()
    open_door.render({})
    open_door.save(out)
    assert words(out.getvalue()) == [CANARY]
    assert CANARY.encode() in inside(out.getvalue())


@pytest.mark.parametrize(
    ("hostile", "code"),
    [
        (READS_ENVIRONMENT, "forbidden"),
        ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", "forbidden"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "forbidden"),
        ("{{ namn.__class__ }}", "forbidden"),
        ("{{ namn['__class__'] }}", "forbidden"),
        ("{{ namn|attr('__class__') }}", "syntax"),
        ("{{ '{0.__class__}'.format(namn) }}", "forbidden"),
        ("{{ self.__init__.__globals__ }}", "forbidden"),
        ("{{ namn.upper }}", "forbidden"),
        ("{{ rader.append(1) }}", "forbidden"),
        ("{{ namn|safe }}", "syntax"),
        ("{{ 9**9**9 }}", "forbidden"),
        ("{{ 'a'*9999999999 }}", "forbidden"),
        ("{{ '%9999999999d' % 1 }}", "forbidden"),
        ("{% for x in range(10**9) %}a{% endfor %}", "forbidden"),
        ("{% for x in range(1000000000) %}a{% endfor %}", "endless"),
        ("{% include 'x' %}", "includes"),
        ("{% include '../x' %}", "includes"),
        ("{% import 'x' as y %}", "includes"),
        ("{% extends 'x' %}", "includes"),
        ("{{ namn", "syntax"),
    ],
)
def test_a_hostile_word_template_is_refused(hostile: str, code: str) -> None:
    content = {"namn": "Test", "rader": [1]}
    with pytest.raises(WordTemplateRefused) as refused:
        render_word(template(hostile), content)
    assert refused.value.code == code
    assert str(refused.value.sentence).endswith((".", "!"))
    assert CANARY not in str(refused.value)


def test_a_word_template_that_never_ends_is_stopped() -> None:
    loops = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    with pytest.raises(RenderTimeout):
        render_word(template(loops), {}, seconds=2)


def test_a_word_template_that_eats_memory_is_stopped() -> None:
    grows = "{% for a in range(9999) %}{{ namn ~ namn ~ namn ~ namn }}{% endfor %}"
    with pytest.raises(RenderError):
        render_word(template(grows), {"namn": "a" * 1_000_000})


def test_text_is_text_and_a_gap_is_seen() -> None:
    content = {"namn": "Test & <Testsson>", "rader": NARRATIVE, "tomt": None, "antal": 30}
    loop = "{% for rad in rader %}{{ rad }} | {% endfor %}"
    unescaped = "{% autoescape false %}{{ rader[5] }}{% endautoescape %}"
    made = render_word(
        template("{{ namn }}: {{ antal }}", "{{ okand.djupt }} {{ tomt }}", loop, unescaped), content
    )
    assert words(made) == [
        "Test & <Testsson>: 30", "[saknas: okand] –", "".join(f"{one} | " for one in NARRATIVE), "<w:p/>",
    ]  # fmt: skip
    read = docx.Document(io.BytesIO(made))
    assert read.sections[0].header.paragraphs[0].text == "Test & <Testsson>: 30"
    assert read.core_properties.title == "Test & <Testsson>: 30"
    assert CANARY.encode() not in inside(made)


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


@hypothesis_settings(max_examples=6, deadline=None)
@given(
    st.lists(
        st.one_of(texts, st.sampled_from(NARRATIVE), st.text("{}%#_<>&;/'\"wrtp:", max_size=12)), max_size=40
    )
)
def test_any_text_comes_out_as_it_went_in(given_texts: list[str]) -> None:
    # docxtpl's own way to write a literal {{ is {_{ : it is the one pair of signs that changes.
    given_texts = [re.sub("[{}%#]_|_[{}%#]", "", one) for one in given_texts]
    made = render_word(template("{% for rad in rader %}[{{ rad }}]{% endfor %}"), {"rader": given_texts})
    allowed = [re.sub("[\ufffe\uffff]", "", one) for one in given_texts]
    assert words(made) == ["".join(f"[{one}]" for one in allowed)]


@hypothesis_settings(max_examples=3)
@given(st.lists(st.one_of(texts, st.text("=+-@\t'\"1A(){}", min_size=1, max_size=12)), max_size=40))
def test_any_text_in_excel_is_a_text(given_texts: list[str]) -> None:
    given_texts = [*given_texts, *FORMULAS, *NARRATIVE]
    rows = tuple((one,) for one in given_texts)
    made = render_excel("Prov", [Sheet("Prov", (Column("Text"),), rows)], made=MADE, footer=FORMULAS[0])
    cells = [cell for (cell,) in openpyxl.load_workbook(io.BytesIO(made))["Prov"].iter_rows(min_row=2)]
    allowed = [re.sub("[\ufffe\uffff]", "", one) or None for one in given_texts]
    assert [cell.value for cell in cells] == allowed
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert b"<f>" not in inside(made) and CANARY.encode() not in inside(made)


@pytest.mark.parametrize("narrative", NARRATIVE)
def test_a_hostile_narrative_in_typst_is_text(narrative: str, tmp_path: Path) -> None:
    folder = tmp_path / "mall"
    folder.mkdir()
    shown = '#set document(title: [x])\n#set text(lang: "sv")\n#json("data.json").text'
    (folder / "x.typ").write_text(shown)
    made = render_typst(folder, "x.typ", {"text": narrative}, made=MADE)
    text = pypdf.PdfReader(io.BytesIO(made)).pages[0].extract_text()
    assert text.replace("“", '"').replace("”", '"').strip() == narrative
    assert CANARY.encode() not in inside(made)


@pytest.mark.parametrize(
    "hostile", ['#read("../x")', '#read("/../x")', '#read("/proc/self/environ")', '#import "../x"']
)
def test_a_hostile_typst_template_is_refused(hostile: str, tmp_path: Path) -> None:
    folder = tmp_path / "mall"
    folder.mkdir()
    (folder / "x.typ").write_text(hostile)
    with pytest.raises(TemplateError) as refused:
        render_typst(folder, "x.typ", {}, made=MADE)
    assert CANARY not in str(refused.value)


ESCAPES = {
    "the parent's environment": "open(f'/proc/{os.getppid()}/environ', 'rb').read()",
    "a file beside": "open('../x').read()",
    "a link that leads out": "open('link').read()",
    "a file beside, lower": "os.open('../x', os.O_RDONLY)",
    "the folder above": "os.listdir('..')",
    "a program": "subprocess.run(['/bin/true'])",
    "a shell": "os.system('true')",
    "a child": "os.fork()",
    "a socket": "socket.socket()",
    "a name": "socket.getaddrinfo('localhost', 80)",
    "a file of its own": "open('own', 'w')",
    "a signal": "os.kill(os.getppid(), 0)",
    "machine code": "ctypes.CDLL(None)",
}
SHUT = """
import ctypes, json, os, socket, subprocess, sys
sys.path.insert(0, sys.argv[1])
import enclosure
if sys.argv[2] == "shut":
    enclosure.shut(os.getcwd(), [], 20, 2**30)
told = {}
for name, code in json.loads(sys.argv[3]).items():
    if name == "a child" and sys.argv[2] != "shut":
        code = "None"
    try:
        exec(code)
        told[name] = "done"
    except Exception as error:
        told[name] = type(error).__name__
print(json.dumps(told))
"""


def tried(shut: str, folder: Path, code: dict[str, str]) -> dict[str, str]:
    """What comes of each piece of code in a process that is shut in, or is not."""
    done = subprocess.run(
        [sys.executable, "-c", SHUT, str(CHILD), shut, json.dumps(code)],
        cwd=folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    told: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_the_hook_refuses_what_code_could_do_behind_the_sandbox(tmp_path: Path) -> None:
    """As if the sandbox had a hole: the same code, outside and inside of the enclosure."""
    folder = tmp_path / "egen"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "x")
    (folder / "data.json").write_text("{}")
    everything = ESCAPES | {"its own file": "open('data.json').read()"}
    assert set(tried("open", folder, everything).values()) == {"done"}
    (folder / "own").unlink()
    assert tried("shut", folder, everything) == dict.fromkeys(ESCAPES, "Refusal") | {"its own file": "done"}


def test_the_network_is_gone_also_without_the_hook(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = f"socket.create_connection(('127.0.0.1', {port}), timeout=5)"
        assert tried("open", tmp_path, {"before": connect})["before"] == "done"
        alone = {"network": "enclosure._no_network()", "after": connect}
        if (
            not os.path.exists("/proc/self/ns/net")
            or tried("open", tmp_path, {"may": MAY_LEAVE})["may"] != "done"
        ):
            pytest.skip("the kernel gives no network of one's own here: the hook stands alone")
        assert tried("open", tmp_path, alone)["after"] in (
            "ConnectionRefusedError",
            "OSError",
            "TimeoutError",
        )


MAY_LEAVE = "assert ctypes.CDLL(None).unshare(0x40000000) == 0 or ctypes.CDLL(None).unshare(0x50000000) == 0"


def test_no_renderer_is_imported_outside_the_child() -> None:
    outside = [one for one in modules() if not one.path.is_relative_to(CHILD)]
    inner = {path.stem for path in CHILD.glob("*.py")} - {"__main__"}
    found = [
        f"{module.short}:{line} {name}"
        for module in outside
        for line, name in imports(module)
        if name.split(".")[0] in RENDERERS | inner
        or name.startswith(("jinja2.sandbox", "stegvis.ground.documents.child"))
    ]
    assert found == []
    assert {name for one in modules() if one.path.is_relative_to(CHILD) for _, name in imports(one)} & RENDERERS == {
        "typst", "docxtpl", "openpyxl",
    }  # fmt: skip
    texts = [
        f"{module.short}:{call.lineno} {name}"
        for module in outside
        for call, name in calls(module.tree)
        if name in ("from_string", "render_template_string", "Template", "stream_template_string")
    ]
    assert texts == []


def test_no_renderer_is_loaded_by_web_or_worker(settings: Settings) -> None:
    program = (
        "import json, sys\nfrom pathlib import Path\nfrom stegvis.config import read_settings\n"
        "import stegvis.worker as worker\nimport stegvis.cli\n"
        "worker.create_app(read_settings(Path(sys.argv[1])))\nworker.load_jobs()\n"
        "print(json.dumps(sorted({one.split('.')[0] for one in sys.modules})))"
    )
    path = str(find_root() / "platform")
    done = subprocess.run(
        [sys.executable, "-c", program, str(settings.home)],
        capture_output=True, text=True, timeout=120, env=os.environ | {"PYTHONPATH": path}, check=True,
    )  # fmt: skip
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert {"flask", "stegvis", "rq"} <= loaded
    assert loaded & RENDERERS == set()
