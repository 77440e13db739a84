"""The web process's entry point: `stegvis.wsgi:app`, settings from the installation's own file."""

from stegvis.app import create_app
from stegvis.config import read_settings
from stegvis.ground import logs

logs.report_last_words("web_ended")
app = create_app(read_settings())
