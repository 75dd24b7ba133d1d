"""SVG out of rectangles, lines and texts that both browsers and PDF writers draw alike.

Every shape has its colours as attributes: writers of PDF read no style sheets.
"""

from html import escape
from typing import Literal, TypeAlias

Anchor: TypeAlias = Literal["start", "middle", "end"]

INK, FAINT, RULE = "#1c2026", "#6e757f", "#d0d4da"
ACCENT, GOOD, BAD, QUIET = "#184e77", "#1a7f37", "#b42318", "#9db4c6"
_FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"


class Drawing:
    """A picture that shapes are added to; lengths are its own units, of which it is `width` wide.

    `title` says in a sentence what is seen, for those who can't see it.
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height = width, height
        self._title = title
        self._shapes: list[str] = []

    def rect(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """A filled rectangle."""
        self._shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}"'
            f' height="{max(height, 0):.1f}" fill="{fill}"/>'
        )

    def line(
        self, start: tuple[float, float], end: tuple[float, float], colour: str = RULE, w: float = 1
    ) -> None:
        """A straight line of width `w`."""
        self._shapes.append(
            f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}"'
            f' stroke="{colour}" stroke-width="{w}"/>'
        )

    def dot(self, x: float, y: float, colour: str = ACCENT) -> None:
        """A small round mark."""
        self._shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{colour}"/>')

    def text(
        self, x: float, y: float, text: str, *, anchor: Anchor = "start", colour: str = INK
    ) -> None:
        """A line of text whose base line is at `y`."""
        self._shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="11" font-family="{_FONT}"'
            f' text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
        )

    def as_svg(self) -> str:
        """The picture as one SVG element."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(self._title)}"'
            f' viewBox="0 0 {self.width:.0f} {self.height:.0f}"'
            f' width="{self.width:.0f}" height="{self.height:.0f}">'
        )
        return f"{head}{''.join(self._shapes)}</svg>"
