"""Networks, one file a family, each readable top to bottom; ``layers`` holds what several families share."""
