"""What a person does at Parrot: says something to it."""

import json

from marshmallow import Schema, fields

from inkstand.fakes.kit.verbs import Verb


class TellSchema(Schema):
    """What is said."""

    phrase = fields.String(required=True)


def tell(visit, given):
    """Say a phrase, as anybody with the token can; what Parrot repeats."""
    token = {"Authorization": f"Bearer {visit.settings['token']}"}
    answer = visit.ask("POST", "/say", token, {"messageId": given["phrase"], "properties": {"phrase": given["phrase"]}})
    return json.loads(answer.content)


VERBS = (Verb("tell", "a person says something to the parrot", TellSchema, tell),)
