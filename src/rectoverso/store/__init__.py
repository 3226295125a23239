"""What a home keeps: database, encrypted pictures, keys. The only floor that speaks SQL."""
