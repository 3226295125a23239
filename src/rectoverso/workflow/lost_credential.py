"""The credential that a file lost, asked for at the one resolution service that somebody named.

    1  Ask      By what the watermark reads, else by the perceptual hash as the picture lies and in its symmetries; a
                value of C2PA's Soft Binding Resolution API 2.4, never the picture, its name or anything else of it.
    2  Read     The manifest that comes back is a stranger's: the bounded process reads it.
    3  Compare  It has to state the very value it was asked for by, or a perceptual hash near this picture's. What it
                says holds for the file that it was signed into, which was not seen.
    4  Tell     That a network was asked, by what, and what it answered, whatever that was.

No outcome follows from it: like what a home finds again, it says where the picture comes from, and nothing of this
file. Nobody is asked of whom the user said nothing: neither by default, nor because a file or an answer names them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlencode, urlsplit

import numpy as np

from rectoverso.types import Inquiry, Message, Recovered, Report, ReportOutcome
from rectoverso.verso.mark import binding
from rectoverso.verso.screen.fingerprint import NUM_BYTES, distances
from rectoverso.verso.verify.bounded import shared
from rectoverso.verso.verify.comparison import ALIKE_DISTANCE
from rectoverso.verso.verify.likeness import NEAR_IDENTICAL
from rectoverso.workflow.named_host import NamedHost, Unanswered

if TYPE_CHECKING:
    from rectoverso.verso.mark.credential import CredentialReading

SECONDS = 20.0
"""For all that is asked of one file."""
MOST_MANIFESTS = 3
"""Of one file. A value leads to one, or to few that look alike."""
MOST_SILENCES = 3
"""After so many files in a row of which it did not answer anything in time, or at all, it is asked of no other."""
MOST_MATCHES_BYTES = 100_000
MOST_MANIFEST_BYTES = 5_000_000
_Word = Literal["found", "none", "other", "failed"]
_DISCOVERY = "/.well-known/c2pa-soft-binding-resolution"
_WHOLE_ID, _LONGEST_NAME = 12, 200


@dataclass(frozen=True, slots=True)
class _Question:
    algorithm: str
    digits: str


@dataclass
class _Answer:
    """What came of the questions so far. ``marked``: what the watermark led to, where the hash then led elsewhere."""

    by: list[str] = field(default_factory=list)
    tried: int = 0
    others: int = 0
    found: Recovered | None = None
    marked: Recovered | None = None


class Elsewhere:
    """One service. ``stores``: the manifest stores that were found for the last report, by the id of the manifest."""

    def __init__(self, url: str) -> None:
        """Raises ResolverUnusable. Nothing is asked yet."""
        self._host = NamedHost(url)
        self._base = self._host.path or None
        self.url = self._host.url
        self.stores: dict[str, bytes] = {}
        self._until = 0.0
        self._silences = 0

    def completed(self, report: Report, anchors_pem: str | None) -> Report:
        """The report of a file that lost its credential with what the service knows; any other as it is."""
        self.stores.clear()
        questions = _questions(report) if _lacks_its_credential(report) else []
        if not questions:
            return report
        answer = _Answer()
        if self._silences >= MOST_SILENCES:
            given_up = Message("resolve.unanswered.given_up", {"count": MOST_SILENCES})
            return self._told(report, answer, "failed", given_up)
        self._until = time.monotonic() + SECONDS
        try:
            self._ask(questions, report, anchors_pem, answer)
            self._silences = 0
        except Unanswered as problem:
            self._silences = self._silences + 1 if problem.is_silence else 0
            if answer.found is None:
                return self._told(report, answer, "failed", problem.message)
        if answer.found:
            return replace(self._told(report, answer, "found"), recovered=answer.found)
        return self._told(report, answer, "other" if answer.others else "none")

    def _ask(
        self, questions: list[_Question], report: Report, anchors_pem: str | None, answer: _Answer
    ) -> None:
        """Ask until a credential is found that is this picture's. Raises Unanswered."""
        self._base = self._base or self._discovered()
        for number, question in enumerate(questions):
            if answer.found and number > 1:  # how the picture lies is enough to see whose it is
                return
            answer.by += [] if question.algorithm in answer.by else [question.algorithm]
            for name in self._matches(question):
                if answer.tried == MOST_MANIFESTS:
                    return
                answer.tried += 1
                store = self._manifest(name)
                reading = shared().manifest(store, anchors_pem) if store else None
                found = self._recovered(reading, question, report) if reading else None
                if found is None or store is None or found.manifest_id != name:
                    answer.others += store is not None
                    continue
                self.stores[name] = store
                answer.marked, answer.found = answer.found, found
                if found.distance is not None or not report.prints:
                    return
                break

    def _recovered(self, reading: CredentialReading, question: _Question, report: Report) -> Recovered | None:
        """What was found, where the manifest holds and states that it is this picture's."""
        if reading.state not in ("trusted", "valid") or reading.asset is None or reading.manifest_id is None:
            return None
        stated = dict(reading.bindings)
        distance = _distance(report.prints, stated.get(binding.FINGERPRINT, ""))
        is_marked = question.algorithm == binding.WATERMARK
        if is_marked and not _is_marked_so(question.digits, stated.get(binding.WATERMARK, ""), distance):
            return None
        is_near = distance is not None and distance <= (ALIKE_DISTANCE if is_marked else NEAR_IDENTICAL)
        if not is_marked and not is_near:
            return None
        return Recovered(
            asset=reading.asset,
            by="watermark" if is_marked else "fingerprint",
            p_value=report.watermark.p_value if is_marked else None,
            distance=distance if is_near else None,
            state=reading.state.value,
            signer=reading.signer,
            ai_generated=reading.ai_generated,
            manifest_id=reading.manifest_id,
            service=self.url,
        )

    def _matches(self, question: _Question) -> Iterator[str]:
        """The ids of manifests that carry this value, by the service's word. Raises Unanswered."""
        value = {"alg": question.algorithm, "value": binding.query(question.digits)}
        path = f"{self._base}/matches/byBinding?{urlencode(value)}"
        body = self._fetched(path, "application/json", MOST_MATCHES_BYTES)
        for match in _of(_object(body).get("matches"), list):
            name = match.get("manifestId") if isinstance(match, dict) else None
            if isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME:
                yield name

    def _manifest(self, name: str) -> bytes | None:
        path = f"{self._base}/manifests/{quote(name, safe='')}"
        return self._fetched(path, "application/c2pa", MOST_MANIFEST_BYTES)

    def _discovered(self) -> str:
        """Where the API is on a host that was named without a path. Raises Unanswered."""
        told = _object(self._fetched(_DISCOVERY, "application/json", MOST_MATCHES_BYTES)).get("apiEndpoint")
        try:
            parts = urlsplit(_of(told, str))
        except ValueError:
            raise Unanswered("form") from None
        if (parts.scheme or parts.netloc) and f"{parts.scheme}://{parts.netloc}" != self._host.origin:
            raise Unanswered("redirect")
        if not parts.path.startswith("/") or parts.query or parts.fragment:
            raise Unanswered("form")
        return quote(parts.path.rstrip("/"), safe="/%")

    def _fetched(self, path: str, kind: str, most: int) -> bytes | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise Unanswered("time")
        return self._host.get(path, kind, most=most, seconds=left)

    def _told(self, report: Report, answer: _Answer, word: _Word, problem: Message | None = None) -> Report:
        rows = _rows_of_question(self.url, answer.by)
        rows += _rows(answer.found, answer, report) if answer.found else []
        if word != "found":
            rows.append(_row(word, service=self.url, problem=problem))
        layer = replace(report.fingerprint, evidence=(*report.fingerprint.evidence, *rows))
        return replace(report, fingerprint=layer, inquiry=Inquiry(self.url, tuple(answer.by), word))


_WORDS = {binding.WATERMARK: "watermark", binding.FINGERPRINT: "fingerprint"}


def _lacks_its_credential(report: Report) -> bool:
    """Not one that was found and does not hold, nor one that the home itself found again."""
    is_lost = report.credential.found is not True or report.credential.code == "unreadable"
    return is_lost and report.recovered is None and report.outcome is not ReportOutcome.COULD_NOT_CHECK


def _questions(report: Report) -> list[_Question]:
    """What there is to ask by, the likeliest first."""
    width = 2 * NUM_BYTES
    prints = [report.prints[at : at + width] for at in range(0, len(report.prints), width)]
    asked = [_Question(binding.WATERMARK, report.watermark.digits)] if report.watermark.found else []
    asked += [_Question(binding.FINGERPRINT, digits) for digits in dict.fromkeys(prints[:8])]
    return [one for one in asked if binding.queried(binding.query(one.digits), one.algorithm)]


def _is_marked_so(read: str, stated: str, distance: int | None) -> bool:
    """Whether the original carries what was read; the short ids of small pictures are many pictures' own."""
    length = min(len(read), len(stated))
    is_same = length > 0 and read[:length] == stated[:length]
    return is_same and (length == _WHOLE_ID or (distance is not None and distance <= ALIKE_DISTANCE))


def _distance(prints: str, stated: str) -> int | None:
    """In how many bits of 256 the picture's hashes differ from the stated one, at least; None without either."""
    try:
        own = np.frombuffer(bytes.fromhex(prints), np.uint8).reshape(-1, NUM_BYTES)
        return int(distances(bytes.fromhex(stated), own).min()) if prints and stated else None
    except ValueError:  # both are the word of a process that is not believed
        return None


def _rows_of_question(service: str, by: list[str]) -> list[Message]:
    words = "both" if len(by) > 1 else _WORDS[by[0]] if by else None
    return [_row(f"asked_by_{words}", service=service)] if words else []


def _rows(found: Recovered, answer: _Answer, report: Report) -> list[Message]:
    facts = {
        "service": found.service,
        "asset": found.asset,
        "signer": found.signer or "?",
        "distance": found.distance,
        "p_value": f"{found.p_value:.0e}" if found.p_value else "-",
    }
    rows = [_row(f"found_by_{found.by}", **facts), _row(found.state, **facts)]
    if answer.marked and answer.marked.asset != found.asset:
        rows.append(_row("copied", asset=found.asset, marked=answer.marked.asset))
    elif found.distance is None and report.prints:
        rows.append(_row("far"))
    return rows


def _row(name: str, **facts: object) -> Message:
    return Message(f"verify.resolver.{name}", facts)


def _object(body: bytes | None) -> dict[str, Any]:
    """The JSON object that was answered; nothing where there is nothing. Raises Unanswered for anything else."""
    try:
        value = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        raise Unanswered("form") from None
    return dict(_of(value, dict))


def _of(value: Any, kind: type) -> Any:
    if not isinstance(value, kind) and value is not None:
        raise Unanswered("form")
    return kind() if value is None else value
