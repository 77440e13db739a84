"""What somebody may do: one policy a route, one permission function for lists, pages, files and jobs."""
