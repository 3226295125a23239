"""Every error this project raises on purpose.

Each carries a stable ``code`` for programs and three sentences for people: what happened, why, what to do. The
English lives here, the other languages in ``i18n/<language>/errors.toml`` under the same code.

    RectoversoError
    ├── InputError              exit 2: what was given cannot be used
    │   ├── DataNotFound
    │   ├── DataUnusable        no picture, or too few, in the data
    │   ├── BadImages           some pictures cannot be trained on
    │   ├── ImageUnreadable     one picture cannot be opened
    │   │   ├── ImageNotFound
    │   │   ├── ImageEmpty
    │   │   ├── ImageTooLarge   refused by its header, before anything is decoded
    │   │   ├── ImageUnsupported
    │   │   ├── ImageAnimated
    │   │   └── ImageDamaged
    │   ├── WorkTooPlain        nothing in it that could be recognised again
    │   ├── BadWorks            several files cannot be registered
    │   ├── UnknownName         a system, preset, use, law ... that does not exist
    │   ├── BadSetting
    │   ├── RunNotFound
    │   ├── RunExists
    │   ├── RunMismatch         resumed with other data or settings
    │   ├── NotComparable       a run and data that cannot be measured against each other
    │   ├── WeightsMissing      a network that others trained is not on this machine
    │   ├── WorkNotFound
    │   ├── FilesUnusable       files given to a command that it can do nothing with
    │   ├── OutNotWritable      the results have nowhere to go
    │   ├── AnimationUnsealed   an animation that would leave without proof
    │   ├── HomeMissing
    │   ├── OwnerUnusable       a name that no certificate can carry
    │   └── EntryNotFound       a ledger entry that does not exist
    ├── AnswerIsNo              exit 1: the check ran, and the answer is no
    │   ├── LedgerBroken
    │   └── WeightsChanged      a pulled run's weights are not those of its record
    └── CouldNotRun             exit 3: nothing could be said
        ├── MissingExtra        an optional part is not installed
        ├── MissingProgram      another program that a task needs
        ├── ExportDiffers       the exported network does not draw what the run draws
        ├── HubFailed           the hub gave or took nothing
        ├── HomeBusy            another process holds the home
        ├── HomeUnreadable
        │   ├── HomeNotPermitted    the system refuses to read or write there
        │   ├── HomeForeign         something else lives there
        │   ├── HomeDamaged         the database cannot be read
        │   └── HomeTooNew          made by a later version
        ├── BlobDamaged         a stored picture is not what was stored
        ├── BlobMissing
        ├── KeysExist
        ├── KeysMissing
        ├── KeysLost            the ledger has entries, and the keys that signed them are gone
        ├── KeysDamaged
        ├── RunDamaged          no checkpoint of a run is whole
        ├── Unexpected          a fault of this program
        ├── DemoTooShort        nothing came of the demo that could be shown
        ├── TrainingFailed      the numbers stopped being finite
        ├── ProcessLost         one of several processes that train together is gone
        └── MarkFailed          a mark could not be placed or read back
            ├── WatermarkTooSmall
            ├── WatermarkNoRoom     the pixels cannot be moved to where the bits are
            ├── LabelUnsupported    a file type that is not written here
            ├── LabelTransparent    a JPEG for a picture with transparency
            ├── SigningFailed
            └── MarkLost            placed, and not found when read back
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
    what = "{count} of {total} pictures cannot be used:\n{listing}\n"
    why = "Training has not started, so nothing is lost."
    fix = "Mend or remove them, or pass --skip-bad to leave them out."


class ImageUnreadable(InputError):
    code = "image_unreadable"
    what = "{path} cannot be opened as a picture."
    why = "{reason}"
    fix = "{advice}"


class ImageNotFound(ImageUnreadable):
    code = "image_not_found"
    what = "{path} cannot be read."
    why = "The system says: {reason}."
    fix = "Check the path and who may read it."


class ImageEmpty(ImageUnreadable):
    code = "image_empty"
    what = "{path} is empty."
    why = "The file has no bytes; often a download or a copy was cut short."
    fix = "Get the file again."


class ImageTooLarge(ImageUnreadable):
    code = "image_too_large"
    what = "{path} is too large to open safely."
    why = "It claims more than {limit}; a small file can claim any size, so nothing was decoded."
    fix = "If you trust the picture, scale it down and try again."


class ImageUnsupported(ImageUnreadable):
    code = "image_unsupported"
    what = "{path} is not a picture of a known kind."
    why = "Pictures are opened as PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF, whatever the file is called."
    fix = "Save the picture as PNG or JPEG."


class ImageAnimated(ImageUnreadable):
    code = "image_animated"
    what = "{path} has more than one frame."
    why = "Only still pictures are handled, and choosing one frame would leave the others unchecked."
    fix = "Save the frame you mean as a PNG."


class ImageDamaged(ImageUnreadable):
    code = "image_damaged"
    what = "{path} is damaged."
    why = "Opening it failed part of the way: {reason}."
    fix = "Get the file again, or save it anew from a program that still opens it."


class WorkTooPlain(InputError):
    code = "work_too_plain"
    what = "{path} is too plain to be registered."
    why = "It has almost no detail, so that it would resemble every other plain picture."
    fix = "Register a picture that shows the work itself, larger or with more contrast."


class BadWorks(InputError):
    """Facts: count, total, listing (one line a file: what, why, fix)."""

    code = "bad_works"
    what = "{count} of {total} files cannot be registered:\n{listing}"
    why = "Works are entered together or not at all, so nothing was registered."
    fix = "Mend them or leave them out, and try again."


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


class NotComparable(InputError):
    """Facts: reason, advice."""

    code = "not_comparable"
    what = "The run cannot be measured against this data."
    why = "{reason}"
    fix = "{advice}"


class WeightsMissing(InputError):
    """Facts: network, path, variable, source."""

    code = "weights_missing"
    what = "The weights of {network} are not on this machine."
    why = "They were looked for at {path}, and nothing is downloaded by itself."
    fix = "Get the file from {source} and name it in {variable}, or use --features proxy, which needs none."


class WorkNotFound(InputError):
    code = "work_not_found"
    what = "No registered work is called {work}."
    why = "Works are named by their id or title."
    fix = "List them with: verso registry list"


class FilesUnusable(InputError):
    """Facts: files, reason, advice."""

    code = "files_unusable"
    what = "{files} cannot be used here."
    why = "{reason}"
    fix = "{advice}"


class OutNotWritable(InputError):
    """Facts: out, system."""

    code = "out_not_writable"
    what = "Nothing can be written to {out}."
    why = "The system says: {system}."
    fix = "Choose another --out. What was decided so far stands, and the same command will deliver it."


class AnimationUnsealed(InputError):
    """Facts: file, run."""

    code = "animation_unsealed"
    what = "The animation was not written to {file}."
    why = "A file of several frames cannot carry its proof yet, so it may not leave the run's folder."
    fix = "Name a file inside {run}, or release the single pictures with --out."


class HomeMissing(InputError):
    """Facts: home."""

    code = "home_missing"
    what = "There is no home at {home}."
    why = "Nothing has been trained, released or registered there."
    fix = "Check --home, or make one with: verso keys init --home {home}"


class OwnerUnusable(InputError):
    code = "owner_unusable"
    what = "The owner's name cannot be written into a certificate."
    why = "It needs 1 to 64 printable characters."
    fix = "Give the name of a person, studio or company, for example: --owner 'Studio Moon'"


class EntryNotFound(InputError):
    """Facts: index, size."""

    code = "entry_not_found"
    what = "The ledger has no entry {index}."
    why = "It has {size} entries, numbered from 0."
    fix = "Give the ledger_index that generate, seal or verify showed."


class AnswerIsNo(RectoversoError):
    """The check ran, and the answer is no."""

    code = "no"
    exit_code = 1


class LedgerBroken(AnswerIsNo):
    code = "ledger_broken"
    what = "The ledger does not hold together: {problem}."
    why = "An entry, a tree node, a checkpoint or a file differs from what was signed."
    fix = (
        "Keep this home as it is, and compare it with a backup or with a checkpoint that somebody else kept."
    )


class WeightsChanged(AnswerIsNo):
    """Facts: repository, file, record."""

    code = "weights_changed"
    what = "The run was not taken from {repository}: its {file} is not what the run's own record states."
    why = "Its digest differs from the one in {record}, or that states none: it was changed, or its upload broke off."
    fix = "Ask whoever shares it, or pull an earlier commit with --revision."


class CouldNotRun(RectoversoError):
    """Nothing could be said."""

    code = "could_not_run"


class MissingExtra(CouldNotRun):
    code = "missing_extra"
    what = "{task} needs the package {package}, which is not installed."
    why = "It belongs to the optional part '{extra}'."
    fix = "Install it with: pip install -c constraints.txt 'rectoverso[{extra}]'"


class MissingProgram(CouldNotRun):
    """Facts: task, program, other (what works without it)."""

    code = "missing_program"
    what = "{task} needs the program {program}, which is not installed."
    why = "It is no Python package, so this project cannot bring it along."
    fix = "Install {program}, or use one of: {other}."


class ExportDiffers(CouldNotRun):
    """Facts: file, difference, limit."""

    code = "export_differs"
    what = "The network was not exported to {file}."
    why = "The exported one draws pictures that differ by {difference} from the run's, and {limit} is the limit."
    fix = "Please report it, with the run's config.toml."


class HubFailed(CouldNotRun):
    """Facts: repository, problem."""

    code = "hub_failed"
    what = "The hub could not be reached for {repository}, or it refused."
    why = "It says: {problem}."
    fix = "Check the name, your connection, and who you are with: hf auth whoami"


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


class HomeNotPermitted(HomeUnreadable):
    """Facts: home, system (the operating system's own words)."""

    code = "home_not_permitted"
    what = "The home {home} cannot be read and written."
    why = "The system says: {system}."
    fix = "Check its permissions and the free space, or use another --home."


class HomeForeign(HomeUnreadable):
    code = "home_foreign"
    what = "{home} is not a home of this program."
    why = "Something else already lives there, and it is left as it is."
    fix = "Use another --home."


class HomeDamaged(HomeUnreadable):
    """Facts: home, system (the database's own words)."""

    code = "home_damaged"
    what = "The database of the home {home} cannot be read."
    why = "The database says: {system}."
    fix = "Keep the folder as it is, and put it back from a backup."


class HomeTooNew(HomeUnreadable):
    """Facts: home, revision."""

    code = "home_too_new"
    what = "The home {home} was made by a later version of this program."
    why = "Its database is at revision {revision}, which this version does not know."
    fix = "Update the program, or use another --home."


class BlobDamaged(CouldNotRun):
    """Facts: digest."""

    code = "blob_damaged"
    what = "The stored picture {digest} is damaged."
    why = "Its encrypted file was changed, cut short, or written with another key."
    fix = "Put the file back from a backup; nothing is released from a damaged one."


class BlobMissing(CouldNotRun):
    """Facts: digest."""

    code = "blob_missing"
    what = "The stored picture {digest} is not there."
    why = "Its encrypted file is gone from the home's blobs folder."
    fix = "Put the file back from a backup."


class KeysExist(CouldNotRun):
    code = "keys_exist"
    what = "{home} already has keys."
    why = "New keys would leave the files signed so far without their signer."
    fix = "See them with: verso keys list"


class KeysMissing(CouldNotRun):
    code = "keys_missing"
    what = "{home} has no keys yet."
    why = "Nothing can be signed or stored without them."
    fix = "Make them with: verso keys init"


class KeysDamaged(CouldNotRun):
    """Facts: home, file."""

    code = "keys_damaged"
    what = "The keys of {home} cannot be used."
    why = "{file} is missing, cannot be read, or does not belong to the others."
    fix = "Put the whole keys folder back from a backup."


class RunDamaged(CouldNotRun):
    """Facts: path, folder."""

    code = "run_damaged"
    what = "The run in {path} cannot go on: its checkpoint is damaged."
    why = "{folder} is not what was written there; starting over would remove what is left of it."
    fix = "Restore the folder from a backup, or start a new run in another --out."


class KeysLost(CouldNotRun):
    """Facts: home."""

    code = "keys_lost"
    what = "The keys of {home} are gone."
    why = "Its ledger was signed with them; new keys would not fit what is there."
    fix = "Put the keys folder back from a backup, or begin a new home."


class Unexpected(CouldNotRun):
    """Facts: problem."""

    code = "unexpected"
    what = "Something happened that this program did not expect: {problem}."
    why = "This is a fault of the program, not of what you gave it."
    fix = "Please report it with what you typed. RECTOVERSO_DEBUG=1 shows where it happened."


class DemoTooShort(CouldNotRun):
    """Facts: folder."""

    code = "demo_too_short"
    what = "The demo has nothing to show."
    why = "No image could be released: after so little training all look alike. What was made is in {folder}."
    fix = "Give it more time, for example --seconds 80."


class TrainingFailed(CouldNotRun):
    code = "training_failed"
    what = "Training stopped at {images} images: {what_failed}."
    why = "{reason}"
    fix = "{advice}"


class ProcessLost(CouldNotRun):
    """Facts: system."""

    code = "process_lost"
    what = "Training stopped: another process of this run is gone."
    why = "The processes train together and none can go on alone; the system says: {system}."
    fix = "What was saved is still good: give the same command with --resume, with any number of processes."


class MarkFailed(CouldNotRun):
    """Facts: mark, reason. The kinds below fill in ``reason``; the message ``mark.<code>`` says it in any language."""

    code = "mark_failed"
    what = "The {mark} could not be placed on the image."
    why = "{reason}"
    fix = "{advice}"

    def __init__(self, **facts: object) -> None:
        super().__init__(**{"reason": self.why.format(**facts), **facts})


class WatermarkTooSmall(MarkFailed):
    """Facts: mark, side."""

    code = "watermark_too_small"
    what = "The watermark could not be placed on the image."
    why = "The watermark needs at least {side} x {side} pixels."
    fix = "Make the image larger."


class WatermarkNoRoom(MarkFailed):
    """Facts: mark, worst."""

    code = "watermark_no_room"
    what = "The watermark could not be placed on the image."
    why = "Its pixels leave no room: a bit stays {worst} cells from where it should be."
    fix = "Use an image with some tones between black and white."


class LabelUnsupported(MarkFailed):
    """Facts: mark, media_type."""

    code = "label_unsupported"
    what = "The label could not be written into the file."
    why = "{media_type} is not a file type that is written here."
    fix = "Use PNG, JPEG or WebP."


class LabelTransparent(MarkFailed):
    code = "label_transparent"
    what = "The label could not be written into the file."
    why = "The image has transparency, which a JPEG cannot hold."
    fix = "Use PNG or WebP."


class SigningFailed(MarkFailed):
    """Facts: mark, system."""

    code = "signing_failed"
    what = "The credential could not be signed into the file."
    why = "The signing library says: {system}."
    fix = "Look at the signing keys with: verso keys list"


class MarkLost(MarkFailed):
    """Facts: mark, reading."""

    code = "mark_lost"
    what = "The {mark} was placed on the image, and could not be read back."
    why = "It reads: {reading}."
    fix = "Nothing has left. Please report it, with the image if you may."
