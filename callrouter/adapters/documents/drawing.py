"""SVG out of rectangles, lines and texts that both browsers and PDF writers draw alike.

Every shape has its colours as attributes: writers of PDF read no style sheets.
"""

from typing import Literal, TypeAlias

from markupsafe import Markup

Anchor: TypeAlias = Literal["start", "middle", "end"]

INK, FAINT, RULE = "#1c2026", "#6e757f", "#d0d4da"
ACCENT, GOOD, BAD, QUIET, THEIRS = "#184e77", "#1a7f37", "#b42318", "#9db4c6", "#d08c1f"
_RECT = Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>')
_LINE = Markup(
    '<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}" stroke-width="{}"/>'
)
_DOT = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="2.6" fill="{}"/>')
_TEXT = Markup(
    '<text x="{:.1f}" y="{:.1f}" font-size="11" font-family="text, system-ui, sans-serif"'
    ' text-anchor="{}" fill="{}">{}</text>'
)
_SVG = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{}"'
    ' viewBox="0 0 {:.0f} {:.0f}" width="{:.0f}" height="{:.0f}">{}</svg>'
)


class Drawing:
    """A picture that shapes are added to; lengths are its own units, of which it is `width` wide.

    `title` says in a sentence what is seen, for those who can't see it.
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height = width, height
        self._title = title
        self._shapes: list[Markup] = []

    def rect(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """A filled rectangle."""
        self._shapes.append(_RECT.format(x, y, max(width, 0), max(height, 0), fill))

    def line(
        self, start: tuple[float, float], end: tuple[float, float], colour: str = RULE, w: float = 1
    ) -> None:
        """A straight line of width `w`."""
        self._shapes.append(_LINE.format(*start, *end, colour, w))

    def dot(self, x: float, y: float, colour: str = ACCENT) -> None:
        """A small round mark."""
        self._shapes.append(_DOT.format(x, y, colour))

    def text(
        self, x: float, y: float, text: str, *, anchor: Anchor = "start", colour: str = INK
    ) -> None:
        """A line of text whose base line is at `y`."""
        self._shapes.append(_TEXT.format(x, y, anchor, colour, text))

    def as_svg(self) -> Markup:
        """The picture as one SVG element."""
        size = (self.width, self.height)
        return _SVG.format(self._title, *size, *size, Markup("").join(self._shapes))
