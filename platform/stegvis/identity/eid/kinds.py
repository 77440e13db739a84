"""The kinds of provider that there are."""

from stegvis.identity.eid.idura import Idura
from stegvis.identity.eid.kind import Kind, KindName
from stegvis.identity.eid.sweden import Sweden

KINDS: dict[KindName, Kind] = {"sweden": Sweden(), "idura": Idura()}
