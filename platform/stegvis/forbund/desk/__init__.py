"""The kansli's front page: every insats one row, what needs an answer on top."""
