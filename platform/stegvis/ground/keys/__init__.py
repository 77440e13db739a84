"""Keys per scope: one key file outside the database, versioned data keys under it, sealed fields."""

from stegvis.ground.keys.key_files import KeyFileFault, KeyStore, new_data_keys
from stegvis.ground.keys.keyring import KeyFault, KeyRing
from stegvis.ground.keys.sealed import Sealed, SealedJson

__all__ = ["KeyFault", "KeyFileFault", "KeyRing", "KeyStore", "Sealed", "SealedJson", "new_data_keys"]
