"""Every error this project raises on purpose.

Each carries a stable ``code`` for programs and three sentences for people: what happened, why, what to do.
The English lives here, the other languages in ``i18n/<language>/errors.toml`` under the same code.

    RectoversoError
    ├── InputError              exit 2: what was given cannot be used
    │   ├── DataNotFound
    │   ├── DataUnusable        no picture, or too few, in the data
    │   ├── BadImages           some pictures cannot be trained on
    │   ├── ImageUnreadable     one picture cannot be opened
    │   ├── UnknownName         a system, preset, use, law ... that does not exist
    │   ├── BadSetting
    │   ├── RunNotFound
    │   ├── RunExists
    │   ├── RunMismatch         resumed with other data or settings
    │   └── WorkNotFound
    ├── AnswerIsNo              exit 1: the check ran, and the answer is no
    │   └── LedgerBroken
    └── CouldNotRun             exit 3: nothing could be said
        ├── MissingExtra        an optional part is not installed
        ├── HomeBusy            another process holds the home
        ├── HomeUnreadable
        ├── KeysExist
        ├── TrainingFailed      the numbers stopped being finite
        └── MarkFailed          a mark could not be placed or read back
"""

from __future__ import annotations

from typing import ClassVar


class RectoversoError(Exception):
    """What happened, why, and what to do. ``facts`` fill the blanks of the three sentences."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 3
    what: ClassVar[str] = "Something went wrong."
    why: ClassVar[str] = ""
    fix: ClassVar[str] = ""

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(str(self))

    def sentences(self, what: str | None = None, why: str | None = None, fix: str | None = None) -> list[str]:
        """The three sentences, in English or in the templates given, with the facts filled in."""
        templates = (what or self.what, why or self.why, fix or self.fix)
        return [template.format(**self.facts) for template in templates if template]

    def __str__(self) -> str:
        return " ".join(self.sentences())


class InputError(RectoversoError):
    """What was given cannot be used."""

    code = "input"
    exit_code = 2


class DataNotFound(InputError):
    code = "data_not_found"
    what = "There is no data at {data}."
    why = "DATA is a folder, a zip, a Parquet file or a built-in name ({builtins})."
    fix = "Check the path, or try --data digits."


class DataUnusable(InputError):
    code = "data_unusable"
    what = "{data} cannot be trained on."
    why = "{reason}"
    fix = "{advice}"


class BadImages(InputError):
    """Facts: count, total, listing (one line a picture: path, reason, fix)."""

    code = "bad_images"
    what = "{count} of {total} pictures cannot be used:\n{listing}"
    why = "Training has not started, so nothing is lost."
    fix = "Mend or remove them, or pass --skip-bad to leave them out."


class ImageUnreadable(InputError):
    code = "image_unreadable"
    what = "{path} cannot be opened as a picture."
    why = "{reason}"
    fix = "{advice}"


class UnknownName(InputError):
    code = "unknown_name"
    what = "There is no {kind} called {name!r}."
    why = "Known: {known}."
    fix = "Choose one of these{hint}."


class BadSetting(InputError):
    code = "bad_setting"
    what = "The setting {setting} cannot be used."
    why = "{reason}"
    fix = "{advice}"


class RunNotFound(InputError):
    code = "run_not_found"
    what = "{path} is not a run."
    why = "{reason}"
    fix = "Make one with: verso train SYSTEM --data DATA --out {path}"


class RunExists(InputError):
    code = "run_exists"
    what = "{path} already holds a run."
    why = "A run is never overwritten."
    fix = "Go on with it by --resume, or choose another --out."


class RunMismatch(InputError):
    code = "run_mismatch"
    what = "The run in {path} cannot go on with this {thing}."
    why = "It was started with {before}, and now {after} is given; a resumed run must equal an uninterrupted one."
    fix = "Give the same {thing}, or start a new run in another --out."


class WorkNotFound(InputError):
    code = "work_not_found"
    what = "No registered work is called {work}."
    why = "Works are named by their id or title."
    fix = "List them with: verso registry list"


class AnswerIsNo(RectoversoError):
    """The check ran, and the answer is no."""

    code = "no"
    exit_code = 1


class LedgerBroken(AnswerIsNo):
    code = "ledger_broken"
    what = "The ledger does not hold together: {problem}."
    why = "An entry, a tree node, a checkpoint or a file differs from what was signed."
    fix = "Keep this home as it is, and compare it with a backup or with a checkpoint that somebody else kept."


class CouldNotRun(RectoversoError):
    """Nothing could be said."""

    code = "could_not_run"


class MissingExtra(CouldNotRun):
    code = "missing_extra"
    what = "{task} needs the package {package}, which is not installed."
    why = "It belongs to the optional part '{extra}'."
    fix = "Install it with: pip install -c constraints.txt 'rectoverso[{extra}]'"


class HomeBusy(CouldNotRun):
    code = "home_busy"
    what = "Another process is at the door of {home}."
    why = "Images leave one at a time, so that the ledger stays in one order; waited {seconds} s."
    fix = "Wait for it to end, or use another --home."


class HomeUnreadable(CouldNotRun):
    code = "home_unreadable"
    what = "The home {home} cannot be used."
    why = "{reason}"
    fix = "{advice}"


class KeysExist(CouldNotRun):
    code = "keys_exist"
    what = "{home} already has keys."
    why = "New keys would leave the files signed so far without their signer."
    fix = "See them with: verso keys list"


class TrainingFailed(CouldNotRun):
    code = "training_failed"
    what = "Training stopped at {images} images: {what_failed}."
    why = "{reason}"
    fix = "{advice}"


class MarkFailed(CouldNotRun):
    code = "mark_failed"
    what = "The {mark} could not be placed on the image."
    why = "{reason}"
    fix = "{advice}"
