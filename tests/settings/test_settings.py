import json
from dataclasses import replace

import pytest
from tests.conftest import run_inkstand, serving

from inkstand.simulator.app import NEAR, Inkstand
from inkstand.simulator.configfile import json_schema
from inkstand.simulator.errors import BrokenFileError, CannotStartError, InkstandError
from inkstand.simulator.scenarios.client import Client
from inkstand.simulator.settings import VARIABLES, resolve

FILE = """
port: 4801
data_dir: kept
workspace:
  seed: 7
  sources:
    website: {writeKey: my-web-key}
    mobile: {}
  connections:
    inkit: {settings: {apiKey: my-inkit-key}}
    movable-ink-mobile: {enabled: false}
  vendors:
    inkit:
      templates:
        - {template_id: tmpl_hello, file: hello.html}
        - {template_id: tmpl_demoNotice, html: "<p>ours</p>", width: 4, height: 6}
"""


@pytest.fixture
def file(tmp_path):
    """A configuration file with a template beside it."""
    (tmp_path / "hello.html").write_text("<h1>Hello {{first_name}}</h1>")
    path = tmp_path / "inkstand.yaml"
    path.write_text(FILE)
    return path


@pytest.fixture
def set_up(file):
    """A sandbox that is set up by the file, as a client sees it."""
    with Inkstand(replace(resolve({}, file=str(file)).settings, data_dir=None)) as sandbox:
        yield Client(NEAR, sandbox.session())


def test_a_flag_wins_over_a_variable_over_the_file_over_the_default(file):
    """Each setting comes from the nearest place that gives it, and says from which."""
    told = resolve({"INKSTAND_PORT": "4802", "INKSTAND_HOST": "::1"}, {"host": "0.0.0.0"}, str(file))

    assert (told.settings.host, told.settings.port, told.settings.public_url) == ("0.0.0.0", 4802, None)
    assert told.settings.data_dir == str(file.parent / "kept")
    assert told.origins["host"] == "flag"
    assert told.origins["port"] == "INKSTAND_PORT"
    assert told.origins["data_dir"] == str(file)
    assert told.origins["public_url"] == "default"
    assert told.settings.url == "http://0.0.0.0:4802"


@pytest.mark.parametrize(
    ("variable", "text"), [("INKSTAND_PORT", "web"), ("INKSTAND_PORT", "70000"), ("INKSTAND_PORT", "-1")]
)
def test_a_variable_that_cannot_be(variable, text):
    """It is named with what was wanted and what came."""
    with pytest.raises(InkstandError, match=f"{variable} must be a number from 0 to 65535; '{text}' came"):
        resolve({variable: text})


def test_every_setting_of_the_file_has_its_variable():
    """Key, variable and flag are one (decision 27); only the workspace is too much for a variable."""
    assert set(json_schema()["properties"]) == {*VARIABLES, "workspace"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("port: 4801", "prot: 4801", ":2:1: prot: Unknown field. Did you mean 'port'?"),
        ("port: 4801", "port: web", ":2:1: port: Not a valid integer."),
        ("seed: 7", "sed: 7", ":5:3: workspace.sed: Unknown field. Did you mean 'seed'?"),
        ("seed: 7", "clock: fast", ":5:3: workspace.clock: Must be one of: real, frozen."),
        ("inkit: {settings", "inkti: {settings", "There is no destination 'inkti'. Did you mean 'inkit'?"),
        ("{apiKey: my-inkit", "{apikey: my-inkit", "Inkit has no setting 'apikey'. Did you mean 'apiKey'?"),
        ("writeKey: my", "writekey: my", "Unknown field. Did you mean 'writeKey'?"),
        ("    inkit:\n", "    inkot:\n", "There is no vendor 'inkot'. Did you mean 'inkit'?"),
        ("file: hello.html", "file: hallo.html", "hallo.html cannot be read"),
        ("template_id: tmpl_hello, ", "", ".template_id: Missing data for required field."),
        ("{enabled: false}", "{enabled: false, source: desktop}", "There is no source 'desktop'"),
        ("{enabled: false}", "{enabled: false, baseUrl: shop}", "It is an address like http://"),
        ("data_dir: kept", "data_dir: [kept", "not YAML"),
    ],
)
def test_a_file_that_is_wrong(file, old, new, told):
    """It is told with file, line and column, and the nearest name."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))

    with pytest.raises(BrokenFileError) as raised:
        resolve({}, file=str(file))
    assert told in str(raised.value)
    assert str(raised.value).startswith(f"{file}:")


def test_a_file_that_was_asked_for_and_is_not_there(tmp_path):
    """Only one that nobody named may be missing."""
    with pytest.raises(CannotStartError, match="There is no configuration file"):
        resolve({"INKSTAND_CONFIG": str(tmp_path / "none.yaml")})


def test_the_default_workspace_is_as_the_file_says(set_up):
    """Keys, connections of every source, templates and seed come from the file."""
    told = set_up.workspace("default").told

    assert {one["id"]: one["writeKey"] for one in told["sources"]}["website"] == "my-web-key"
    assert [(one["id"], one["source"], one["enabled"]) for one in told["connections"]] == [
        ("inkit", "website", True),
        ("movable-ink", "website", True),
        ("movable-ink-actions", "website", False),
        ("inkit-mobile", "mobile", True),
        ("movable-ink-mobile", "mobile", False),
        ("movable-ink-actions-mobile", "mobile", False),
    ]
    assert told["connections"][0]["settings"] == {"apiKey": "my-inkit-key", "templateId": ""}
    assert told["seed"] == 7
    templates = {row["template_id"]: row for row in set_up.workspace("default").view("inkit.templates")}
    assert templates["tmpl_hello"]["merge_fields"] == ["first_name"]
    assert templates["tmpl_demoNotice"]["name"] == "tmpl_demoNotice"


def test_other_workspaces_are_set_up_alike_with_keys_of_their_own(set_up):
    """A workspace for a test has the templates and connections of the file, never its credentials."""
    one = set_up.create("one")

    assert one.write_key != "my-web-key"
    assert one.connection("inkit")["settings"]["apiKey"] != "my-inkit-key"
    assert not one.connection("movable-ink-mobile")["enabled"]
    one.post("identify", {"userId": "u", "traits": {"template_id": "tmpl_hello", "first_name": "Ana"}})
    one.settle()
    assert "Hello Ana" in one.view("inkit.documents")[0]["html"]


def test_a_reset_puts_the_files_state_back(set_up):
    """Not emptiness: templates, connections and seed of the file (decision 31)."""
    workspace = set_up.workspace("default")
    workspace.change_connection("inkit", {"enabled": False})
    workspace.reset()

    now = set_up.workspace("default").told
    assert {**now, "now": None} == {**workspace.told, "now": None}
    assert len(workspace.view("inkit.templates", template_id="tmpl_hello")) == 1


def test_a_workspace_can_be_asked_for_otherwise(set_up):
    """What is asked for when it is made stands over the file, thing by thing."""
    one = set_up.create(
        "one",
        seed=9,
        sources={"website": {"writeKey": "asked-for-key"}},
        connections={"inkit": {"enabled": False}, "second": {"destination": "inkit", "source": "mobile"}},
    )

    assert one.write_key == "asked-for-key"
    assert not one.connection("inkit")["enabled"]
    assert one.connection("second")["source"] == "mobile"
    with pytest.raises(InkstandError, match="key 'asked-for-key' belongs to workspace 'one'"):
        set_up.create("two", sources={"website": {"writeKey": "asked-for-key"}})
    with pytest.raises(InkstandError, match=r"vendors\.inkit\.templates\.0\.file: A file can only be named in a file"):
        set_up.create("two", vendors={"inkit": {"templates": [{"template_id": "t", "file": "/etc/passwd"}]}})


@pytest.mark.slow
def test_a_changed_file_counts_at_the_next_start(file):
    """Keys and connections at once, what is stored stays; the rest at the next reset."""
    data = ("--config", str(file))
    with serving(*data) as served:
        workspace = served.client.workspace("default")
        workspace.post("track", {"userId": "u", "event": "E"})
        assert served.terminate() == 0
    file.write_text(file.read_text().replace("my-web-key", "another-key").replace("tmpl_hello", "tmpl_other"))
    with serving(*data) as served:
        workspace = served.client.workspace("default")
        assert workspace.write_key == "another-key"
        assert len(workspace.view("messages")) == 1
        assert workspace.post("track", {"userId": "u", "event": "F"}).ok
        assert len(workspace.view("messages")) == 2
        workspace.reset()
        assert workspace.view("inkit.templates", template_id="tmpl_other")
        assert served.terminate() == 0


@pytest.mark.slow
def test_a_key_that_changed_since_a_snapshot(file):
    """Restored after the file changed, the workspace has the keys of now; a key of another's stops the start."""
    data = ("--config", str(file))
    with serving(*data) as served:
        served.client.workspace("default").snapshot("s")
        served.client.create("x", sources={"website": {"writeKey": "taken"}})
        assert served.terminate() == 0
    file.write_text(file.read_text().replace("my-web-key", "another-key"))
    with serving(*data) as served:
        served.client.workspace("default").restore("s")
        now = served.client.workspace("default")
        now.post("track", {"userId": "u", "event": "E"})
        assert now.write_key == "another-key"
        assert len(now.view("messages")) == 1
        assert served.terminate() == 0
    file.write_text(file.read_text().replace("another-key", "taken"))
    done = run_inkstand("serve", *data)

    assert done.returncode == 2
    assert "The segment key 'taken' belongs to workspace 'x' already." in done.stderr


@pytest.mark.slow
def test_config_tells_each_value_and_where_it_comes_from(file):
    """As text, as JSON, and its schema for editors."""
    told = run_inkstand("config", cwd=file.parent, env={"INKSTAND_HOST": "::1"}).stdout
    as_json = json.loads(run_inkstand("config", "--json", cwd=file.parent).stdout)
    schema = json.loads(run_inkstand("config", "--schema").stdout)

    assert "host           ::1" in told
    assert "INKSTAND_HOST" in told
    assert as_json["port"] == {"value": 4801, "from": "inkstand.yaml"}
    assert schema == json.loads(json.dumps(json_schema()))
    assert schema["$defs"]["inkit.Setup"]["properties"]["templates"]


@pytest.mark.slow
def test_the_demo_is_the_same_whatever_is_set_up(file):
    """A file here changes neither the demo nor what is kept."""
    file.write_text(file.read_text().replace("inkit: {settings", "inkit: {enabled: false, settings"))
    done = run_inkstand("demo", cwd=file.parent)

    assert done.returncode == 0, done.stdout + done.stderr
    assert not (file.parent / "kept").exists()
