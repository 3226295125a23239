"""A whole home in one file, and a home put back from it.

contents    which files of a home belong to a backup
archive     the file: a ZIP that says what is in it, with a digest of each
sealed      the keys, under a passphrase
make        `verso backup`
check       `verso backup --check`
seen        what somebody else saw of the ledger, against the ledger of a backup
restore     `verso restore`
"""
