import configparser
import json
from importlib.resources import files

import jsonschema
from ruamel.yaml import YAML

from coincast.paths import ROOT

SCHEMAS = files("check_jsonschema") / "builtin_schemas" / "vendor"


def test_citation_follows_the_schema_and_names_this_version():
    citation = YAML(typ="safe", pure=True).load(ROOT / "CITATION.cff")
    schema = json.loads((SCHEMAS / "citation-file-format.json").read_text())
    jsonschema.validate(citation, schema)
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    assert citation["version"] == config["metadata"]["version"]
    assert citation["license"] == config["metadata"]["license"]
