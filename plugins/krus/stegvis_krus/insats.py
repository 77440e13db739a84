"""KRUS needs no code of its own: everything is said in the files."""
