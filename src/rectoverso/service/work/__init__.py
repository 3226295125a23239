"""The processes that work on jobs, apart from the one that answers requests: any may be killed at any moment."""
