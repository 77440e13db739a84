"""The web process's entry point: `stegvis.wsgi:app`, settings from the installation's own file."""

from stegvis.app import create_app
from stegvis.config import read_settings
from stegvis.ground import logs

app = create_app(read_settings())
# After the start, whose faults (a wrong tenants file, say) the operator reads in full: no person is known before.
logs.report_last_words("web_ended")
