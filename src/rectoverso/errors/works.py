"""Registered works, their owners and their catalogues."""

from __future__ import annotations

from rectoverso.errors.base import CouldNotRun, InputError


class WorkTooPlain(InputError):
    code = "work_too_plain"
    what = "{path} is too plain to be registered."
    why = "Seen from afar it is nearly one tone, one smooth wave or fine noise, as many other pictures are."
    fix = "Register a picture that shows the work itself, larger or with more contrast."


class WorkCommon(InputError):
    """Facts: path, title (of the common picture), percent."""

    code = "work_common"
    what = "{path} cannot be registered: it is {percent} % alike to “{title}”, which anybody may use."
    why = "A claim on common content would stop pictures that have every right to it."
    fix = "Register what is your own in it; if “{title}” is not free, take it out with: verso registry common remove"


class BadWorks(InputError):
    """Facts: count, total, listing (one line a file: what, why, fix)."""

    code = "bad_works"
    what = "{count} of {total} files cannot be registered:\n{listing}\n"
    why = "Works are entered together or not at all, so nothing was registered."
    fix = "Mend them or leave them out, and try again."


class BadCatalogue(InputError):
    """Facts: path, count, listing (one line a problem: line, column, what)."""

    code = "bad_catalogue"
    what = "There are mistakes in the catalogue {path} ({count}):\n{listing}\n"
    why = "A catalogue is taken whole or not at all, so nothing was changed."
    fix = "Mend these lines; docs/en/registry.md has what each column may hold."


class BadFingerprints(InputError):
    """Facts: path, line, problem."""

    code = "bad_fingerprints"
    what = "The fingerprints in {path} cannot be read: line {line}: {problem}"
    why = "Such a file is taken whole or not at all, and only as it was written, so nothing was changed."
    fix = "Ask whoever sent it to send it again, or to make it anew with: verso registry fingerprint"


class FingerprintsDoubtful(InputError):
    """Facts: path, reason."""

    code = "fingerprints_doubtful"
    what = "{path} cannot be registered by its fingerprints alone: {reason}"
    why = "Fingerprints can be made up. Those of a picture that nobody has seen must tell it from all others."
    fix = "Register the picture itself with: verso registry add. Only its fingerprints are kept of it."


class WorkUnseen(InputError):
    """Facts: title, owner."""

    code = "work_unseen"
    what = "The claim to “{title}” cannot be verified: nobody has seen a picture of it."
    why = "It came as fingerprints, and these may be of no picture, or of somebody else's."
    fix = "Let {owner} bring the original, and compare it first: verso registry verify ORIGINAL"


class NothingRegistered(InputError):
    code = "nothing_registered"
    what = "No work is in force in {home}, so there is nothing to compare pictures with."
    why = "None was registered there, or all were withdrawn, or their rights hold on other days."
    fix = "Check --home, see what is registered with: verso registry list, or register works with: verso registry add"


class RateUnsupported(InputError):
    """Facts: rate, pictures (unrelated ones that could be compared), least (rate), needed (pictures)."""

    code = "rate_unsupported"
    what = "{pictures} unrelated pictures cannot show a rate of {rate}; they support {least} or more."
    why = "If none of n pictures is called alike, the rate may still be 3 / n. Repeats and likely copies do not count."
    fix = "Give {needed} unrelated pictures or more, or ask for --target-fpr {least} or more."


class WorkNotFound(InputError):
    code = "work_not_found"
    what = "No registered work is called {work}."
    why = "Works are named by their id or title."
    fix = "List them with: verso registry list"


class TitleShared(InputError):
    """Facts: title, count, ids."""

    code = "title_shared"
    what = "{count} pictures are registered as “{title}”."
    why = "Which of them is meant is not guessed."
    fix = "Name it by its id: {ids}"


class OwnerNotFound(InputError):
    code = "owner_not_found"
    what = "No registered work belongs to {owner}."
    why = "Owners are named as they were registered, letter by letter."
    fix = "See who owns what with: verso registry list"


class CommonNotFound(InputError):
    code = "common_not_found"
    what = "No common picture is called {common}."
    why = "Common pictures are named by their id or title."
    fix = "List them with: verso registry common list"


class EmbedderUnusable(CouldNotRun):
    """Facts: file, reason, advice."""

    code = "embedder_unusable"
    what = "The weights {file} cannot be used to compare pictures."
    why = "{reason}"
    fix = "{advice}"


class ScreeningStopped(CouldNotRun):
    """Facts: done (pictures), processes."""

    code = "screening_stopped"
    what = "The screening ended after {done} pictures: one of its {processes} processes was killed."
    why = "That is what happens when memory runs out: each process holds all registered works. No table was written."
    fix = "Begin again with fewer --processes."
