"""Makes the fonts that reports embed, in crm_core/documents/fonts. Run again when texts use new signs:

    python tools/report_fonts.py /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc

Needs the packages fonttools and brotli. From Noto Sans CJK SC come the 3,755 characters of GB 2312's
first level, its signs, and every sign of the Chinese texts; outlines are made quadratic, since
the PDF writer embeds no others. From Inter, which the pages use, come two weights of Latin letters; its
digits are made equally wide, so that columns of numbers stand in line.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.merge import Merger
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, TTFont, newTable

ROOT = Path(__file__).parents[1]
OUT = ROOT / "crm_core" / "documents" / "fonts"
CHINESE = "Noto Sans CJK SC"
#: How far an outline may move, in thousandths of the letter's size: not to be seen at any size.
MOST_ERROR = 1.5
#: What of Noto is needed beside its own letters: signs that the texts and formats use.
SIGNS = "–—‘’“”…·•×±−→↑↓▲▼€£¥₩₹￥〓"


def main(collection: Path) -> None:
    """Writes all three fonts."""
    OUT.mkdir(exist_ok=True)
    chinese(collection, OUT / "noto-sans-sc.ttf")
    for weight in (400, 600):
        latin(weight, OUT / f"inter-{weight}.ttf")
    for file in sorted(OUT.glob("*.ttf")):
        print(file.name, file.stat().st_size)


def wanted() -> set[int]:
    """The code points of Chinese reports."""
    first_level = {
        bytes((row, cell)).decode("gb2312", errors="ignore")
        for row in (*range(0xA1, 0xA4), *range(0xB0, 0xD8))
        for cell in range(0xA1, 0xFF)
    }
    texts = "".join(
        path.read_text("utf-8") for path in (ROOT / "crm_core" / "text" / "zh").glob("*.toml")
    )
    latin = "".join(map(chr, range(0x20, 0x7F)))
    return set(map(ord, "".join(first_level) + texts + SIGNS + latin))


def chinese(collection: Path, out: Path) -> None:
    """Noto's Chinese letters as quadratic outlines."""
    fonts = TTCollection(collection).fonts
    font = next(each for each in fonts if each["name"].getDebugName(4) == CHINESE)
    font = only(font, wanted())
    glyphs, order = font.getGlyphSet(), font.getGlyphOrder()
    outlines: dict[str, Any] = {}
    for name in order:
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, MOST_ERROR, reverse_direction=True))
        outlines[name] = pen.glyph()
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, outlines
    for name, outline in outlines.items():
        # Where a letter begins follows from its outline: else it is drawn at its cell's left edge.
        outline.recalcBounds(font["glyf"])
        font["hmtx"][name] = (
            font["hmtx"][name][0],
            outline.xMin if outline.numberOfContours else 0,
        )
    quadratic = newTable("maxp")
    quadratic.tableVersion = 0x00010000
    for field in (
        "maxZones", "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs",
        "maxStackElements", "maxSizeOfInstructions", "maxComponentElements", "maxPoints",
        "maxContours", "maxCompositePoints", "maxCompositeContours", "maxComponentDepth",
    ):  # fmt: skip
        setattr(quadratic, field, 0)
    quadratic.maxZones, quadratic.numGlyphs = 1, len(order)
    font["maxp"] = quadratic
    font["post"].formatType = 3.0
    for table in ("CFF ", "VORG"):
        if table in font:
            del font[table]
    font.sfntVersion = "\x00\x01\x00\x00"
    font.save(out)


def latin(weight: int, out: Path) -> None:
    """Inter's two files as one, with digits of one width."""
    with tempfile.TemporaryDirectory() as folder:
        files: list[str] = []
        for stem in ("inter", "inter-ext"):
            font = TTFont(ROOT / "static" / f"{stem}-{weight}.woff2")
            font.flavor = None
            tabular(font)
            for table in ("GSUB", "GPOS", "GDEF", "STAT"):
                if table in font:
                    del font[table]
            files.append(f"{folder}/{stem}.ttf")
            font.save(files[-1])
        merged = Merger().merge(files)
    points = set(merged.getBestCmap())
    only(merged, points).save(out)


def tabular(font: TTFont) -> None:
    """Lets the code points of digits lead to the digits of one width."""
    table = font["GSUB"].table
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag != "tnum":
            continue
        for place in record.Feature.LookupListIndex:
            for found in table.LookupList.Lookup[place].SubTable:
                swaps = getattr(found, "ExtSubTable", found).mapping
                for each in font["cmap"].tables:
                    each.cmap = {code: swaps.get(name, name) for code, name in each.cmap.items()}
        return


def only(font: TTFont, points: set[int]) -> TTFont:
    """The font with these code points, without hints and features."""
    options = subset.Options(
        hinting=False, layout_features=[], name_IDs=[0, 1, 2, 4, 6, 13, 14], notdef_outline=True,
        drop_tables=["GSUB", "GPOS", "GDEF", "BASE", "STAT", "vhea", "vmtx", "DSIG"],
    )  # fmt: skip
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=points)
    cutter.subset(font)
    return font


if __name__ == "__main__":
    main(Path(sys.argv[1]))
