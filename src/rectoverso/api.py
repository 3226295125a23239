"""The verbs in Python: `curate`, `anonymise`, `train`, `audit`, `generate`, `invert`, `dream`, `ingrain`, `credit`,
`seal`, `verify`. Each is what its command does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from os import PathLike, environ
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.types import Maker, Origin, Report

if TYPE_CHECKING:
    from rectoverso.recto.train.status import Status
    from rectoverso.workflow.anonymised import Anonymised
    from rectoverso.workflow.audit import Audited
    from rectoverso.workflow.batch import Batch
    from rectoverso.workflow.credit import Credited
    from rectoverso.workflow.curate import Curated
    from rectoverso.workflow.dream import Dreamed
    from rectoverso.workflow.ingrain import Ingrained
    from rectoverso.workflow.invert import Projected
    from rectoverso.workflow.terms import Terms
    from rectoverso.workflow.train import Trained

DEFAULT_HOME = ".rectoverso"
"""The working place when neither ``home`` nor RECTOVERSO_HOME names one."""
INGRAIN_IMAGES = 3_200
"""How many pictures a generator is ingrained on, where nobody says: enough for small ones, in half a minute."""

AnyPath = str | PathLike[str]


def curate(
    source: AnyPath,
    *,
    out: AnyPath,
    rules: AnyPath | None = None,
    answers: AnyPath | None = None,
    about: AnyPath | None = None,
    processes: int = 0,
    home: AnyPath | None = None,
) -> Curated:
    """Make a training set in ``out`` of the pictures of ``source`` (a folder, a CSV table or a Parquet file).

    ``rules`` (TOML) says what to decide otherwise than the shipped table, ``answers`` (CSV) what people decided of what
    was asked, ``about`` (TOML) what only people know, for the datasheet. So many ``processes`` work at once; 0 is one
    for each core. Raises FilesUnusable, CurationUnusable, OutNotWritable, MissingExtra.
    """
    from rectoverso.workflow.curate import CurateRequest
    from rectoverso.workflow.curate import curate as make

    request = CurateRequest(
        Path(source),
        Path(out),
        rules=Path(rules) if rules is not None else None,
        about=Path(about) if about is not None else None,
        answers=Path(answers) if answers is not None else None,
        processes=processes,
    )
    return make(request, _home(home))


def anonymise(
    files: AnyPath | Iterable[AnyPath],
    *,
    out: AnyPath,
    faces: str | None = None,
    fill: AnyPath | None = None,
    looked_at: bool = False,
    keep_names: bool = False,
    home: AnyPath | None = None,
) -> Anonymised:
    """Write to ``out`` the pictures and DICOM files (or folders of them) without whom they show and what they tell.

    ``faces`` is ``"pixelate"``, ``"blur"`` or ``"fill"``, by the run ``fill``; without it they are not looked for.
    ``looked_at``: people saw that the pixels of these DICOM files show no words. ``keep_names``: pictures keep their
    names. What cannot be shown to be clean is held, and says why. Raises FilesUnusable, BadSetting, OutNotWritable,
    MissingExtra, DetectorMissing, DetectorUnsound, RunNotFound.
    """
    from rectoverso.verso.anonymise.ways import Way
    from rectoverso.workflow.anonymise import Wanted
    from rectoverso.workflow.anonymise import anonymise as make

    wanted = Wanted(
        Way.named(faces) if faces is not None else None,
        Path(fill) if fill is not None else None,
        looked_at,
        keep_names,
    )
    return make(_paths(files), Path(out), _home(home), wanted)


def train(
    system: str,
    *,
    data: AnyPath,
    out: AnyPath,
    preset: str = "default",
    size: int | str | tuple[int, int] | None = None,
    seed: int | None = None,
    images: int | None = None,
    max_seconds: float | None = None,
    settings: Iterable[str] = (),
    resume: bool = False,
    skip_bad: bool = False,
    channels: int | str = "auto",
    take: int | None = None,
    data_b: AnyPath | None = None,
    mask_classes: int | None = None,
    board: bool = False,
    private: str | None = None,
    home: AnyPath | None = None,
    listener: Callable[[Status], None] | None = None,
) -> Trained:
    """Train ``system`` on ``data`` (folder, zip, Parquet, ``hf:org/name`` or built-in) into the new folder ``out``.

    ``size`` is pixels a side, or width and height (``"96x64"``); ``channels`` 1, 3, 4 or ``"auto"``; ``take`` reads
    only so many pictures; ``data_b`` is the second set, of systems that go from one to the other; masks have
    ``mask_classes`` classes, or those that occur. ``images`` and ``max_seconds`` bound the training, whichever ends
    first. ``board`` writes events for TensorBoard into the run. ``private``: a budget of differential privacy, as
    ``"epsilon=10,delta=1e-5,pictures=2000"``. ``listener`` is called with each record of
    ``status.jsonl`` as it is made; what it raises ends the training, which ``resume`` takes up again. Raises InputError
    for data and settings that cannot be used, RunExists, RunMismatch, TrainingFailed.
    """
    from rectoverso.workflow.train import TrainRequest, train_run

    request = TrainRequest(
        system,
        str(data),
        Path(out),
        preset,
        size,
        seed,
        images,
        max_seconds,
        tuple(settings),
        resume,
        skip_bad,
        channels,
        take,
        None if data_b is None else str(data_b),
        mask_classes,
        board,
        private,
    )
    return train_run(request, _home(home), on_status=listener)


def audit(
    run: AnyPath,
    *,
    data: AnyPath,
    held_out: AnyPath | None = None,
    pictures: int = 1_000,
    samples: int = 10_000,
    most: float | None = None,
    take: int | None = None,
    skip_bad: bool = False,
    home: AnyPath | None = None,
) -> Audited:
    """Attack a run: can it be told what it was trained on, and do training pictures come back?

    ``data`` is what it was trained on, ``held_out`` pictures of the same kind that it was not (else those that its
    training held out), of each at most ``pictures``; so many ``samples`` are drawn. With ``most`` it is short of the
    bar unless at most that share of members is shown to be recognised at 1 % false positives. What is short is held
    at the door from then on. Raises InputError, MissingExtra, OutNotWritable.
    """
    from rectoverso.workflow.audit import audit_run
    from rectoverso.workflow.members import AuditRequest

    given = None if held_out is None else str(held_out)
    request = AuditRequest(Path(run), str(data), given, pictures, samples, most, take, skip_bad)
    return audit_run(request, _home(home))


def generate(
    run: AnyPath,
    *,
    out: AnyPath,
    count: int = 1,
    seed: int = 0,
    label: str | None = None,
    truncation: float | None = None,
    mixes: Iterable[str] = (),
    layers: str | None = None,
    edits: Iterable[str] = (),
    images: AnyPath | Iterable[AnyPath] = (),
    masks: AnyPath | Iterable[AnyPath] = (),
    prompts: Iterable[str] = (),
    tell_prompt: bool = False,
    style: AnyPath | None = None,
    back: bool = False,
    size: int | str | None = None,
    use: str = "general",
    policy: AnyPath | None = None,
    laws: Iterable[str] = (),
    producer: str = "",
    visible: bool = False,
    file_format: str | None = None,
    territory: str = "",
    home: AnyPath | None = None,
) -> Batch:
    """Draw ``count`` images from ``run`` (or the shipped ``"demo"``) and release to ``out`` those that may leave.

    ``mixes`` (``"7@4-9"``), ``layers`` (``"4-9"``) and ``edits`` (``"direction-0=2"``) are written as on the command
    line. ``images`` (files or folders), ``masks`` and ``prompts`` are what runs of some systems make pictures from;
    ``tell_prompt`` writes the prompt into the file, for everybody to read;
    ``style`` is a picture whose style is meant, ``back`` goes from the second set of pictures to the first. ``size`` is
    pixels a side or ``"300x100"``, of runs that draw any size. ``laws`` (``["cn", "eu"]``) want labels, with
    ``visible`` also those that they leave open; ``producer`` is the provider's code in China's. ``file_format`` is
    ``"png"``, ``"jpeg"``, ``"webp"``, ``"tiff"`` or ``"avif"``. ``territory`` (``"DE FR"``, ``"EU"``) is where the
    images are to be used, else everywhere: works whose rights do not reach there are not compared. ``use`` may name a
    policy of the home; ``policy`` is the file of one. Raises RunNotFound, UnknownName (label, use, law or direction),
    BadSetting, PolicyUnusable, PolicyLoosens, HomeBusy.
    """
    from rectoverso.recto.sample.controls import parse_controls
    from rectoverso.workflow.generate import generate_images
    from rectoverso.workflow.materials import Given
    from rectoverso.workflow.shipped import run_at

    controls = parse_controls(truncation, mixes, layers, edits)
    place = _home(home)
    return generate_images(
        run_at(Path(run)),
        Path(out),
        place,
        count=count,
        seed=seed,
        label=label,
        controls=controls,
        given=Given(
            tuple(_paths(images)),
            tuple(_paths(masks)),
            tuple(prompts),
            None if style is None else Path(style),
            back=back,
        ),
        size=None if size is None else str(size),
        tell_prompt=tell_prompt,
        terms=_terms(use, policy, laws, producer, visible, file_format, territory),
    )


def invert(
    run: AnyPath,
    picture: AnyPath,
    *,
    out: AnyPath,
    label: str | None = None,
    seed: int = 0,
    steps: int = 200,
    starts: int = 4,
    tune: int = 0,
    edits: Iterable[str] = (),
    layers: str | None = None,
    use: str = "general",
    policy: AnyPath | None = None,
    laws: Iterable[str] = (),
    producer: str = "",
    visible: bool = False,
    file_format: str | None = None,
    home: AnyPath | None = None,
) -> Projected:
    """Find the code in ``run`` that draws ``picture``, and release to ``out`` what it draws, if that may leave.

    ``steps`` of descent from each of ``starts`` codes; then ``tune`` steps of a copy of the generator's weights towards
    this picture. ``edits``, ``layers`` and everything from ``use`` on are those of `generate`. Raises RunNotFound,
    ImageUnreadable, UnknownName, BadSetting, HomeBusy.
    """
    from rectoverso.recto.sample.controls import parse_controls
    from rectoverso.workflow.invert import invert_picture
    from rectoverso.workflow.shipped import run_at

    return invert_picture(
        run_at(Path(run)),
        Path(picture),
        Path(out),
        _home(home),
        label=label,
        seed=seed,
        steps=steps,
        starts=starts,
        tune=tune,
        controls=parse_controls(None, (), layers, edits),
        terms=_terms(use, policy, laws, producer, visible, file_format),
    )


def dream(
    network: AnyPath,
    *,
    out: AnyPath,
    image: AnyPath | None = None,
    layer: str | None = None,
    channel: int | None = None,
    octaves: int = 4,
    steps: int = 20,
    strength: float = 1.0,
    size: int | str | None = None,
    seed: int = 0,
    use: str = "general",
    policy: AnyPath | None = None,
    laws: Iterable[str] = (),
    producer: str = "",
    visible: bool = False,
    file_format: str | None = None,
    home: AnyPath | None = None,
) -> Dreamed:
    """Make a picture of what a layer of ``network`` looks for, from noise or out of the photograph ``image``, and
    release it to ``out`` if it may leave.

    ``network`` is a run, whose critic is meant, or a file of features; ``layer`` is the last and ``channel`` all of
    them where nothing is said; ``octaves`` are sizes from small to large, with ``steps`` at each, ``strength`` times
    as long as suits most. ``size`` is pixels a side or ``"300x100"``, else the photograph's or 256. From ``use`` on as
    for `generate`. Raises UnknownName, RunNotFound, BadSetting, ImageUnreadable, HomeBusy.
    """
    from rectoverso.workflow.dream import DreamRequest, dream_picture

    request = DreamRequest(
        Path(network),
        None if image is None else Path(image),
        layer,
        channel,
        octaves,
        steps,
        seed,
        None if size is None else str(size),
        strength,
    )
    terms = _terms(use, policy, laws, producer, visible, file_format)
    return dream_picture(request, Path(out), _home(home), terms=terms)


def ingrain(
    run: AnyPath,
    *,
    out: AnyPath,
    images: int = INGRAIN_IMAGES,
    seed: int = 0,
    data: AnyPath | None = None,
    samples: int = 10_000,
    home: AnyPath | None = None,
) -> Ingrained:
    """Write to the new folder ``out`` the run with a generator that marks what it draws, whatever code draws with it.

    It learns from ``images`` pictures of its own. With ``data`` both runs are evaluated against it, each by ``samples``
    pictures. Raises RunNotFound, RunExists, BadSetting, WatermarkTooSmall, NotIngrained.
    """
    from rectoverso.workflow.ingrain import ingrain_run
    from rectoverso.workflow.shipped import run_at

    return ingrain_run(
        run_at(Path(run)),
        Path(out),
        _home(home),
        images=images,
        seed=seed,
        data=None if data is None else str(data),
        samples=samples,
    )


def credit(run: AnyPath, files: AnyPath | Iterable[AnyPath], *, catalogue: AnyPath | None = None) -> Credited:
    """Which training pictures of ``run`` (or of the shipped ``"demo"``) each of ``files`` is nearest to, where it is
    nearer to them than new pictures are. A list to name by: it shows neither what a picture was made from nor that what
    is missing had no part in it.

    ``catalogue`` says whose the training pictures are, each file named as in the data. Raises RunNotFound,
    CreditUnknown, ImageUnreadable, FilesUnusable, BadCatalogue.
    """
    from rectoverso.workflow.credit import credit_files
    from rectoverso.workflow.shipped import run_at

    said = None if catalogue is None else Path(catalogue)
    return credit_files(run_at(Path(run)), _paths(files), catalogue=said)


def seal(
    files: AnyPath | Iterable[AnyPath],
    *,
    out: AnyPath,
    origin: Origin = Origin.AI,
    maker: str = "",
    maker_version: str = "",
    unsafe_origin: bool = False,
    use: str = "general",
    policy: AnyPath | None = None,
    laws: Iterable[str] = (),
    producer: str = "",
    visible: bool = False,
    file_format: str | None = None,
    territory: str = "",
    home: AnyPath | None = None,
) -> Batch:
    """Screen, mark, sign and log images made elsewhere; files that cannot be opened are in ``Batch.failed``.

    ``maker`` is the system that made them, where it is known. ``unsafe_origin``: they are made by AI, although their
    own files say that a camera took them; the ledger tells of it. From ``use`` on as for `generate`.
    """
    from rectoverso.workflow.seal import seal_files

    terms = _terms(use, policy, laws, producer, visible, file_format, territory)
    made_by = Maker(maker, maker_version)
    return seal_files(
        _paths(files),
        Path(out),
        _home(home),
        origin=origin,
        maker=made_by,
        unsafe_origin=unsafe_origin,
        terms=terms,
    )


def verify(
    file: AnyPath,
    *,
    trust: Iterable[AnyPath] = (),
    ledger_keys: Iterable[str] = (),
    resolver: str | None = None,
    home: AnyPath | None = None,
) -> Report:
    """Say which of seven things is true of one file; never raises for what the file contains.

    ``ledger_keys``: public keys of ledgers, a line or a file each, by which the proof beside the file is checked.
    ``resolver``: the address of a resolution service that is asked, over the network, for a credential that the file
    lost; without it no network is used. Raises ResolverUnusable.
    """
    from rectoverso.workflow.verify import reports, service_at

    (report,) = reports([Path(file)], _home(home), _paths(trust), ledger_keys, service_at(resolver))
    return report


def _terms(
    use: str,
    policy: AnyPath | None,
    laws: Iterable[str],
    producer: str,
    visible: bool,
    file_format: str | None,
    territory: str = "",
) -> Terms:
    """The terms on which images leave, from the words of a verb. Raises UnknownName of a law, BadSetting."""
    from rectoverso.workflow.terms import Terms

    file = None if policy is None else Path(policy)
    return Terms.of(
        use, laws, producer, visible=visible, file_format=file_format, policy=file, territory=territory
    )


def _home(home: AnyPath | None) -> Path:
    return Path(home or environ.get("RECTOVERSO_HOME") or DEFAULT_HOME)


def _paths(files: AnyPath | Iterable[AnyPath]) -> list[Path]:
    if isinstance(files, str | PathLike):
        return [Path(files)]
    return [Path(file) for file in files]
