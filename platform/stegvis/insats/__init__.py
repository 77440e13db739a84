"""What a plugin's data means: definitions and pure functions over them. Knows no person and no database."""
