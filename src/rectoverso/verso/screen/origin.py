"""Does what the picture brings along contradict where it is said to come from: watermark, metadata, China's block?"""

from __future__ import annotations

from rectoverso.types import Draft, Finding, Message, Origin, Outcome
from rectoverso.verso.law import aigc
from rectoverso.verso.mark import watermark

UNSAFE = "unsafe"
"""In the evidence of a finding: what it would say was set aside by whoever asked."""


class OriginCheck:
    """A picture offered as captured that carries our watermark has been through a door before: a person looks at it.

    So it does at one whose block, which travels on with it, says otherwise: such a file would contradict itself. And at
    one whose own label or credential says that AI took part: what is left behind must not be signed away.
    One offered as made by AI whose file says that a camera took it, and nothing of AI, is turned away, unless whoever
    asks says that he knows better (``unsafe_origin``), which the ledger tells.
    The watermark alone does not tell an AI picture from a photograph that was sealed earlier, so that never refuses.
    """

    name = "origin"

    def examine(self, draft: Draft) -> Finding:
        said = aigc.says_ai(aigc.blocks_in(draft.block or ""))
        if said is not None and said is (draft.origin is Origin.CAPTURED):
            return Finding(self.name, Outcome.REVIEW, Message("screen.origin.block"))
        if draft.says_ai and draft.origin is Origin.CAPTURED:
            return Finding(self.name, Outcome.REVIEW, Message("screen.origin.says_ai"))
        if draft.camera and draft.origin is Origin.AI and not draft.says_ai:
            return self._taken(draft)
        height, width = draft.pixels.shape[:2]
        if draft.origin is not Origin.CAPTURED or not watermark.payload_bits(height, width):
            return Finding(self.name, Outcome.PASS, Message("screen.origin.pass"))
        detection = watermark.detect(draft.pixels, anyhow=True)
        outcome = Outcome.REVIEW if detection.found else Outcome.PASS
        return Finding(
            check=self.name,
            outcome=outcome,
            message=Message(f"screen.origin.{outcome.value}"),
            score=detection.p_value,
            threshold=watermark.FOUND_AT,
            false_positive_rate=watermark.FOUND_AT,
        )

    def _taken(self, draft: Draft) -> Finding:
        facts = {"where": draft.camera}
        if not draft.unsafe_origin:
            return Finding(self.name, Outcome.BLOCK, Message("screen.origin.camera", facts))
        message = Message("screen.origin.camera_accepted", facts)
        return Finding(self.name, Outcome.PASS, message, evidence={UNSAFE: True})
