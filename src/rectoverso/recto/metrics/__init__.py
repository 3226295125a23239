"""How good and how varied generated pictures are."""
