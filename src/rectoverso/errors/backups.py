"""Backups of a home, and homes put back from them."""

from __future__ import annotations

from rectoverso.errors.base import AnswerIsNo, CouldNotRun, InputError


class NotABackup(InputError):
    """Facts: path."""

    code = "not_a_backup"
    what = "{path} is no backup of a home."
    why = "It is missing, cut short, another kind of file, or of a later version of this program."
    fix = "Give the file that verso backup wrote."


class BackupKeysMissing(InputError):
    """Facts: path, reason, advice."""

    code = "backup_keys_missing"
    what = "The keys to the backup {path} are not at hand."
    why = "{reason}"
    fix = "{advice}"


class HomeTaken(InputError):
    """Facts: place."""

    code = "home_taken"
    what = "There is something at {place} already."
    why = "Nothing is ever put back over what is there."
    fix = (
        "Name a --home that does not exist, or an empty database; or move away what is there, and keep it "
        "until you know what it is."
    )


class BackupDamaged(AnswerIsNo):
    """Facts: path, problem."""

    code = "backup_damaged"
    what = "The backup {path} is not as it was made: {problem}."
    why = "It was changed or cut short after it was made. Nothing was put back."
    fix = "Take another copy of it, or an earlier backup."


class BackupUnsettled(CouldNotRun):
    """Facts: home."""

    code = "backup_unsettled"
    what = "No backup of {home} could be made of one moment."
    why = "Stored pictures were erased or swept away while they were copied, each time that it was tried."
    fix = "Repeat the command."
