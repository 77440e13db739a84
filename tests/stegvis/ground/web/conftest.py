"""The gallery app for the tests of the web frame, its client, and a real server with a real Chromium."""

import importlib.util
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server


def load_gallery() -> ModuleType:
    """Import gallery_app.py from beside this file (tests are no package)."""
    spec = importlib.util.spec_from_file_location("web_gallery_app", Path(__file__).parent / "gallery_app.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def gallery() -> ModuleType:
    return load_gallery()


@pytest.fixture(scope="session")
def web_app(gallery: ModuleType) -> Flask:
    return gallery.make_app()


@pytest.fixture
def web_client(web_app: Flask) -> FlaskClient:
    return web_app.test_client()


@pytest.fixture(scope="session")
def gallery_url(web_app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, web_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(5)
