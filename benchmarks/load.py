"""Load on one URL of a server: signed webhooks made beforehand, sent by wrk.

wrk (Debian's package of that name) takes little of the two cores that it shares with the server.
"""

import base64
import hmac
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from urllib.parse import urlencode

_SCRIPT = """
local thread_count = 0
function setup(thread)
  thread:set("file", "%(folder)s/" .. thread_count .. ".txt")
  thread_count = thread_count + 1
end
function init(args)
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  requests = {}
  for line in io.lines(file) do
    local path, signature, body = line:match("([^ ]+) ([^ ]+) (.*)")
    wrk.headers["X-Twilio-Signature"] = signature
    requests[#requests + 1] = wrk.format("POST", path, nil, body)
  end
  turn = 0
end
function request()
  turn = turn + 1
  if turn > #requests then turn = 1 wrapped = true end
  return requests[turn]
end
function done(summary, latency)
  io.write(string.format(
    '{"requests": %%d, "us": %%d, "p50_us": %%d, "p99_us": %%d, "bad": %%d, "lost": %%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request to send: target (path and query) and form fields."""

    target: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run of load came to; latencies in milliseconds."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    requests: int


def sign(url: str, fields: dict[str, str], token: str) -> str:
    """Twilio's signature of a form."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), sha1).digest()).decode()


def send(
    base_url: str, token: str, webhooks: Iterable[Webhook], *, seconds: int, connections: int
) -> Measured:
    """Send for `seconds` from two threads; each webhook is sent at most once.

    Raises RuntimeError when wrk is missing, when an answer wasn't 2xx, or when too few webhooks
    were given to last.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise RuntimeError("wrk isn't installed; on Debian: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="callrouter-load-") as folder:
        made = _write_requests(Path(folder), base_url, token, webhooks)
        script = Path(folder) / "load.lua"
        script.write_text(_SCRIPT % {"folder": folder})
        command = [wrk, "-t2", f"-c{connections}", f"-d{seconds}s", "-s", str(script), base_url]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    told = json.loads(out.strip().splitlines()[-1])
    if told["bad"] or told["lost"]:
        raise RuntimeError(f"not every answer was 2xx: {told}")
    if told["requests"] > made:
        raise RuntimeError(f"{made} webhooks did not last; {told['requests']} were sent")
    return Measured(
        requests_per_s=told["requests"] / (told["us"] / 1e6),
        p50_ms=told["p50_us"] / 1000,
        p99_ms=told["p99_us"] / 1000,
        requests=told["requests"],
    )


def _write_requests(folder: Path, base_url: str, token: str, webhooks: Iterable[Webhook]) -> int:
    files = [(folder / f"{thread}.txt").open("w") for thread in range(2)]
    made = 0
    for webhook in webhooks:
        signature = sign(base_url + webhook.target, webhook.fields, token)
        line = f"{webhook.target} {signature} {urlencode(webhook.fields)}\n"
        files[made % 2].write(line)
        made += 1
    for file in files:
        file.close()
    return made
