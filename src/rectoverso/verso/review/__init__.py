"""What people look at when they decide."""
