"""Gemensam kraft as a plugin of Stegvis: the folder's TOML files say what it is."""
