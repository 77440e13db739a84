"""The huvudman's vault: persons and everything about them. Never seen by the förbund."""
