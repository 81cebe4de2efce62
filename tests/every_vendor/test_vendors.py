"""What must hold for every vendor, tested once for each that is found."""

import re
from html import unescape

import pytest
from tests.conftest import example_call

from inkstand.fakes.kit.vendor import discover
from inkstand.simulator.errors import InkstandError
from inkstand.simulator.protocols.enforce import screen
from inkstand.simulator.protocols.plan import compiled, read_plan
from inkstand.simulator.scenarios.demo import Teller
from inkstand.simulator.scenarios.language.jsonschema import json_schema
from inkstand.simulator.scenarios.language.schema import VENDORS_VERB

VENDORS = discover()
each = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.slug)


def credential_of(workspace, vendor):
    destination = vendor.destinations[0]
    secret = next(setting.name for setting in destination.settings if setting.credential)
    return workspace.connection(destination.slug)["settings"][secret]


@each
def test_names_are_its_own(vendor):
    """Views, tables and rules carry the vendor's name, so that two vendors never meet."""
    prefix = vendor.service

    assert all(view.name.startswith(f"{prefix}.") for view in vendor.views)
    assert all(table.startswith(f"{prefix}_") for table in vendor.tables.tables)
    assert all(rule.startswith(f"{prefix}.") for rule in vendor.ledger.rules)


@each
def test_a_key_nobody_has_is_refused_and_kept(client, vendor):
    """A delivery with a wrong key ends where the vendor refuses it, and the call is kept as unclaimed."""
    workspace = client.create("test", clock="frozen", delivery="manual")
    for destination in vendor.destinations:
        secret = next(setting for setting in destination.settings if setting.credential)
        wrong = {secret.name: secret.around.format("inkstand-nobody-has-this")}
        workspace.change_connection(destination.slug, {"enabled": True, "settings": wrong})
    call_type, call = example_call(vendor)
    workspace.post(call_type, call)
    workspace.settle()

    for destination in vendor.destinations:
        (delivery,) = [row for row in workspace.view("deliveries") if row["connection"] == destination.slug]
        assert (delivery["status"], delivery["attempts"]) == ("discarded", 1)
        assert delivery["code"] in {"401", "404"}
    assert vendor.service in {row["service"] for row in client.control("GET", "/unclaimed")["items"]}


@each
def test_a_missing_setting_stops_before_any_request(workspace, vendor):
    """Without a required setting the message is discarded with INVALID_SETTINGS and nothing is sent."""
    for destination in vendor.destinations:
        empty = {setting.name: "" for setting in destination.settings}
        workspace.change_connection(destination.slug, {"enabled": True, "settings": empty})
    call_type, call = example_call(vendor)
    workspace.post(call_type, call)
    workspace.settle()

    slugs = {destination.slug for destination in vendor.destinations}
    found = [row for row in workspace.view("deliveries") if row["connection"] in slugs]
    assert {(row["status"], row["code"], row["attempts"]) for row in found} == {("discarded", "INVALID_SETTINGS", 0)}


@each
def test_what_is_not_faked_says_so(client, vendor):
    """Every route listed as not faked answers 501 with its own words."""
    workspace = client.workspace("default")
    for route in vendor.ledger.not_faked:
        key = credential_of(workspace, vendor)
        path = re.sub(r"\{[^}]*\}", "x", route.path.replace("{key}", key))
        response = client.request(route.method, f"/{vendor.slug}{path}", json=[], auth=(key, ""))

        assert response.status_code == 501, route
        assert response.json()["message"] == f"not faked yet: {route.what}"


@each
def test_its_page_shows_what_it_keeps(client, vendor):
    """The front page tells rules, addresses and, with a key, the newest rows; pictures in it can be seen."""
    workspace = client.workspace("default")
    call_type, call = example_call(vendor)
    workspace.post(call_type, call)
    workspace.settle()
    whose = client.request("GET", f"/{vendor.slug}/").text
    page = unescape(client.request("GET", f"/{vendor.slug}/", params={"key": credential_of(workspace, vendor)}).text)

    assert "Whose rows? Ask with" in whose
    for view in vendor.views:
        for row in workspace.view(view.name)[-1:]:
            shown = next(value for value in row.values() if isinstance(value, str))
            assert shown[:100] in page
            assert view.name in whose
    assert all(view.about[1:] in page for view in vendor.views)
    assert all(route.what in page for route in vendor.ledger.not_faked)
    pictures = re.findall(r'src="([^"]+)"', page)
    assert bool(pictures) is bool(vendor.pictures)
    for picture in pictures:
        seen = client.request("GET", picture)
        assert (seen.status_code, seen.content[:4]) == (200, b"\x89PNG")
    for address in re.findall(r'href="([^"]+key=[^"]+)"', page):
        assert client.request("GET", address).status_code == 200, address


@each
def test_its_chapter_of_the_demo_holds(client, vendor):
    """Each vendor brings a chapter for the demo, and what is stored afterwards is what it says."""
    workspace = client.create("demo", clock="frozen", delivery="manual")
    chapter = Teller(workspace, 1).chapter(vendor.examples)

    assert [statement for beat in chapter.beats for statement in beat.statements if not statement.holds] == []
    assert any(beat.statements for beat in chapter.beats)


@each
def test_it_has_a_readme(vendor):
    """Each vendor's folder says what is verified, assumed and not faked."""
    from importlib.resources import files

    text = (files(vendor.package) / "README.md").read_text("utf-8").lower()
    assert all(word in text for word in ("verified", "assumed", "not faked"))


@each
def test_its_verbs_can_be_found_and_used(client, workspace, vendor):
    """Each verb is listed with what it is given, stands in the editor's schema, and tells what is wrong with it."""
    listed = {verb["name"]: verb for verb in client.control("GET", "/verbs")}
    drawn = json_schema([vendor], [])["$defs"]

    for name, verb in vendor.verbs.items():
        assert VENDORS_VERB.fullmatch(name)
        assert listed[name]["about"] == verb.about
        assert set(drawn[name]["properties"]) == {*listed[name]["fields"], "as"}
        with pytest.raises(InkstandError, match="Unknown field"):
            workspace.act(name, {"no_such_member": 1})


@each
def test_its_requirements_are_rules_that_its_own_example_fulfils(vendor):
    """What its destinations require is a tracking plan, and the call of its demo does not violate it."""
    plan = compiled(read_plan({"rules": [*vendor.requirements, {"type": "COMMON", "jsonSchema": {}}]}))
    call_type, call = example_call(vendor)

    assert screen(plan, {}, {"type": call_type, **call}).code is None
    assert [one for one, _ in screen(plan, {}, {"type": call_type, **call}).found if one.kind == "Required"] == []
