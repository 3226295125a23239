"""The home with its database, blobs, keys and ledger."""

from __future__ import annotations

from rectoverso.errors.base import AnswerIsNo, CouldNotRun, InputError


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


class StillInUse(CouldNotRun):
    """Facts: name (of a run or a training set), jobs (ids)."""

    code = "still_in_use"
    what = "{name} is not erased: somebody still works with it."
    why = "These orders of the service make it, learn from it or draw with it, and have not ended: {jobs}."
    fix = "Wait for them, or cancel them; then repeat the command. Where the service does not run, start it first."


class MemoryShort(CouldNotRun):
    """Facts: needed, free (megabytes)."""

    code = "memory_short"
    what = "This would lie plain on the disk while it is worked on, and was not begun."
    why = "What is sealed is opened in memory alone. {needed} MB of it are needed at /dev/shm; {free} MB are free."
    fix = (
        "Give it more (in a container: shm_size). Or allow the disk, best an encrypted one, with "
        "RECTOVERSO_PLAIN_ON_DISK=1: what a killed process leaves there lies open until the next start."
    )


class NotReleased(InputError):
    """Facts: asset."""

    code = "not_released"
    what = "There is no released image {asset} in this home."
    why = "Only what was released from here can be revoked."
    fix = "Give the asset's id as generate, seal or verify showed it, and the --home it was released from."


class NothingToErase(InputError):
    """Facts: what (asset, work, person, run or dataset), name."""

    code = "nothing_to_erase"
    what = "Nothing is kept here of the {what} {name}."
    why = "No image, work, set, run or record of this home is by that name, and nothing was erased under it."
    fix = (
        "Give the id, file or name as generate, seal, curate, the service or verso registry list showed it, and the "
        "right --home."
    )


class NotAReceipt(InputError):
    """Facts: path."""

    code = "not_a_receipt"
    what = "{path} is no receipt of an erasure."
    why = "It was changed, cut short, or is another kind of file; nothing in it was verified."
    fix = "Give the file that verso erase wrote."


class ExportForeign(InputError):
    """Facts: folder."""

    code = "export_foreign"
    what = "{folder} holds something else than an export of this ledger."
    why = "It is left as it is: an export writes only into a new folder, or one that it wrote before."
    fix = "Give another folder."


class NotALedger(InputError):
    """Facts: source."""

    code = "not_a_ledger"
    what = "There is no ledger at {source}."
    why = "It is neither a home with entries nor a folder that verso ledger export wrote."
    fix = "Give the folder of a home or of an export; what lies on a server has to be copied here first."


class LedgerKeyUnusable(InputError):
    """Facts: given."""

    code = "ledger_key_unusable"
    what = "{given} names no ledger key."
    why = "It is neither a file of verifier keys nor one such line, or it does not hold together."
    fix = "Get the lines from the ledger's owner, who sees them with: verso ledger keys"


class StateUnusable(InputError):
    """Facts: state."""

    code = "state_unusable"
    what = "{state} is not what a monitor remembers."
    why = "It was changed, cut short, or is another kind of file; nothing was compared with it."
    fix = "Put it back from a backup, or begin anew with another --state."


class LedgerBroken(AnswerIsNo):
    code = "ledger_broken"
    what = "The ledger does not hold together: {problem}."
    why = "An entry, a tree node, a checkpoint or a file differs from what was signed."
    fix = (
        "Keep this home as it is, and compare it with a backup or with a checkpoint that somebody else kept."
    )


class HomeBusy(CouldNotRun):
    code = "home_busy"
    what = "Another process is at the door of {home}."
    why = "Images leave one at a time, so that the ledger stays in one order; waited {seconds} s."
    fix = "Wait for it to end, or use another --home."


class ErasedMeanwhile(CouldNotRun):
    """Facts: home."""

    code = "erased_meanwhile"
    what = "Something was erased from {home} while pictures were on their way to its door."
    why = "They may rest on it, so none of them was let out; what left before that stays decided."
    fix = "Ask for the same again: nothing is decided twice."


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


class HomeElsewhere(HomeUnreadable):
    """Facts: home, kept (where its records are), source (of the setting), given (what the setting names)."""

    code = "home_elsewhere"
    what = "The records of the home {home} are in {kept}, and {source} names {given}."
    why = "A home has one set of records: with two, the same request could be decided twice."
    fix = "Take that setting away, or use another --home. If the database has moved, change database.txt in the home."


class HomeUnreachable(HomeUnreadable):
    """Facts: home, system (the database's own words)."""

    code = "home_unreachable"
    what = "The database of the home {home} does not answer."
    why = "It says: {system}"
    fix = (
        "See that its server runs, and that the address and the password are right. Then repeat the command: "
        "what was decided stays decided, and nothing is decided twice."
    )


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


class RecordDamaged(CouldNotRun):
    """Facts: place (table and row)."""

    code = "record_damaged"
    what = "The record {place} of the home cannot be opened."
    why = "It was changed, moved, or sealed with another key."
    fix = "Put the home's database and keys back from one backup; nothing is decided on a damaged record."


class RegisterAltered(CouldNotRun):
    code = "register_altered"
    what = "The register of works in {home} is not as it was left."
    why = "A row of it was deleted, added or put back as it once was, past this program: something may not be compared."
    fix = (
        "Put the database back from a backup. If you know what happened and take it as it is, say so with: "
        "verso registry unsafe-accept --reason WHY"
    )


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


class MasterKeyMissing(KeysMissing):
    """Facts: home, id (of the master key)."""

    code = "master_key_missing"
    what = "What is encrypted in {home} cannot be opened: its master key {id} is not at hand."
    why = "It is in none of keys/master*.key, RECTOVERSO_MASTER_KEY and RECTOVERSO_KEY_SERVICE."
    fix = "Put the file back from a backup, or set the variable as it was when this home was last used."


class KeyServiceFailed(CouldNotRun):
    """Facts: service, problem (its own words)."""

    code = "key_service_failed"
    what = "The key service {service} did not do what it was asked."
    why = "It says: {problem}"
    fix = "See that it runs and that you may use it. Nothing was decided, and the command can be repeated."


class KeysLost(CouldNotRun):
    """Facts: home."""

    code = "keys_lost"
    what = "The keys of {home} are gone."
    why = "Its ledger was signed with them; new keys would not fit what is there."
    fix = "Put the keys folder back from a backup, or begin a new home."


class KeysDamaged(CouldNotRun):
    """Facts: home, file."""

    code = "keys_damaged"
    what = "The keys of {home} cannot be used."
    why = "{file} is missing, cannot be read, or does not belong to the others."
    fix = "Put the whole keys folder back from a backup."
