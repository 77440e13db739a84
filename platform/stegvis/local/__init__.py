"""What one machine needs to run Stegvis by itself: embedded servers, child processes, run-time state."""
