"""What a service that makes pictures answers: who may what, and what became of what was asked for."""

from __future__ import annotations

from rectoverso.errors.base import CouldNotRun, InputError


class AccountsMissing(InputError):
    """Facts: host, home."""

    code = "accounts_missing"
    what = "Nothing is served at {host} yet."
    why = "Others could reach it there, and {home} has no accounts: anybody could have pictures made and released."
    fix = "Make an account first: verso people add NAME --role admin. Or serve at 127.0.0.1, for this machine alone."


class NameUnusable(InputError):
    code = "name_unusable"
    what = "The name of an account cannot be used."
    why = "It needs 1 to 100 printable characters."
    fix = "Give the name of a person or a program, for example: verso people add 'Anna Muster'"


class RequestUnusable(InputError):
    """Facts: problems (a line each)."""

    code = "request_unusable"
    what = "This request cannot be used."
    why = "{problems}"
    fix = "GET /api/v1/openapi.json says what each request holds."


class BodyTooLarge(InputError):
    """Facts: limit (in words)."""

    code = "body_too_large"
    what = "What was sent is too large, or came too slowly."
    why = "Up to {limit} are taken at this address, within a time that fits."
    fix = "Send less at once; a larger training set can be curated on the machine itself, with: verso curate"


class RouteUnknown(InputError):
    """Facts: method, path."""

    code = "route_unknown"
    what = "There is nothing to {method} at {path}."
    why = "No such address, or not with this method."
    fix = "GET /api/v1/openapi.json lists all there are."


class PageUnknown(InputError):
    """Facts: path."""

    code = "page_unknown"
    what = "There is no page at {path}."
    why = "There never was one, or its address was typed wrongly."
    fix = "Begin again at the first page."


class FileNotChosen(InputError):
    code = "file_not_chosen"
    what = "No file came with this."
    why = "None was chosen before the button was pressed."
    fix = "Go back, and choose a picture."


class SignInFailed(InputError):
    code = "sign_in_failed"
    what = "This key opens nothing here."
    why = "It was not typed whole, or it has ended."
    fix = (
        "Paste the key as it was given to you: it begins with rv_. If it has ended, ask an admin for another."
    )


class NotSignedIn(InputError):
    code = "not_signed_in"
    what = "This service does not know who asks."
    why = "It wants a key that has not ended, in the header: Authorization: Bearer rv_..."
    fix = "Ask an admin for one: verso people add, or POST /api/v1/people/{{id}}/keys."


class NotAllowed(InputError):
    """Facts: role, needed."""

    code = "not_allowed"
    what = "The role {role} may not do this."
    why = "It needs one of: {needed}."
    fix = "Ask an admin."


class ForeignPage(InputError):
    code = "foreign_page"
    what = "This request came from a page of another site."
    why = "A browser sends along what lets you in, whoever wrote the page; so only this service's own pages may ask."
    fix = "Use a program with a key, or this service's own address."


class JobNotFound(InputError):
    """Facts: job."""

    code = "job_not_found"
    what = "There is no job {job} here."
    why = "There never was one, or it is somebody else's."
    fix = "GET /api/v1/jobs lists yours."


class AssetNotFound(InputError):
    """Facts: asset."""

    code = "asset_not_found"
    what = "There is no image {asset} here."
    why = "There never was one, or it was not released."
    fix = "GET /api/v1/assets lists those that were."


class UploadNotFound(InputError):
    """Facts: digest."""

    code = "upload_not_found"
    what = "Nothing was sent here with the digest {digest}."
    why = "Pictures are sent first, and then named by the digest that the answer gives."
    fix = "Send it with: POST /api/v1/uploads"


class PersonNotFound(InputError):
    """Facts: person."""

    code = "person_not_found"
    what = "There is no account, or no such key of one, called {person}."
    why = "There never was one, or it has ended."
    fix = "List them with: verso people list"


class KeyReused(InputError):
    """Facts: job."""

    code = "key_reused"
    what = "This Idempotency-Key was used before, for something else."
    why = "It stands for the job {job}, and a key stands for one job."
    fix = "Use a new key for a new job."


class SizeFixed(InputError):
    """Facts: asked, size."""

    code = "size_fixed"
    what = "This run does not draw pictures of {asked}."
    why = "It draws them of {size}."
    fix = "Ask for size auto, or leave it out."


class PromptUnknown(InputError):
    """Facts: known."""

    code = "prompt_unknown"
    what = "This run does not read prompts."
    why = "It draws by class, or whatever it was trained on. Its classes: {known}."
    fix = "Give the name of a class as the prompt, or an empty prompt for any."


class NotReleasedYet(InputError):
    """Facts: job, held, refused."""

    code = "held_for_review"
    what = "No picture was released: {held} held for people to look at, {refused} refused."
    why = "Only what passed every check leaves; why each was kept stands in the job."
    fix = "See {job}"


class QueueFull(CouldNotRun):
    """Facts: most."""

    code = "queue_full"
    what = "Too much of yours is waiting already."
    why = "Up to {most} parts of jobs may wait or run for one person."
    fix = "Wait for some to end, or cancel a job."


class ItemAbandoned(CouldNotRun):
    code = "item_abandoned"
    what = "This was begun again and again, and each time the process that worked on it ended."
    why = "It may want more memory than this machine has."
    fix = "Ask for less at once, or have the job tried again: POST /api/v1/jobs/{{job}}/retry"


class TakesTooLong(CouldNotRun):
    """Facts: job, seconds."""

    code = "takes_too_long"
    what = "The pictures are not ready after {seconds} s."
    why = "Others are waiting too, or the machine is slow. The job goes on."
    fix = "See {job}"


class NotWaiting(InputError):
    """Facts: asset."""

    code = "not_waiting"
    what = "There is nothing to decide about the image {asset}."
    why = "No image of that id is held, or it was settled already."
    fix = "GET /api/v1/reviews lists what waits."


class VotedAlready(InputError):
    """Facts: asset."""

    code = "voted_already"
    what = "You have said this of {asset} before."
    why = "Each person counts once."
    fix = "Take it back first to say something else: POST /api/v1/reviews/{asset}/undo"


class OwnWork(InputError):
    """Facts: asset."""

    code = "own_work"
    what = "You cannot approve {asset}: you asked for it."
    why = "Whoever has a picture made is never the one who lets it out."
    fix = "Let somebody else look at it."


class SignatureNeeded(InputError):
    """Facts: asset."""

    code = "signature_needed"
    what = "An approval of {asset} has to be signed."
    why = "Its policy wants that whoever approves shows again who they are, and says what that means."
    fix = "Send your key once more with the approval, and a meaning."


class ProfessionUnconfirmed(InputError):
    """Facts: asset, use."""

    code = "profession_unconfirmed"
    what = "You cannot approve {asset}."
    why = "Its policy wants a professional, and no admin has confirmed that you are one for the use {use}."
    fix = "Ask an admin: verso people confirm ID --use {use} --profession WHAT --evidence WHERE"


class OwnProfession(InputError):
    code = "own_profession"
    what = "You cannot confirm your own profession."
    why = "Whoever signs as a professional is confirmed to be one by somebody else."
    fix = "Ask another admin."


class WordsUnusable(InputError):
    """Facts: most."""

    code = "words_unusable"
    what = "What was said of the profession cannot be used."
    why = "The profession and the evidence for it each need 1 to {most} printable characters."
    fix = "Say what they are, and what you have seen of it, for example: licence 4711, seen on paper"


class ConfirmationNotFound(InputError):
    """Facts: entry."""

    code = "confirmation_not_found"
    what = "There is no confirmation {entry} of this account that could be taken back."
    why = "There never was one, it is somebody else's, or it was taken back before."
    fix = "List them with: verso people show ID"


class HeldBefore(InputError):
    """Facts: asset."""

    code = "held_before"
    what = "The image {asset} cannot be approved any more."
    why = "It was held by an earlier version, which kept nothing by which it could go on."
    fix = "Refuse it, and have the picture made again."


class FoundSince(InputError):
    """Facts: asset."""

    code = "found_since"
    what = "The image {asset} was not let go."
    why = "Compared again with the registered works of today, it shows what it did not show when it was held."
    fix = "Refuse it, or have the picture made again: then it is held with what is found now."


class ReviewElsewhere(InputError):
    """Facts: asset."""

    code = "review_elsewhere"
    what = "Somebody else has just voted on {asset}."
    why = "Your vote rests on what stood there before, so nothing of it was kept."
    fix = "Look at it again."


class NotUndone(InputError):
    """Facts: asset."""

    code = "not_undone"
    what = "There is nothing of yours to take back about {asset}."
    why = "You have no vote on it, or it is more than an hour old, or the draft is gone."
    fix = "An admin can take a release back: POST /api/v1/assets/{{id}}/revoke"


class NoRoom(CouldNotRun):
    code = "no_room"
    what = "The service has no room for this."
    why = "Its disk is almost full."
    fix = "Ask whoever keeps the service; what was kept before stays."
