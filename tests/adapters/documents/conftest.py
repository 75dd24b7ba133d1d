"""What is written onto pages of PDFs."""

import pytest
from fpdf import FPDF


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written onto the pages of PDFs, before fonts make numbers of it."""
    written: list[str] = []
    onto_page, into_cell = FPDF.text, FPDF.cell

    def text(self: FPDF, x: float, y: float, text: str = "") -> None:
        written.append(text)
        onto_page(self, x, y, text)

    def cell(
        self: FPDF, w: float | None = None, h: float | None = None, text: str = "", **more: object
    ) -> bool:
        written.append(text)
        return into_cell(self, w, h, text, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(FPDF, "text", text)
    monkeypatch.setattr(FPDF, "cell", cell)
    return written
