"""The yardstick: a Flask view that returns a constant TwiML and does nothing else."""

from flask import Flask, Response

TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>'

app = Flask(__name__)


@app.route("/twilio/voice", methods=["GET", "POST"])
@app.route("/twilio/legs/1", methods=["GET", "POST"])
def answer() -> Response:
    return Response(TWIML, mimetype="text/xml")


@app.get("/health")
def health() -> str:
    return "ok"
