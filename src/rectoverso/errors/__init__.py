"""Every error this project raises on purpose: the drawn tree, and one file for each subject.

Each carries a stable ``code`` for programs and three sentences for people: what happened, why, what to do. The
English lives here, the other languages in ``i18n/<language>/errors.toml`` under the same code.

    RectoversoError
    ├── InputError              exit 2: what was given cannot be used
    │   ├── DataNotFound
    │   ├── DataUnusable        no picture, or too few, in the data
    │   ├── CurationUnusable    a folder that no curation can go into
    │   ├── BadImages           some pictures cannot be trained on
    │   ├── ImageUnreadable     one picture cannot be opened
    │   │   ├── ImageNotFound
    │   │   ├── ImageEmpty
    │   │   ├── ImageTooLarge   refused by its header, before anything is decoded
    │   │   ├── ImageUnsupported
    │   │   ├── ImageAnimated
    │   │   ├── ImageDamaged
    │   │   └── ImageStopped    it crashed what read it, or wanted more than it may have
    │   ├── WorkTooPlain        nothing in it that could be recognised again
    │   ├── WorkCommon          alike to what anybody may use
    │   ├── BadWorks            several files cannot be registered
    │   ├── BadCatalogue        mistakes in a table of works
    │   ├── BadFingerprints     a file of fingerprints that is not as such files are written
    │   ├── FingerprintsDoubtful such as no picture leaves, or too few to tell one
    │   ├── WorkUnseen          a claim is verified by the picture, which nobody has seen
    │   ├── NothingRegistered   no works to calibrate for
    │   ├── RateUnsupported     more than so many unrelated pictures can show
    │   ├── UnknownName         a system, preset, use, law ... that does not exist
    │   ├── BadSetting
    │   ├── DicomUnreadable
    │   ├── RunNotFound
    │   ├── RunExists
    │   ├── RunMismatch         resumed with other data or settings
    │   ├── NotComparable       a run and data that cannot be measured against each other
    │   ├── NotFromSeeds        a generator that cannot be taught to mark what it draws
    │   ├── WeightsMissing      a network that others trained is not on this machine
    │   ├── WorkNotFound
    │   ├── TitleShared         several works of one title
    │   ├── PolicyUnusable      a file that holds no rules
    │   ├── PolicyLoosens       rules less strict than those that they extend
    │   ├── OwnerNotFound
    │   ├── CommonNotFound
    │   ├── FilesUnusable       files given to a command that it can do nothing with
    │   ├── OutNotWritable      the results have nowhere to go
    │   ├── AnimationUnsealed   an animation that would leave without proof
    │   ├── HomeMissing
    │   ├── OwnerUnusable       a name that no certificate can carry
    │   ├── EntryNotFound       a ledger entry that does not exist
    │   ├── NotReleased         no released image of that id
    │   ├── NothingToErase      of that name nothing is kept
    │   ├── NotAReceipt
    │   ├── NotABackup
    │   ├── BackupKeysMissing   a backup whose keys were not given
    │   ├── HomeTaken           where a home is to be put back there is something
    │   ├── ExportForeign       a folder that holds something else than this ledger's export
    │   ├── NotALedger          neither a home nor an export
    │   ├── LedgerKeyUnusable
    │   ├── StateUnusable       not what a monitor remembers
    │   ├── AlgorithmUnknown    a soft binding that a resolution service does not look up
    │   ├── QueryUnusable
    │   ├── QueryTooLong
    │   ├── ManifestUnknown
    │   ├── ManifestRevoked
    │   ├── ResolverUnusable    an address that no service can be asked at
    │   ├── AccountsMissing     a service that others could reach, and nobody is known to it
    │   ├── NameUnusable        of an account
    │   ├── RequestUnusable     a request over HTTP that does not say what it has to
    │   ├── BodyTooLarge
    │   ├── RouteUnknown
    │   ├── PageUnknown         of the studio
    │   ├── FileNotChosen
    │   ├── SignInFailed        a key typed there that opens nothing
    │   ├── NotSignedIn
    │   ├── NotAllowed          a role that may not do this
    │   ├── ForeignPage         a browser asks on behalf of another site
    │   ├── JobNotFound
    │   ├── AssetNotFound
    │   ├── UploadNotFound
    │   ├── PersonNotFound
    │   ├── KeyReused           one Idempotency-Key for two jobs
    │   ├── SizeFixed           a run that draws other sizes
    │   ├── PromptUnknown       a run that reads no prompts
    │   ├── NotReleasedYet      pictures that people have to look at first
    │   ├── NotWaiting          an image that nobody has to decide about
    │   ├── VotedAlready
    │   ├── OwnWork             whoever asked for a picture does not approve it
    │   ├── SignatureNeeded     an approval that has to be signed
    │   ├── ProfessionUnconfirmed   by whom nobody has confirmed to be a professional
    │   ├── OwnProfession       nobody confirms their own
    │   ├── WordsUnusable       what is said of one
    │   ├── ConfirmationNotFound
    │   ├── UsageUnusable       a command line that is none
    │   ├── HeldBefore          a draft of which too little was kept to let it go
    │   ├── FoundSince          a held draft that shows more today
    │   ├── ReviewElsewhere     two votes at once
    │   ├── NotUndone           no vote that could be taken back
    │   └── NotOffered          what a service that only reads does not do
    ├── AnswerIsNo              exit 1: the check ran, and the answer is no
    │   ├── LedgerBroken
    │   ├── BackupDamaged
    │   ├── NotVerified         what was made anonymous still holds what it may not
    │   ├── NotIngrained        a generator did not learn to mark what it draws
    │   ├── RunHeld             a run that brings training pictures back, or that an audit found short, is not shared
    │   └── WeightsChanged      a pulled run's weights are not those of its record
    └── CouldNotRun             exit 3: nothing could be said
        ├── PortUnusable
        ├── TooManyRequests     of one address, in a minute
        ├── NotNow              a service that does not get at its records
        ├── NoRoom              a service whose disk is almost full
        ├── QueueFull           one person's jobs that wait
        ├── ItemAbandoned       work that ended its process again and again
        ├── TakesTooLong        a job that goes on after its asker has to be answered
        ├── MissingExtra        an optional part is not installed
        ├── DetectorMissing     what finds faces is not on this machine
        ├── DetectorUnsound     or does not find the face that it is tried on
        ├── MissingProgram      another program that a task needs
        ├── ExportDiffers       the exported network does not draw what the run draws
        ├── CreditUnknown       what a run keeps of its training pictures cannot say whom to name
        ├── EmbedderUnusable    weights that were named, and cannot be used as they were
        ├── HubFailed           the hub gave or took nothing
        ├── MemoryShort         what is sealed has no memory to be opened in
        ├── StillInUse          a run or training set that orders of the service work with
        ├── HomeBusy            another process holds the home
        ├── ErasedMeanwhile     and erased what pictures on their way out may rest on
        ├── HomeUnreadable
        │   ├── HomeNotPermitted    the system refuses to read or write there
        │   ├── HomeForeign         something else lives there
        │   ├── HomeDamaged         the database cannot be read
        │   ├── HomeElsewhere       its records are not where a setting says
        │   ├── HomeUnreachable     the database server does not answer
        │   └── HomeTooNew          made by a later version
        ├── BackupUnsettled     pictures went while they were copied
        ├── BlobDamaged         a stored picture is not what was stored
        ├── BlobMissing
        ├── RecordDamaged       a sealed record is not what was sealed
        ├── RegisterAltered     works were deleted or put back behind this program's back
        ├── ScreeningStopped    a process that compares pictures was killed
        ├── KeysExist
        ├── KeysMissing
        │   └── MasterKeyMissing    what opens everything else is not at hand
        ├── KeyServiceFailed    what keeps the master key elsewhere
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
            ├── LabelNoRoom         a picture too narrow for the words of a law
            ├── LabelTransparent    a JPEG for a picture with transparency
            ├── SigningFailed
            ├── TimeStampFailed
            └── MarkLost            placed, and not found when read back
"""

from __future__ import annotations

from rectoverso.errors.asked import (
    AnimationUnsealed,
    BadSetting,
    FilesUnusable,
    MissingExtra,
    MissingProgram,
    OutNotWritable,
    PolicyLoosens,
    PolicyUnusable,
    Unexpected,
    UnknownName,
    UsageUnusable,
)
from rectoverso.errors.backups import BackupDamaged, BackupKeysMissing, BackupUnsettled, HomeTaken, NotABackup
from rectoverso.errors.base import AnswerIsNo, CouldNotRun, InputError, RectoversoError
from rectoverso.errors.homes import (
    BlobDamaged,
    BlobMissing,
    EntryNotFound,
    ErasedMeanwhile,
    ExportForeign,
    HomeBusy,
    HomeDamaged,
    HomeElsewhere,
    HomeForeign,
    HomeMissing,
    HomeNotPermitted,
    HomeTooNew,
    HomeUnreachable,
    HomeUnreadable,
    KeysDamaged,
    KeyServiceFailed,
    KeysExist,
    KeysLost,
    KeysMissing,
    LedgerBroken,
    LedgerKeyUnusable,
    MasterKeyMissing,
    MemoryShort,
    NotALedger,
    NotAReceipt,
    NothingToErase,
    NotReleased,
    OwnerUnusable,
    RecordDamaged,
    RegisterAltered,
    StateUnusable,
    StillInUse,
)
from rectoverso.errors.marks import (
    LabelNoRoom,
    LabelTransparent,
    LabelUnsupported,
    MarkFailed,
    MarkLost,
    SigningFailed,
    TimeStampFailed,
    WatermarkNoRoom,
    WatermarkTooSmall,
)
from rectoverso.errors.pictures import (
    BadImages,
    CurationUnusable,
    DataNotFound,
    DataUnusable,
    ImageAnimated,
    ImageDamaged,
    ImageEmpty,
    ImageNotFound,
    ImageStopped,
    ImageTooLarge,
    ImageUnreadable,
    ImageUnsupported,
)
from rectoverso.errors.privacy import DetectorMissing, DetectorUnsound, DicomUnreadable, NotVerified
from rectoverso.errors.resolution import (
    AlgorithmUnknown,
    ManifestRevoked,
    ManifestUnknown,
    NotNow,
    NotOffered,
    PortUnusable,
    QueryTooLong,
    QueryUnusable,
    ResolverUnusable,
    TooManyRequests,
)
from rectoverso.errors.runs import (
    CreditUnknown,
    DemoTooShort,
    ExportDiffers,
    HubFailed,
    NotComparable,
    NotFromSeeds,
    NotIngrained,
    ProcessLost,
    RunDamaged,
    RunExists,
    RunHeld,
    RunMismatch,
    RunNotFound,
    TrainingFailed,
    WeightsChanged,
    WeightsMissing,
)
from rectoverso.errors.service import (
    AccountsMissing,
    AssetNotFound,
    BodyTooLarge,
    ConfirmationNotFound,
    FileNotChosen,
    ForeignPage,
    FoundSince,
    HeldBefore,
    ItemAbandoned,
    JobNotFound,
    KeyReused,
    NameUnusable,
    NoRoom,
    NotAllowed,
    NotReleasedYet,
    NotSignedIn,
    NotUndone,
    NotWaiting,
    OwnProfession,
    OwnWork,
    PageUnknown,
    PersonNotFound,
    ProfessionUnconfirmed,
    PromptUnknown,
    QueueFull,
    RequestUnusable,
    ReviewElsewhere,
    RouteUnknown,
    SignatureNeeded,
    SignInFailed,
    SizeFixed,
    TakesTooLong,
    UploadNotFound,
    VotedAlready,
    WordsUnusable,
)
from rectoverso.errors.works import (
    BadCatalogue,
    BadFingerprints,
    BadWorks,
    CommonNotFound,
    EmbedderUnusable,
    FingerprintsDoubtful,
    NothingRegistered,
    OwnerNotFound,
    RateUnsupported,
    ScreeningStopped,
    TitleShared,
    WorkCommon,
    WorkNotFound,
    WorkTooPlain,
    WorkUnseen,
)

__all__ = [
    "AccountsMissing",
    "AlgorithmUnknown",
    "AnimationUnsealed",
    "AnswerIsNo",
    "AssetNotFound",
    "BackupDamaged",
    "BackupKeysMissing",
    "BackupUnsettled",
    "BadCatalogue",
    "BadFingerprints",
    "BadImages",
    "BadSetting",
    "BadWorks",
    "BlobDamaged",
    "BlobMissing",
    "BodyTooLarge",
    "CommonNotFound",
    "ConfirmationNotFound",
    "CouldNotRun",
    "CreditUnknown",
    "CurationUnusable",
    "DataNotFound",
    "DataUnusable",
    "DemoTooShort",
    "DetectorMissing",
    "DetectorUnsound",
    "DicomUnreadable",
    "EmbedderUnusable",
    "EntryNotFound",
    "ErasedMeanwhile",
    "ExportDiffers",
    "ExportForeign",
    "FileNotChosen",
    "FilesUnusable",
    "FingerprintsDoubtful",
    "ForeignPage",
    "FoundSince",
    "HeldBefore",
    "HomeBusy",
    "HomeDamaged",
    "HomeElsewhere",
    "HomeForeign",
    "HomeMissing",
    "HomeNotPermitted",
    "HomeTaken",
    "HomeTooNew",
    "HomeUnreachable",
    "HomeUnreadable",
    "HubFailed",
    "ImageAnimated",
    "ImageDamaged",
    "ImageEmpty",
    "ImageNotFound",
    "ImageStopped",
    "ImageTooLarge",
    "ImageUnreadable",
    "ImageUnsupported",
    "InputError",
    "ItemAbandoned",
    "JobNotFound",
    "KeyReused",
    "KeyServiceFailed",
    "KeysDamaged",
    "KeysExist",
    "KeysLost",
    "KeysMissing",
    "LabelNoRoom",
    "LabelTransparent",
    "LabelUnsupported",
    "LedgerBroken",
    "LedgerKeyUnusable",
    "ManifestRevoked",
    "ManifestUnknown",
    "MarkFailed",
    "MarkLost",
    "MasterKeyMissing",
    "MemoryShort",
    "MissingExtra",
    "MissingProgram",
    "NameUnusable",
    "NoRoom",
    "NotABackup",
    "NotALedger",
    "NotAReceipt",
    "NotAllowed",
    "NotComparable",
    "NotFromSeeds",
    "NotIngrained",
    "NotNow",
    "NotOffered",
    "NotReleased",
    "NotReleasedYet",
    "NotSignedIn",
    "NotUndone",
    "NotVerified",
    "NotWaiting",
    "NothingRegistered",
    "NothingToErase",
    "OutNotWritable",
    "OwnProfession",
    "OwnWork",
    "OwnerNotFound",
    "OwnerUnusable",
    "PageUnknown",
    "PersonNotFound",
    "PolicyLoosens",
    "PolicyUnusable",
    "PortUnusable",
    "ProcessLost",
    "ProfessionUnconfirmed",
    "PromptUnknown",
    "QueryTooLong",
    "QueryUnusable",
    "QueueFull",
    "RateUnsupported",
    "RecordDamaged",
    "RectoversoError",
    "RegisterAltered",
    "RequestUnusable",
    "ResolverUnusable",
    "ReviewElsewhere",
    "RouteUnknown",
    "RunDamaged",
    "RunExists",
    "RunHeld",
    "RunMismatch",
    "RunNotFound",
    "ScreeningStopped",
    "SignInFailed",
    "SignatureNeeded",
    "SigningFailed",
    "SizeFixed",
    "StateUnusable",
    "StillInUse",
    "TakesTooLong",
    "TimeStampFailed",
    "TitleShared",
    "TooManyRequests",
    "TrainingFailed",
    "Unexpected",
    "UnknownName",
    "UploadNotFound",
    "UsageUnusable",
    "VotedAlready",
    "WatermarkNoRoom",
    "WatermarkTooSmall",
    "WeightsChanged",
    "WeightsMissing",
    "WordsUnusable",
    "WorkCommon",
    "WorkNotFound",
    "WorkTooPlain",
    "WorkUnseen",
]
