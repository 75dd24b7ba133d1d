"""Tables that come as markup: web pages, and workbooks of Excel 2003 as XML."""
