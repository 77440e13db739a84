"""What every room stands on: tenancy, keys, jobs, documents, the web frame. Knows no person."""
