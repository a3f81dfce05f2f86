"""Draws the digits of this folder: `python3 render.py FONTS`, with Pillow 13 and the folder of the unpacked fonts.

The fonts are Debian's packages fonts-dejavu-core, fonts-breip, fonts-bwht and fonts-femkeklaver; `FONTS` is their
/usr/share/fonts. The tests need neither this program nor the fonts: the pictures are kept beside it, named
FONT-STYLE/DIGIT.
"""

import pathlib
import random
import sys

from PIL import Image, ImageDraw, ImageFilter, ImageFont

HERE = pathlib.Path(__file__).parent


def ink(font, size, digit, margins):
    """A digit's foreground, 255, with the margins left, top, right, bottom as fractions of its size."""
    face = ImageFont.truetype(font, size)
    left, top, right, bottom = face.getbbox(digit)
    a, b, c, d = (round(size * m) for m in margins)
    mask = Image.new("L", (right - left + a + c, bottom - top + b + d), 0)
    ImageDraw.Draw(mask).text((a - left, b - top), digit, font=face, fill=255)
    return mask


def on(mask, ground, colour, mode="RGB"):
    """The foreground in one colour on a background."""
    picture = Image.new("RGB", mask.size, ground)
    picture.paste(colour, mask=mask)
    return picture.convert(mode)


def transparent(mask, colour):
    picture = Image.new("RGBA", mask.size, colour + (0,))
    picture.putalpha(mask)
    return picture


def palette(mask):
    return on(mask, (250, 240, 190), (170, 20, 30)).quantize(16)


def sixteen_bits(mask):
    return on(mask, (255,) * 3, (40,) * 3, "L").convert("I").point(lambda v: v * 257).convert("I;16")


def one_bit(mask):
    return mask.point(lambda v: 0 if v > 127 else 255).convert("1", dither=Image.Dither.NONE)


def photo(mask):
    """Pencil on paper, light from one side, noise."""
    mask = mask.filter(ImageFilter.GaussianBlur(1))
    width, height = mask.size
    picture = Image.new("L", mask.size)
    for y in range(height):
        for x in range(width):
            light = 1.0 - 0.5 * (x / width) - 0.1 * (y / height)
            level = (235 - 165 * mask.getpixel((x, y)) / 255) * light + random.gauss(0, 5)
            picture.putpixel((x, y), max(0, min(255, round(level))))
    return picture


EVEN = (0.3, 0.3, 0.3, 0.3)
ASIDE = (0.2, 1.0, 1.3, 0.1)
TIGHT = (0.06, 0.06, 0.06, 0.06)
STYLES = [
    ("dejavu-sans", "black", "truetype/dejavu/DejaVuSans.ttf", 48, EVEN, lambda m: on(m, (255,) * 3, (0,) * 3, "L"), "png"),
    ("dejavu-sans", "small", "truetype/dejavu/DejaVuSans.ttf", 18, ASIDE, lambda m: m, "png"),
    ("dejavu-sans-bold", "palette", "truetype/dejavu/DejaVuSans-Bold.ttf", 60, TIGHT, palette, "png"),
    ("dejavu-serif", "transparent", "truetype/dejavu/DejaVuSerif.ttf", 64, EVEN, lambda m: transparent(m, (0, 0, 0)), "png"),
    ("breip", "blue", "truetype/breip/Breip.ttf", 120, ASIDE, lambda m: on(m, (255,) * 3, (20, 40, 160)), "png"),
    ("breip", "chalk", "truetype/breip/Breip.ttf", 60, EVEN, lambda m: on(m, (40, 60, 50), (220, 220, 210)), "png"),
    ("because-we-build", "white", "opentype/bwht/BecauseWeBuild-Regular.otf", 60, EVEN, lambda m: transparent(m, (255,) * 3), "png"),
    ("because-we-connect", "photo", "opentype/bwht/BecauseWeConnect-Regular.otf", 90, EVEN, photo, "jpg"),
    ("because-we-learn", "bits", "opentype/bwht/BecauseWeLearn-Regular.otf", 50, TIGHT, one_bit, "png"),
    ("because-we-mentor", "grey", "opentype/bwht/BecauseWeMentor-Regular.otf", 40, ASIDE, lambda m: on(m, (120,) * 3, (220,) * 3, "L"), "png"),
    ("because-we-organize", "sixteen", "opentype/bwht/BecauseWeOrganize-Regular.otf", 70, EVEN, sixteen_bits, "png"),
    ("femkeklaver", "black", "truetype/femkeklaver/femkeklaver.ttf", 80, EVEN, lambda m: on(m, (255,) * 3, (0,) * 3, "L"), "png"),
]

random.seed(1)
for name, style, font, size, margins, draw, kind in STYLES:
    folder = HERE / f"{name}-{style}"
    folder.mkdir(exist_ok=True)
    for digit in "0123456789":
        picture = draw(ink(pathlib.Path(sys.argv[1]) / font, size, digit, margins))
        options = {"quality": 80} if kind == "jpg" else {"optimize": True}
        picture.save(folder / f"{digit}.{kind}", **options)
