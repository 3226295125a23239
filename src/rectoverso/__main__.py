"""`python -m rectoverso` is `verso`."""

from rectoverso.cli.main import main

main()
