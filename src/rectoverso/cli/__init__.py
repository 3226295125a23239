"""The `verso` command: one thin module a noun; nothing heavy is imported before a command runs."""
