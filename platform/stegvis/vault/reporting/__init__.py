"""The insats' report while it is written: figures from the vault, words beside them, marks, sending."""
