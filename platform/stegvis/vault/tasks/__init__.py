"""What waits today: the front page of those who work in an insats."""
