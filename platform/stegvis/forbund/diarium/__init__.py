"""The diarium: ärenden and their handlingar, with date of arrival."""
