"""The tables of a web page; nothing is fetched, and no script is run."""

from html.parser import HTMLParser

from callrouter.adapters.buyer_files.markup.table_files import (
    CHUNK,
    LONGEST,
    WIDEST,
    OpenCell,
    OpenTable,
    TableFiles,
    TooMuchError,
    read_span,
)

_MOST_DEEP = 50
_UNSHOWN = ("script", "style", "template")


class Page(HTMLParser):
    """The tables of a page, those within others as well."""

    def __init__(self, tables: TableFiles) -> None:
        super().__init__(convert_charrefs=True)
        self._tables = tables
        self._open: list[OpenTable] = []
        self._unshown = 0

    def read(self, text: str) -> None:
        """All of a page."""
        for at in range(0, len(text), CHUNK):
            self.feed(text[at : at + CHUNK])
            if len(self.rawdata) > LONGEST:
                raise TooMuchError("tag")
        self.close()
        while self._open:
            self._end_table()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begins a table, a row or a cell; what ends a line is a blank."""
        match tag:
            case "table":
                self._begin_table()
            case "tr":
                self._begin_row()
            case "td" | "th":
                self._begin_cell(dict(attrs))
            case "br" | "p" | "div" | "li":
                self.handle_data(" ")
            case _:
                self._unshown += tag in _UNSHOWN

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begins and ends one that is written as one: <td/>."""
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Ends what is open; what isn't is passed over."""
        if tag in _UNSHOWN:
            self._unshown = max(0, self._unshown - 1)
        elif not self._open:
            return
        elif tag == "table":
            self._end_table()
        elif tag == "tr":
            self._tables.end_row(self._open[-1])
        elif tag in ("td", "th"):
            self._open[-1].end_cell()
        elif tag in ("thead", "tbody", "tfoot"):
            self._tables.end_row(self._open[-1])
            self._open[-1].above.clear()

    def handle_data(self, data: str) -> None:
        """Adds text to the innermost cell, but for scripts and styles."""
        cell = self._open[-1].cell if self._open else None
        if cell is not None and not self._unshown:
            cell.add(data)

    def _begin_table(self) -> None:
        if len(self._open) >= _MOST_DEEP:
            raise TooMuchError("depth")
        name = f"table {len(self._tables.listed) + 1}"
        self._open.append(self._tables.begin(name, self.getpos()[0]))

    def _end_table(self) -> None:
        table = self._open.pop()
        self._tables.end_row(table)
        table.out.close()

    def _begin_row(self) -> None:
        if not self._open:
            self._begin_table()
        table = self._open[-1]
        self._tables.end_row(table)
        table.row, table.row_line = [], self.getpos()[0]

    def _begin_cell(self, attributes: dict[str, str | None]) -> None:
        if not self._open or self._open[-1].row is None:
            self._begin_row()
        table = self._open[-1]
        table.end_cell()
        across, down = (read_span(attributes.get(each)) for each in ("colspan", "rowspan"))
        table.cell = OpenCell(min(across, WIDEST), down)
