"""A sheet of paper: fonts, colours, and the few things that a page is made of.

Knows nothing of what is written on it.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal, Self, TypeAlias

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from callrouter.domain.errors import RefusedError

Align: TypeAlias = Literal["L", "R"]

MARGIN_MM = 16.0
_FONTS = Path(__file__).parent / "fonts"
_INK, _FAINT, _RULE, _ACCENT = (28, 32, 38), (110, 117, 127), (208, 212, 218), (24, 78, 119)
_MISSING = "\u25a1"


Sheet: TypeAlias = Literal["letter", "a4"]
_LETTER_CURRENCIES = frozenset({"USD", "CAD", "MXN"})


def choose_sheet(currency: str) -> Sheet:
    """The sheet that is common where people pay in a currency."""
    return "letter" if currency in _LETTER_CURRENCIES else "a4"


class Paper(FPDF):
    """Pages of one document; every page has a foot with `foot` and its number."""

    def __init__(self, sheet: Sheet, foot: str, made_at: datetime) -> None:
        super().__init__(format=sheet)
        self.foot = foot
        self.set_creation_date(made_at)
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(auto=False)
        self.add_font("text", "", _FONTS / "DejaVuSansCondensed.ttf")
        self.add_font("text", "B", _FONTS / "DejaVuSansCondensed-Bold.ttf")
        self._built_in = self._known = frozenset(_characters(self, "text"))
        # It tells of each table of a font that it leaves out.
        logging.getLogger("fontTools").setLevel(logging.ERROR)

    def __enter__(self) -> Self:
        """Itself, for a `with` that closes the font files at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the font files, which are read until the document is written."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()

    def add_fallback(self, font: str) -> None:
        """Use a font file for characters that the built-in font lacks.

        Raises RefusedError when it isn't one.
        """
        try:
            self.add_font("fallback", "", font)
            self.add_font("fallback", "B", font)
        except Exception as error:  # whatever the parser of fonts stumbles over
            raise RefusedError(f"{font} isn't a font that can be used: {error}") from error
        self.set_fallback_fonts(["fallback"], exact_match=False)
        self._known |= frozenset(_characters(self, "fallback"))

    def footer(self) -> None:
        """The foot of a page."""
        self.set_y(-12)
        self.style(7, faint=True)
        width = self.epw / 2
        self.cell(width, 4, self.shown(self.foot))
        self.cell(width, 4, f"Page {self.page_no()} of {{nb}}", align="R")

    @property
    def room_mm(self) -> float:
        """How far it is to the foot of the page."""
        return self.h - MARGIN_MM - self.get_y()

    def style(
        self, points: float, *, bold: bool = False, faint: bool = False, accent: bool = False
    ) -> None:
        """How what is written from here on looks."""
        self.set_font("text", "B" if bold else "", points)
        colour = _ACCENT if accent else _FAINT if faint else _INK
        self.set_text_color(*colour)
        self.set_fill_color(*colour)  # else each text says its colour, since it differs from this

    def shown(self, text: str) -> str:
        """`text` with a box in the place of what no font here has."""
        if self._known.issuperset(text):
            return text
        return "".join(c if c in self._known else _MISSING for c in text)

    def heading(self, text: str) -> None:
        """What stands above a part of the document."""
        self.style(11, bold=True, accent=True)
        self.line_of_text(text, height_mm=6)
        self.ln(1)

    def line_of_text(self, text: str, *, height_mm: float = 4.4, width_mm: float = 0) -> None:
        """One line, shortened to its width, and down to the next."""
        fitted = self.fit(text, width_mm or self.epw, 1)[0]
        self.cell(width_mm, height_mm, fitted, new_x=XPos.LEFT, new_y=YPos.NEXT)

    def rule(self, *, heavy: bool = False) -> None:
        """A line across the page."""
        self.set_draw_color(*(_ACCENT if heavy else _RULE))
        self.set_line_width(0.6 if heavy else 0.2)
        self.line(self.l_margin, self.get_y(), self.w - self.r_margin, self.get_y())

    def place(self, x_mm: float, y_mm: float, width_mm: float, text: str, align: Align) -> None:
        """Write a line that fits, in a box of a width, its base `y_mm` below the top of the page.

        What the built-in font can write goes straight onto the page: statements have many calls.
        """
        if not self._can_write(text):
            self.set_xy(x_mm, y_mm - self.font_size)
            self.cell(width_mm, self.font_size, text, align=align)
            return
        shift = width_mm - self.c_margin - self.width_of(text) if align == "R" else self.c_margin
        self.text(x_mm + shift, y_mm, text)

    def width_of(self, text: str) -> float:
        """How wide a text is in the present style."""
        font = self.current_font
        if isinstance(font, TTFFont) and self._can_write(text):
            return font.get_text_width(text, self.font_size_pt, None)[1] / self.k
        return self.get_string_width(text)

    def fit(self, text: str, width_mm: float, most_lines: int) -> list[str]:
        """`text` broken into lines that fit; the last ends in an ellipsis where it is cut."""
        room = width_mm - 2 * self.c_margin
        words = self.shown(text).split(" ")
        lines = [words[0]]
        for word in words[1:]:
            longer = f"{lines[-1]} {word}"
            if self.width_of(longer) <= room:
                lines[-1] = longer
            else:
                lines.append(word)
        if len(lines) > most_lines:
            lines[most_lines - 1 :] = [" ".join(lines[most_lines - 1 :])]
        return [self._shorten(line, room) for line in lines]

    def _shorten(self, line: str, room: float) -> str:
        if self.width_of(line) <= room:
            return line
        while line and self.width_of(f"{line}…") > room:
            line = line[:-1]
        return f"{line}…"

    def _can_write(self, text: str) -> bool:
        return self._built_in.issuperset(text)


def _characters(pdf: FPDF, family: str) -> Iterable[str]:
    font = pdf.fonts[family]
    return map(chr, font.cmap) if isinstance(font, TTFFont) else ()
