"""Accounts: rows of the scope that they reach, sessions in the broker, invitations; no register of people."""
