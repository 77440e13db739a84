"""A small insats for the tests."""
