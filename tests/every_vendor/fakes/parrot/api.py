"""Parrot over HTTP: `POST /say`."""

from flask import Flask, request
from sqlalchemy.dialects.sqlite import insert

from inkstand.fakes.kit import current
from inkstand.fakes.kit.furnishing import furnish
from inkstand.fakes.kit.http import BadJsonError, column_text, parse_json
from inkstand.fakes.kit.ledger import Reason, load
from inkstand.fakes.kit.storage import Statement

from .tables import phrases

SERVICE = "parrot"


def create_app() -> Flask:
    """Parrot as a web application of its own."""
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/say", view_func=say, methods=["POST"])
    furnish(app, SERVICE)
    return app


def say() -> tuple[dict[str, str], int]:
    """Repeat a phrase: 200; 401 for an unknown token, 400 without a phrase."""
    if not current.enter(SERVICE, request.headers.get("Authorization", "").removeprefix("Bearer ")):
        return {"message": "Who are you?"}, 401
    try:
        body = parse_json(request.get_data())
    except BadJsonError as error:
        return {"message": f"Not JSON: {error}"}, 400
    message_id = column_text(body.get("messageId")) or "nothing"
    current.explain_by(message_id)
    phrase = column_text((body.get("properties") or {}).get("phrase"))
    with current.write() as tx:
        if phrase is None:
            reason = Reason("parrot.phrase_missing", {"event": body.get("event")})
            tx.because(message_id, "parrot", [reason])
            return {"message": load(__package__).explain(reason)}, 400
        tx.change(_SAY, message_id=message_id, phrase=phrase, said_at=current.world().now())
    return {"said": phrase}, 200


_SAY = Statement(insert(phrases).on_conflict_do_nothing(), "message_id", "phrase", "said_at")
