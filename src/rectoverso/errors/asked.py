"""What was asked for: names, settings, files and places, and the parts of a machine that a task needs."""

from __future__ import annotations

from rectoverso.errors.base import CouldNotRun, InputError


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


class PolicyUnusable(InputError):
    """Facts: file, reason, advice."""

    code = "policy_unusable"
    what = "{file} cannot be used as a policy."
    why = "{reason}"
    fix = "{advice}"


class PolicyLoosens(InputError):
    """Facts: file, number, rule, says, base, base_number, base_rule, base_says."""

    code = "policy_loosens"
    what = "Line {number} of {file} is less strict than the policy that it extends: {rule} = {says}."
    why = "{base} says {base_rule} = {base_says} in its line {base_number}, and what extends it may only be stricter."
    fix = "Take the line out. A picture that is held can be let go by people, one by one, who answer for it."


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


class Unexpected(CouldNotRun):
    """Facts: problem."""

    code = "unexpected"
    what = "Something happened that this program did not expect: {problem}."
    why = "This is a fault of the program, not of what you gave it."
    fix = "Please report it with what you typed. RECTOVERSO_DEBUG=1 shows where it happened."


class UsageUnusable(InputError):
    """Facts: problem, command (as far as it was understood)."""

    code = "usage_unusable"
    what = "This command line cannot be used."
    why = "{problem}"
    fix = "See: {command} --help"
