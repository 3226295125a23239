"""Protected works: entering them, and finding what resembles them."""
