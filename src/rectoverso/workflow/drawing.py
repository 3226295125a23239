"""What every command that draws from a run shares: the generator, the door, the request, the way through it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rectoverso.errors import MissingExtra
from rectoverso.protocols import Check, Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.store.works import Work
from rectoverso.types import Decision, Digest, Draft, Maker, Message, Pixels
from rectoverso.verso.screen.memorisation import MemorisationCheck
from rectoverso.workflow import digests
from rectoverso.workflow.comparing import checks_of_works
from rectoverso.workflow.extras import training_part
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.progress import Listener, Progress, silent
from rectoverso.workflow.release import Door, Passage, release
from rectoverso.workflow.replication import fingerprints_of, weights_of
from rectoverso.workflow.shipped import SHIPPED
from rectoverso.workflow.standing import against, ask_if_unknown
from rectoverso.workflow.terms import Terms, labelling_of

if TYPE_CHECKING:
    from rectoverso.recto.sample.controls import Controls
    from rectoverso.recto.sample.generator import RunGenerator


def open_generator(run: Path) -> RunGenerator:
    """The generator of a run. Raises RunNotFound and MissingExtra."""
    with training_part("Generating"):
        from rectoverso.recto.sample.generator import RunGenerator

    return RunGenerator(run)


def warm() -> None:
    """Load what a first picture needs, which takes seconds, before somebody waits for it: by drawing one that nobody
    gets, where drawing is installed, and what signs.
    """
    with suppress(MissingExtra):
        next(open_generator(SHIPPED).sample(range(1)))
    import_module("c2pa")


def open_door(
    run: Path,
    maker: Maker,
    home_path: Path,
    terms: Terms,
    listener: Listener = silent,
    clock: Clock | None = None,
) -> Door:
    """The door for what ``maker`` draws from a run: compared with registered works and with the training images.

    Raises UnknownName for a use that there is none of, before a home is made; and as `labelling_of`.
    """
    rules = terms.rules(home_path)
    home = Home.open(home_path)
    keys = open_keys(home, listener=listener)
    _tell_mark(home, maker, listener)
    ask_if_unknown(run, home, keys, listener)

    def checks(works: Sequence[Work]) -> list[Check]:
        """Made at the door, while nobody else is: what is known against the run then holds."""
        known = {
            cause for weights in {maker.digest, weights_of(run)} for cause in against(run, weights, home)
        }
        memorisation = MemorisationCheck(fingerprints_of(run), against=known)
        return [*checks_of_works(home, works, terms.territory, clock), memorisation]

    return Door(
        home=home,
        keys=keys,
        checks=checks,
        policy=rules,
        clock=clock or SystemClock(),
        media_type=terms.media_type,
        labelling=labelling_of(terms, home, keys, maker),
        territory=terms.territory,
        person=terms.person,
    )


def _tell_mark(home: Home, maker: Maker, listener: Listener) -> None:
    """Say of a run that it learnt from a picture that was erased since."""
    with home.database.read() as tx:
        entry = home.lineage.marked(tx, maker.digest)
    if entry is not None:
        said = Message("erase.run_marked", {"index": entry})
        listener(Progress(Message("progress.screening"), 0, said=said))


def request_of(generator: RunGenerator, controls: Controls, **asked: Any) -> Digest:
    """The digest of everything that was asked of the generator, every control included.

    Without controls it is what it was before there were any, so that what was decided then stays decided.
    """
    facts = generator.facts(controls)
    return digests.of_facts(maker=generator.maker.digest, **asked, **({"controls": facts} if facts else {}))


def draft_of_seed(
    generator: RunGenerator, seed: int, class_index: int | None, controls: Controls, pixels: Pixels
) -> Draft:
    """The draft of the picture that a seed gave under these controls.

    What only a seed has made was chosen by nobody. Once people picked a class or steered it by a control it was not
    autonomous; nor was it prompted or validated, so that there is nothing true to say in C2PA's words.
    """
    steered = class_index is not None or bool(generator.facts(controls))
    return Draft(
        pixels=pixels,
        request=request_of(generator, controls, seed=str(seed), label=class_index),
        maker=generator.maker,
        seed=seed,
        oversight=None if steered else "fully_autonomous",
    )


def take_through(
    drafts: Iterable[Draft], total: int, door: Door, out: Path | None, listener: Listener = silent
) -> list[Passage]:
    """Take drafts through the door and say how it goes. Raises as `release` does."""
    passages: list[Passage] = []
    for passage in release(_told(drafts, total, listener), door, out):
        passages.append(passage)
        released = sum(one.asset.decision is Decision.RELEASE for one in passages)
        listener(Progress(Message("progress.releasing", {"released": released}), len(passages), total))
    return passages


def _told(drafts: Iterable[Draft], total: int, listener: Listener) -> Iterator[Draft]:
    """The drafts, and how many of them were screened: all of a group are before the first is released."""
    for number, draft in enumerate(drafts, 1):
        yield draft
        listener(Progress(Message("progress.screening"), number, total))
