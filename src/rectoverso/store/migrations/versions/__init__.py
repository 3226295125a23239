"""One file a step, each with its revision, in order."""
