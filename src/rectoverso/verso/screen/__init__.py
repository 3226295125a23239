"""The questions asked of a draft before it may leave: one file a check, and the answers that come back."""
