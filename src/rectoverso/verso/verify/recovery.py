"""A credential that a file lost, found again: by the watermark's id or by the fingerprint, in the records of a home.

What is found is the credential of the file that was released. It is checked against that file, byte for byte; this one
is at best an edit of it, and no signature covers a byte of it. So what is recovered says where a picture comes from,
and never that it is unchanged.
"""

from __future__ import annotations

from rectoverso.types import Message, Recovered, WatermarkReading
from rectoverso.verso.verify.records import Known, Near


def recover(
    known: Known | None,
    watermark: WatermarkReading,
    near: Near | None,
    anchors: bytes | None,
) -> tuple[Recovered | None, list[Message]]:
    """The credential of the released picture that a file without its own leads to, and the evidence rows.

    ``known``: the asset that the watermark names, or else that ``near`` does, whose picture this is.
    """
    from rectoverso.verso.mark import credential, signature
    from rectoverso.verso.screen.fingerprint import chance
    from rectoverso.verso.verify.opening import Limits, look

    if known is None or known.released is None or not signature.store_of(known.released):
        return None, []
    reading = credential.read(known.released, look(known.released, Limits()).media_type, anchors)
    is_marked = watermark.asset == known.id
    is_near = near is not None and near.name == known.id
    recovered = Recovered(
        asset=known.id,
        by="watermark" if is_marked else "fingerprint",
        p_value=watermark.p_value if is_marked or not near else chance(near.distance, near.comparisons),
        distance=near.distance if near and is_near else None,
        state=reading.state.value,
        signer=reading.signer,
        ai_generated=reading.ai_generated,
        manifest_id=reading.manifest_id,
    )
    return recovered, _rows(recovered, near)


def _rows(recovered: Recovered, near: Near | None) -> list[Message]:
    facts = {
        "asset": recovered.asset,
        "signer": recovered.signer or "?",
        "p_value": f"{recovered.p_value:.0e}",
        "distance": recovered.distance,
        "comparisons": f"{near.comparisons:,}" if near else "0",
    }
    holds = "holds" if recovered.state in ("trusted", "valid") else "broken"
    return [
        Message(f"verify.evidence.recovered_by_{recovered.by}", facts),
        Message(f"verify.evidence.recovered_{recovered.state if holds == 'holds' else holds}", facts),
    ]
