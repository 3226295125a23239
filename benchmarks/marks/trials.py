"""What is tried with each picture: marked, attacked, read; without a mark, read under keys that nobody used; timed.

Every function gives counts, so that what several of them saw can be added up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from marks.attacks import LADDER, Attack, Pixels, saved
from marks.peers import Peer, peers
from marks.pictures import Sources, pictures

from rectoverso.types import AssetId
from rectoverso.verso.mark import watermark
from rectoverso.verso.mark.looking import LOOKS
from rectoverso.verso.mark.watermark import spread
from rectoverso.verso.mark.watermark.pattern import pattern_of

Counts = dict[str, Any]
FORENSIC = b"the benchmark's own"
PAID = 2 * LOOKS
"""What `verso verify` pays for its looks beyond what one of them pays (`mark/looking.py`)."""
WITH_PEERS = 5
"""Photographs that carry a peer's mark, for each peer, among those without ours."""
LEVELS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)


def an_id(number: int) -> AssetId:
    return AssetId(f"{np.random.default_rng(number).integers(2**48):012x}")


ISSUED = [an_id(number) for number in range(1000)]


def marked_as(picture: Pixels, asset: AssetId) -> Pixels:
    """With both marks, as the door puts them."""
    return watermark.embed(picture, asset, forensic_key=FORENSIC)


def ours(chosen: Sequence[tuple[int, Pixels]], attacks: Sequence[Attack]) -> Counts:
    """PSNR of each, and for each attack how many marks were found and rightly read, how many the home knows, and how
    many were found with the attack's geometry undone.
    """
    found, known, oracle, psnr = dict[str, int](), dict[str, int](), dict[str, int](), list[float]()
    for number, picture in chosen:
        asset = an_id(number)
        marked = marked_as(picture, asset)
        psnr.append(psnr_dB(picture, marked))
        for one in attacks:
            attacked = one.change(marked)
            is_found, is_known = read(attacked, asset)
            found[one.name] = found.get(one.name, 0) + is_found
            known[one.name] = known.get(one.name, 0) + is_known
            if one.undone is not None:
                undone = one.undone(attacked, picture.shape[:2])
                oracle[one.name] = oracle.get(one.name, 0) + read(undone, asset)[0]
    return {"count": len(psnr), "psnr_dB": psnr, "found": found, "matched": known, "oracle": oracle}


def read(pixels: Pixels, asset: AssetId) -> tuple[bool, bool]:
    """Whether it is found and the id read right, and whether the home that issued the id among a thousand knows it: as
    it lies, and only then anyhow, both paid for as `verso verify` does.
    """
    is_read: bool | None = None
    is_known: bool | None = None
    for anyhow in (False, True):
        detection = watermark.detect(np.ascontiguousarray(pixels), anyhow=anyhow)
        if is_read is None and PAID * detection.p_value <= watermark.FOUND_AT and detection.prefix:
            is_read = asset.startswith(detection.prefix)
        match = watermark.best_match(detection, ISSUED) if is_known is None else None
        if match and PAID * match.p_value <= watermark.FOUND_AT:
            is_known = match.asset == asset
        if is_read is not None and is_known is not None:
            break
    return bool(is_read), bool(is_known)


def theirs(peer: Peer, chosen: Sequence[tuple[int, Pixels]], attacks: Sequence[Attack]) -> Counts:
    found, psnr = dict[str, int](), list[float]()
    for number, picture in chosen:
        bits = np.random.default_rng(number).integers(0, 2, peer.bits)
        marked = peer.embed(picture, bits)
        psnr.append(psnr_dB(picture, marked))
        for one in attacks:
            found[one.name] = found.get(one.name, 0) + peer.found(one.change(marked), bits)
    return {"count": len(psnr), "psnr_dB": psnr, "found": found}


def ladder(chosen: Sequence[tuple[int, Pixels]]) -> Counts:
    """How many are found at a false positive rate of one in a thousand, for each step of each distortion."""
    marked = [marked_as(picture, an_id(number)) for number, picture in chosen]
    found = {
        name: [
            sum(watermark.detect(step(one), anyhow=True).p_value <= 1e-3 for one in marked) for step in steps
        ]
        for name, steps in LADDER.items()
    }
    return {"count": len(marked), "found": found}


def forensic(chosen: Sequence[tuple[int, Pixels]]) -> Counts:
    """How many the home that issued the id among a thousand knows by its private mark: with the public mark there, and
    after somebody who knows the public key and the original took exactly that away.
    """
    saves: dict[str, Callable[[Pixels], Pixels]] = {
        "": lambda pixels: pixels,
        ", JPEG 75": saved("JPEG", 75),
        ", JPEG 50": saved("JPEG", 50),
    }
    right = dict[str, int]()
    for number, picture in chosen:
        asset = an_id(number)
        both = marked_as(picture, asset)
        levels = [(pattern_of(watermark.PUBLIC_KEY), spread.LEAVING_ROOM)]
        public = spread.embedded(picture, int(asset, 16), levels)
        erased = np.clip(both.astype(int) - public + picture, 0, 255).astype(np.uint8)
        for name, one in {"both marks": both, "the public one erased": erased}.items():
            for after, save in saves.items():
                match = watermark.recognised(save(one), ISSUED, FORENSIC)
                is_right = (
                    match is not None and LOOKS * match.p_value <= watermark.FOUND_AT and match.asset == asset
                )
                right[name + after] = right.get(name + after, 0) + is_right
    return {"count": len(chosen), "found": right}


@lru_cache(maxsize=1)
def unmarked(sources: Sources, with_peers: bool) -> list[Pixels]:
    """Photographs and generated pictures without a mark of the keys that are asked for, then photographs with each
    peer's mark.
    """
    photographs = pictures("photographs, 512 px", sources)
    plain = [*photographs, *pictures("generated, 192 px", sources), *pictures("generated, 64 px", sources)]
    for peer in peers() if with_peers else []:
        bits = np.random.default_rng(1).integers(0, 2, peer.bits)
        plain += [peer.embed(one, bits) for one in photographs[:WITH_PEERS]]
    return plain


def null(plain: Sequence[Pixels], numbers: range, *, anyhow: bool) -> Counts:
    """Trial n reads picture n mod N under key n / N, which no picture was marked with: how many look marked at each
    level. Of every tenth, how many single readings fit one id, drawn beforehand, as well as that: what the bound of
    the tail promises of all that is counted.
    """
    p_values, singles = list[float](), list[float]()
    for number in numbers:
        key = f"key {number // len(plain)}".encode()
        detection = watermark.detect(plain[number % len(plain)], key, anyhow=anyhow)
        p_values.append(detection.p_value)
        if number % 10 == 0:
            asked = [int(an_id(number), 16)]
            singles += [
                one.log_p_of_fit(float(one.fits(asked)[0])) for one in detection.evidence if one.payload_bits
            ]
    return {
        "count": len(p_values),
        "at": [int(np.sum(np.array(p_values) <= level)) for level in LEVELS],
        "least": [min(p_values)],
        "singles": len(singles),
        "singles_at": [int(np.sum(np.array(singles) <= np.log(level))) for level in LEVELS],
    }


def speed(chosen: Sequence[tuple[int, Pixels]]) -> dict[str, float]:
    """Milliseconds a megapixel of processor time, one thread, medians."""
    taken: dict[str, list[float]] = {"embed": [], "detect": [], "detect, anyhow": []}
    watermark.detect(marked_as(chosen[0][1], an_id(0)), anyhow=True)  # what is worked out once
    for number, picture in chosen:
        marked, seconds = timed(lambda picture=picture, number=number: marked_as(picture, an_id(number)))
        taken["embed"].append(seconds)
        taken["detect"].append(timed(lambda marked=marked: watermark.detect(marked))[1])
        taken["detect, anyhow"].append(
            timed(lambda picture=picture: watermark.detect(picture, anyhow=True))[1]
        )
    megapixels = chosen[0][1].shape[0] * chosen[0][1].shape[1] / 1e6
    return {name: round(float(np.median(times)) * 1000 / megapixels, 1) for name, times in taken.items()}


def timed(what: Callable[[], Any]) -> tuple[Any, float]:
    began = time.process_time()
    made = what()
    return made, time.process_time() - began


def psnr_dB(picture: Pixels, marked: Pixels) -> float:
    error = float(np.mean((picture.astype(float) - marked) ** 2))
    return round(float(10 * np.log10(255**2 / max(1e-9, error))), 2)
