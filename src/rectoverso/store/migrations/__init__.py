"""How a home's database came to its tables, step by step. A home only goes forward."""
