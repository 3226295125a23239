"""Register, look up, list and remove protected works; each change is an entry in the ledger."""
