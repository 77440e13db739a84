"""The förbund's own rooms: insatser, reports, diarium. No person is known here."""
