"""Referrals: the author's own draft until the samtycke is valid, then the team's."""
