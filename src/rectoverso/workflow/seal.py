"""Take images made elsewhere through the same door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rectoverso.errors import RectoversoError
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.types import Draft, Maker, Message, Origin
from rectoverso.verso.anonymise.bare import without_unseen
from rectoverso.verso.mark.label import MEDIA_TYPES
from rectoverso.verso.picture import read_bytes, sniff
from rectoverso.verso.screen.origin import OriginCheck
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow import digests
from rectoverso.workflow.batch import Batch, Failure
from rectoverso.workflow.comparing import checks_of_works
from rectoverso.workflow.files import picture_files
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.progress import Listener, Progress, silent
from rectoverso.workflow.release import Door, release
from rectoverso.workflow.terms import Terms, labelling_of

UNKNOWN = Maker(name="", version="")


def seal_files(
    files: Iterable[Path],
    out: Path | None,
    home_path: Path,
    *,
    origin: Origin = Origin.AI,
    maker: Maker = UNKNOWN,
    unsafe_origin: bool = False,
    terms: Terms = Terms(),  # noqa: B008 - frozen
    listener: Listener = silent,
    clock: Clock | None = None,
) -> Batch:
    """Screen, mark, sign and log the images in ``files`` (files or folders); released ones go to ``out``, or stay in
    the store without it, on ``terms``, as files of their own kind where these name none. ``maker`` is what made them,
    where that is known. ``unsafe_origin``: made by AI, although their own files say that a camera took them.

    A file that cannot be opened is told in ``Batch.failed`` and never stops the others. Raises UnknownName, and
    BadSetting for a law and photographs, or a law that wants what is not known.
    """
    rules = terms.rules(home_path)
    terms.check(origin)
    paths = picture_files(files)
    home = Home.open(home_path)
    keys = open_keys(home, listener=listener)
    door = Door(
        home=home,
        keys=keys,
        checks=lambda works: [*checks_of_works(home, works, terms.territory, clock), OriginCheck()],
        policy=rules,
        clock=clock or SystemClock(),
        media_type=terms.media_type,
        labelling=labelling_of(terms, home, keys, maker),
        territory=terms.territory,
        person=terms.person,
    )
    failures: list[Failure] = []
    passages = []
    drafts = _drafts(paths, origin, maker, failures, unsafe_origin=unsafe_origin)
    for passage in release(drafts, door, out):
        passages.append(passage)
        listener(Progress(Message("progress.sealing"), len(passages) + len(failures), len(paths)))
    return Batch(tuple(passages), tuple(failures))


def _drafts(
    paths: list[Path], origin: Origin, maker: Maker, failures: list[Failure], *, unsafe_origin: bool
) -> Iterator[Draft]:
    """The files as drafts; those that cannot be opened are noted in ``failures`` and passed over.

    They are strangers' files: what is taken on of one is its pixels, decoded in the bounded process, a block of China's
    that was found well-formed in there, and what it says of AI and of a camera. Everything else of the released file is
    written anew. Colours of what is wholly clear stay behind: no check sees them, and anybody can bring them out.
    """
    for path in paths:
        try:
            data = read_bytes(path)
            opened = shared().open(data, name=str(path))
        except RectoversoError as error:
            failures.append(Failure(str(path), error))
            continue
        kind = sniff(data)
        asked = {} if maker == UNKNOWN else {"maker": maker.name, "version": maker.version}
        is_unsafe = unsafe_origin and bool(opened.camera)
        asked |= {"unsafe_origin": "yes"} if is_unsafe else {}
        yield Draft(
            pixels=without_unseen(opened.pixels),
            request=digests.of_facts(file=digests.of_bytes(data), origin=origin.value, **asked),
            maker=maker,
            origin=origin,
            source=str(path),
            block=opened.block,
            says_ai=opened.says_ai,
            camera=opened.camera,
            unsafe_origin=is_unsafe,
            media_type=kind if kind in MEDIA_TYPES else "image/png",
        )
