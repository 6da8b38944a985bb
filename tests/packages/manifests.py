# SPDX-License-Identifier: MIT
"""Parses the manifests of a package of mote, and compares their keys with the fields that the tools document:
python3 manifests.py FOLDER"""
import ast
import json
import pathlib
import sys

import yaml

FOLDER = pathlib.Path(sys.argv[1])


def check(name, found, required, optional=()):
    """Stops unless found has all of required and nothing besides required and optional."""
    missing, unknown = set(required) - set(found), set(found) - set(required) - set(optional)
    if missing or unknown:
        sys.exit(f"{name}: missing {sorted(missing)}, unknown {sorted(unknown)}")


library = json.loads((FOLDER / "library.json").read_text())
check("library.json", library, {"name", "version", "description", "keywords", "authors", "license", "frameworks", "platforms"},
      {"headers", "examples", "build", "repository", "homepage", "export", "dependencies"})
check("library.json: build", library["build"], {"flags"}, {"unflags", "srcDir", "srcFilter", "includeDir", "libArchive"})
for example in library["examples"]:
    for file in example["files"]:
        if not (FOLDER / example["base"] / file).exists():
            sys.exit(f"library.json: no {example['base']}/{file}")
if not (FOLDER / "src" / library["headers"]).exists():
    sys.exit(f"library.json: no src/{library['headers']}")

component = yaml.safe_load((FOLDER / "idf_component.yml").read_text())
check("idf_component.yml", component, {"version", "description", "license"},
      {"maintainers", "dependencies", "url", "repository", "targets", "examples", "files", "tags"})
if component["dependencies"]["idf"]["version"] != ">=5.0" or component["version"] != library["version"]:
    sys.exit("idf_component.yml: other versions")

module = yaml.safe_load((FOLDER / "zephyr/module.yml").read_text())
check("module.yml", module, {"name", "build"})
check("module.yml: build", module["build"], {"cmake", "kconfig"}, {"depends", "settings"})
if not (FOLDER / module["build"]["cmake"] / "CMakeLists.txt").exists() or not (FOLDER / module["build"]["kconfig"]).exists():
    sys.exit("module.yml: names files that do not exist")

check("vcpkg.json", json.loads((FOLDER / "vcpkg/vcpkg.json").read_text()), {"name", "version"},
      {"description", "license", "supports", "dependencies", "homepage", "maintainers"})
ast.parse((FOLDER / "conanfile.py").read_text())
