"""Received reports: read as a page or PDF, sent back for completion. Rendered from frozen payloads only."""
