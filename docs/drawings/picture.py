"""Draws one SVG picture: shapes, arrows and text that must fit. Standard library only.

The background is a part of the picture, so it looks the same on a light and on a dark page. A picture has a title and a
description for people who do not see it. Text that leaves the picture, or lies on other text, ends the script.
"""

from xml.sax.saxutils import escape

INK, SOFT, FAINT, PAPER = "#1f2328", "#57606a", "#d0d7de", "#ffffff"
# Fill and stroke of what a node is; each is also named by a text.
LEADER = ("#aceebb", "#1a7f37")
FOLLOWER = ("#ddf4ff", "#0969da")
CANDIDATE = ("#fff8c5", "#9a6700")
PROMISE = ("#eaf6ff", "#54aeff")
GONE = ("#f6f8fa", "#8c959f")
HARM = ("#ffebe9", "#cf222e")

NARROW, WIDE = set("ijlI.,:;'|!"), set("mwMW@%—→←")


def width_of(text, size, bold=False):
    """The width of a text in the widest of the usual fonts (DejaVu Sans), a little too much rather than too little."""
    units = 0.0
    for c in text:
        if c in NARROW:
            units += 0.32
        elif c in "frt()[]/ -\"":
            units += 0.39
        elif c in WIDE:
            units += 0.92
        elif c.isupper() or c.isdigit():
            units += 0.66
        else:
            units += 0.60
    return units * size * (1.1 if bold else 1.0)


def number(value):
    return f"{value:.1f}".rstrip("0").rstrip(".")


class Picture:
    def __init__(self, width, height, title, description):
        self.width, self.height = width, height
        self.title, self.description = title, description
        self.parts, self.texts = [], []

    def add(self, part):
        self.parts.append("  " + part)

    def box(self, x, y, width, height, colours=(PAPER, FAINT), radius=6, dashed=False, line=1.5):
        fill, stroke = colours
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.add(f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}" '
                 f'rx="{number(radius)}" fill="{fill}" stroke="{stroke}" stroke-width="{number(line)}"{dash}/>')

    def circle(self, x, y, radius, colours):
        fill, stroke = colours
        self.add(f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{fill}" stroke="{stroke}" '
                 'stroke-width="2"/>')

    def line(self, x1, y1, x2, y2, colour=SOFT, width=1.5, dashed=False):
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.add(f'<line x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}" stroke="{colour}" '
                 f'stroke-width="{number(width)}"{dash}/>')

    def arrow(self, *points, colour=SOFT, width=1.5, dashed=False):
        """Through the points, with its head at the last."""
        (x1, y1), (x2, y2) = points[-2], points[-1]
        length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        ux, uy = (x2 - x1) / length, (y2 - y1) / length
        base_x, base_y = x2 - 8 * ux, y2 - 8 * uy
        path = " L ".join(f"{number(x)} {number(y)}" for x, y in (*points[:-1], (base_x, base_y)))
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.add(f'<path d="M {path}" fill="none" stroke="{colour}" stroke-width="{number(width)}"{dash}/>')
        self.add(f'<path d="M {number(x2)} {number(y2)} L {number(base_x - 4 * uy)} {number(base_y + 4 * ux)} '
                 f'L {number(base_x + 4 * uy)} {number(base_y - 4 * ux)} Z" fill="{colour}"/>')

    def cross(self, x, y, size=7, colour=HARM[1]):
        self.line(x - size, y - size, x + size, y + size, colour, 3)
        self.line(x - size, y + size, x + size, y - size, colour, 3)

    def fits(self, words, size, room):
        return width_of(words, size) <= room

    def text(self, x, y, words, size=14, colour=INK, anchor="middle", bold=False, room=None):
        """`y` is the base line. `room`: the width that it must not exceed."""
        width = width_of(words, size, bold)
        left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
        if room is not None and width > room:
            raise SystemExit(f"{self.title}: '{words}' needs {width:.0f} of {room:.0f}")
        if left < 2 or left + width > self.width - 2 or y - size < 0 or y + size / 3 > self.height:
            raise SystemExit(f"{self.title}: '{words}' leaves the picture")
        mine = (left, y - 0.8 * size, left + width, y + 0.2 * size)
        for words2, other in self.texts:
            if mine[0] < other[2] and other[0] < mine[2] and mine[1] < other[3] and other[1] < mine[3]:
                raise SystemExit(f"{self.title}: '{words}' lies on '{words2}'")
        self.texts.append((words, mine))
        weight = ' font-weight="bold"' if bold else ""
        self.add(f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{colour}" '
                 f'text-anchor="{anchor}"{weight}>{escape(words)}</text>')

    def label(self, x, y, width, height, words, colours, size=14, bold=False, dashed=False, below=None):
        """A box with its name in it, and perhaps a second, smaller line."""
        self.box(x, y, width, height, colours, dashed=dashed)
        middle = y + height / 2 + size * 0.35 - (8 if below else 0)
        self.text(x + width / 2, middle, words, size, bold=bold, room=width - 8)
        if below:
            self.text(x + width / 2, middle + 17, below, 12, SOFT, room=width - 8)

    def svg(self):
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" role="img" aria-labelledby="title description" '
            'font-family="Helvetica, Arial, \'DejaVu Sans\', sans-serif">',
            f'  <title id="title">{escape(self.title)}</title>',
            f'  <desc id="description">{escape(self.description)}</desc>',
            f'  <rect x="0.5" y="0.5" width="{self.width - 1}" height="{self.height - 1}" rx="8" fill="{PAPER}" '
            f'stroke="{FAINT}"/>',
            *self.parts, "</svg>", ""])
