"""Progression instruments: indicators that are rated again and again, and what counts as a step."""

from stegvis.insats.instruments.comparison import Change, Ratings, compare
from stegvis.insats.instruments.definition import ChangeRule, Indicator, Instrument, Scale

__all__ = ["Change", "ChangeRule", "Indicator", "Instrument", "Ratings", "Scale", "compare"]
