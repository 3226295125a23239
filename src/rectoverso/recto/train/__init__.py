"""Training: one loop, and the nouns it is made of."""
