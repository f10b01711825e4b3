"""The API and the console's pages over the event log: what is published, who reads it, and what failed."""
