"""Cuts the visible label's font out of Noto Sans CJK (SIL Open Font License 1.1): only the glyphs that labels need.

Run by hand when the wording of a law needs another glyph; the result is committed. Needs fontTools (`pip install
fonttools`), which nothing else here does, and Debian's package fonts-noto-cjk:

    python tests/assets/label_font.py /usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

GLYPHS = "人工智能生成合制作由编辑图片视频内容标识" + "".join(map(chr, range(0x20, 0x7F)))
TARGET = Path(__file__).parents[2] / "src/rectoverso/verso/mark/font/label.otf"
FAMILY = "Noto Sans CJK SC"
NAME = "Rectoverso Label"
_NAMES = {1: NAME, 3: NAME, 4: NAME, 6: NAME.replace(" ", ""), 16: NAME}


def cut(collection: Path) -> TTFont:
    """The simplified Chinese face of the collection with these glyphs only, under a name of its own."""
    faces = TTCollection(str(collection)).fonts
    font = next(face for face in faces if face["name"].getDebugName(1).startswith(FAMILY))
    options = Options()
    options.layout_features = ["kern"]
    options.hinting = True
    options.name_IDs = ["*"]
    options.notdef_outline = True
    subsetter = Subsetter(options)
    subsetter.populate(text=GLYPHS)
    subsetter.subset(font)
    for record in list(font["name"].names):
        if record.nameID in _NAMES:
            record.string = _NAMES[record.nameID]
        elif record.nameID not in (0, 2, 5, 13, 14):
            font["name"].names.remove(record)
    return font


if __name__ == "__main__":
    cut(Path(sys.argv[1])).save(TARGET)
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")
