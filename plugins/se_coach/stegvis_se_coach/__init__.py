"""SE-coach Gävle as a plugin of Stegvis: the folder's TOML files say what it is."""
