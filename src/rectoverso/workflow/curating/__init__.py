"""The steps of `verso curate`, one file each; `workflow/curate.py` takes them in order."""
