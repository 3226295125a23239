"""Where the making side, the proving side and the store meet: one file a job, and one door."""
