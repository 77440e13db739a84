"""The outbox and the one job function; nothing leaves the database before the commit."""
