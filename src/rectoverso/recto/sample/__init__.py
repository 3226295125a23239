"""Drawing pictures from a run."""
