"""Tokens: given for an assertion, needed to be good where one is shown."""

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from inkstand.fakes.kit.world import machine_now
from inkstand.simulator.tracking.oauth import LIFETIME, TokenError, is_good, token_for

OWNER = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
NOW = 1_767_225_600
KEY = "inkstand-demo-write-key"
CLAIMS = {"iss": "app", "sub": "app", "aud": "http://localhost", "iat": NOW - 5, "exp": NOW + 55, "jti": "1"}


def form(claims=CLAIMS, headers=None, **members):
    assertion = jwt.encode(claims, OWNER, "RS256", headers={"kid": "key", **(headers or {})})
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
        "scope": "tracking_api:write",
        **members,
    }


@pytest.mark.fact("oauth-form", "oauth-claims")
def test_a_token_is_good_for_a_day():
    """What is given is good until its time is over; what was not given here never is."""
    token = token_for(form(), NOW * 1_000)
    until = NOW * 1_000 + LIFETIME

    assert is_good(token, NOW * 1_000)
    assert is_good(token, until - 1)
    assert not is_good(token, until)
    assert not is_good(token.replace(str(until), str(until + 1)), NOW * 1_000)
    assert not is_good("inkstand-token-", 0)


@pytest.mark.fact("oauth-form", "oauth-claims", "oauth-errors")
@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type", "password came"),
        ({"client_assertion_type": ""}, "invalid_request", "jwt-bearer"),
        ({"scope": "functions:write"}, "invalid_scope", "tracking_api:write"),
        ({"client_assertion": "x.y"}, "invalid_client", "no JWT"),
        ({"client_assertion": ""}, "invalid_request", "client_assertion is missing"),
        ({"claims": {**CLAIMS, "exp": NOW}}, "invalid_request", "Token is expired"),
        ({"claims": {**CLAIMS, "iat": NOW + 50}}, "invalid_request", "Token used before issued"),
        ({"claims": {**CLAIMS, "exp": NOW + 3_600}}, "invalid_client", "at most 60 s"),
        ({"claims": {**CLAIMS, "exp": "soon"}}, "invalid_client", "times in seconds"),
        ({"claims": {**CLAIMS, "exp": float("nan")}}, "invalid_client", "times in seconds"),
        ({"claims": {**CLAIMS, "iat": -(10**400), "exp": 1e300}}, "invalid_client", "times in seconds"),
        ({"claims": {"sub": "app"}}, "invalid_client", "aud, iat, exp, jti"),
        ({"headers": {"kid": ""}}, "invalid_client", "a kid"),
    ],
)
def test_what_gets_no_token(asked, error, said):
    """Each mistake is told in the words that clients read."""
    with pytest.raises(TokenError) as refusal:
        token_for(form(**asked), NOW * 1_000)

    assert refusal.value.error == error
    assert said in refusal.value.description


def test_what_is_no_form_is_told_so(client):
    """A JSON body in the place of a form is refused with what is wanted."""
    told = client.request("POST", "/token", json=form()).json()

    assert told == {
        "error": "invalid_request",
        "error_description": "A form is wanted: application/x-www-form-urlencoded.",
    }


@pytest.mark.fact("token", "bearer", "bearer-bad", "oauth-errors")
def test_the_token_endpoint_and_what_a_token_is_for(client):
    """A token in the header and the key in the body are taken; a token that is none is a 401 that is kept."""
    now = machine_now() // 1_000
    claims = {**CLAIMS, "iat": now, "exp": now + 55}
    told = client.request("POST", "/token/", data=form(claims)).json()
    refused = client.request("POST", "/token", data=form())
    call = {"userId": "u", "event": "E", "writeKey": KEY}

    def post(token):
        return client.request("POST", "/v1/track", json=call, headers={"Authorization": f"Bearer {token}"})

    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 86_400, "tracking_api:write")
    assert post(told["access_token"]).json() == {"success": True}
    bad = post("stale")
    assert (bad.status_code, bad.json()["code"]) == (401, "invalid_token")
    assert refused.status_code == 400
    assert refused.json() == {"error": "invalid_request", "error_description": "Token is expired"}
    assert client.workspace("default").count("messages") == 1
    assert [row["code"] for row in client.control("GET", "/refused")["items"]] == ["invalid_request", "invalid_token"]


def test_a_token_alone_names_no_source(client):
    """Without a write key in the body a good token is not enough."""
    now = machine_now() // 1_000
    token = client.request("POST", "/token", data=form({**CLAIMS, "iat": now, "exp": now + 55})).json()["access_token"]
    answer = client.request(
        "POST", "/v1/track", json={"userId": "u", "event": "E"}, headers={"Authorization": f"Bearer {token}"}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "no_write_key")
