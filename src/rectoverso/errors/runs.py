"""Runs: finding, training, measuring and sharing them."""

from __future__ import annotations

from rectoverso.errors.base import AnswerIsNo, CouldNotRun, InputError


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


class WeightsChanged(AnswerIsNo):
    """Facts: repository, file, record."""

    code = "weights_changed"
    what = "The run was not taken from {repository}: its {file} is not what the run's own record states."
    why = "Its digest differs from the one in {record}, or that states none: it was changed, or its upload broke off."
    fix = "Ask whoever shares it, or pull an earlier commit with --revision."


class RunHeld(AnswerIsNo):
    """Facts: path, reason, advice."""

    code = "run_held"
    what = "The run in {path} was not shared: people have to look at each of its pictures."
    why = "{reason}"
    fix = "{advice}"


class NotFromSeeds(InputError):
    """Facts: run, system."""

    code = "not_from_seeds"
    what = "The generator of {run} cannot be taught to mark what it draws."
    why = "{system} makes pictures from what it is given; only a generator that draws from seeds alone can be taught."
    fix = "Use verso generate with this run: pictures that leave by the door carry every other mark."


class NotIngrained(AnswerIsNo):
    """Facts: run, images, p_value."""

    code = "not_ingrained"
    what = "The generator of {run} did not learn to mark what it draws."
    why = "After {images} images a hundred pictures together carry no mark (p = {p_value}), so nothing was written."
    fix = "Give it more --images."


class ExportDiffers(CouldNotRun):
    """Facts: file, difference, limit."""

    code = "export_differs"
    what = "The network was not exported to {file}."
    why = "The exported one draws pictures that differ by {difference} from the run's, and {limit} is the limit."
    fix = "Please report it, with the run's config.toml."


class CreditUnknown(CouldNotRun):
    """Facts: run, reason, advice."""

    code = "credit_unknown"
    what = "It cannot be told which training pictures of {run} a picture is near to."
    why = "{reason}"
    fix = "{advice}"


class HubFailed(CouldNotRun):
    """Facts: repository, problem."""

    code = "hub_failed"
    what = "The hub could not be reached for {repository}, or it refused."
    why = "It says: {problem}."
    fix = "Check the name, your connection, and who you are with: hf auth whoami"


class RunDamaged(CouldNotRun):
    """Facts: path, folder."""

    code = "run_damaged"
    what = "The run in {path} cannot go on: its checkpoint is damaged."
    why = "{folder} is not what was written there; starting over would remove what is left of it."
    fix = "Restore the folder from a backup, or start a new run in another --out."


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
