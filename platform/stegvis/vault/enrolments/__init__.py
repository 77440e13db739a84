"""Enrolments: a participant in an insats, from inskrivning with its baseline to the coded avslut."""
