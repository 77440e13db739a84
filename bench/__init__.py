"""What is measured, against what: `python -m bench` (README.md beside)."""
