"""The public page of the förbund and of each insats: what it is, for whom, its goals and money."""
