"""A plugin's form on a page: fields for the macros, what was typed, what is left. Shared by the vault's rooms."""
