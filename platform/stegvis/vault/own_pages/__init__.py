"""What a participant sees: the next thing, the plan, the own development, who has read."""
