"""Plans: the genomförandeplan that participant and handledare write together."""
