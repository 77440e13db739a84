"""The receipt of a samtycke as the person downloads it: a document under the huvudman's seal, or the data file in it.

The document is made anew at each download, from the evidence: that is what is kept. Rendering is the child's, which
has no key; the seal is put on here, in the process that answers, with a key from a file beside the database.
"""

from flask import current_app

from stegvis.ground.documents import RenderError
from stegvis.ground.tenancy.scope import current
from stegvis.identity.eid.evidence import Evidence
from stegvis.identity.eid.seal_keys import FOLDER, SealFault, SealStore

__all__ = ["RenderError", "SealFault", "document"]


def document(record: Evidence) -> bytes:
    """The sealed PDF/A-3a of a record of the open vault. Raises RenderError or SealFault."""
    # What seals brings half the libraries for PDF with it: only who fetches a receipt waits for them.
    from stegvis.identity.eid.receipt_pdf import render
    from stegvis.identity.eid.seal import seal

    opened = current()
    store = SealStore(current_app.config["STEGVIS"].home / FOLDER)
    key = store.key(str(opened.id), opened.huvudman.responsible)
    return seal(render(record, key), key, reason="Kvitto på samtycke")
