"""testlegitimation: an OpenID Provider that plays BankID and Freja for demo and tests, on loopback only.

A separate program (``python -m testlegitimation --help``). It imports nothing of the service that it is
used to try out.
"""
