"""Put pip into the running venv where Python came without ensurepip (Debian's bare python3).

Reads the package index as pip would, PIP_INDEX_URL or PyPI, and checks the wheel's hash.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

PIP = "25.0.1"
ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"


def find_wheel(index: str) -> tuple[str, str]:
    """URL and SHA-256 of pip's wheel in a simple index (JSON or HTML)."""
    page_url = f"{index.rstrip('/')}/pip/"
    request = urllib.request.Request(page_url, headers={"Accept": ACCEPT})
    with urllib.request.urlopen(request) as answer:
        page = answer.read().decode()
        page_url = answer.url
    name = f"pip-{PIP}-py3-none-any.whl"
    if page.lstrip().startswith("{"):
        entry = next(f for f in json.loads(page)["files"] if f["filename"] == name)
        return urljoin(page_url, entry["url"]), entry["hashes"]["sha256"]
    link = next(href for href in re.findall(r'href="([^"]+)"', page) if name in href)
    url, _, digest = link.partition("#sha256=")
    return urljoin(page_url, url), digest


def main() -> None:
    """Download pip and let it install itself."""
    url, digest = find_wheel(os.environ.get("PIP_INDEX_URL") or "https://pypi.org/simple")
    with urllib.request.urlopen(url) as answer:
        wheel = answer.read()
    if hashlib.sha256(wheel).hexdigest() != digest:
        sys.exit(f"{url} doesn't have the hash that its index promises")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"pip-{PIP}-py3-none-any.whl"
        path.write_bytes(wheel)
        subprocess.run(
            [sys.executable, f"{path}/pip", "install", "--quiet", "--no-index", str(path)],
            check=True,
        )


main()
