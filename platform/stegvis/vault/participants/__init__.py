"""Persons that the huvudman knows: one row a person, found by the keyed hash of the number."""
