"""Who did and who read what about whom, why and in which role: append-only, chained per schema."""
