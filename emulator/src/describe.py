"""Says what the pipelines in the folders given look like, without running them: one JSON list on the last line.

The OpenHEXA SDK reads them where it is installed. Where it is not, their decorators are read here, so that they
can at least be shown; running them needs the SDK.
"""

import ast
import contextlib
import io
import json
import re
import sys
from pathlib import Path

TYPES = {
    "str": "str", "int": "int", "float": "float", "bool": "bool", "Dataset": "dataset", "File": "file",
    "Secret": "secret", "DHIS2Connection": "dhis2", "PostgreSQLConnection": "postgresql", "IASOConnection": "iaso",
    "S3Connection": "s3", "GCSConnection": "gcs", "CustomConnection": "custom",
}  # fmt: skip
RENAMED = {"disable_when": "disableWhen"}


def calls(function, name):
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", None) == name:
            yield decorator


def arguments(call, positional):
    found = dict(zip(positional, call.args))
    found.update({keyword.arg: keyword.value for keyword in call.keywords})
    return found


def literal(node):
    try:
        return ast.literal_eval(node)
    except ValueError:
        return getattr(node, "attr", getattr(node, "id", None))


def function_of(folder):
    tree = ast.parse((folder / "pipeline.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(calls(node, "pipeline")):
            return node
    raise ValueError("no function in it is decorated with @pipeline")


def parameters_by_sdk(folder):
    from openhexa.sdk.pipelines.runtime import get_pipeline

    with contextlib.redirect_stdout(io.StringIO()):
        return [parameter.to_dict() for parameter in get_pipeline(folder).parameters]


def parameters_by_eye(function):
    for call in calls(function, "parameter"):
        found = arguments(call, ["code"])
        kind = TYPES.get(getattr(found.pop("type", None), "id", "str"), "str")
        values = {RENAMED.get(name, name): literal(node) for name, node in found.items()}
        yield {"required": True, "multiple": False, "name": None, **values, "type": kind}


def describe(folder, has_sdk):
    function = function_of(folder)
    about = {
        name: literal(node)
        for name, node in arguments(next(calls(function, "pipeline")), ["code", "name", "timeout"]).items()
    }
    title = about.get("name") or about.get("code") or folder.name
    code = re.sub(r"[^a-z0-9]+", "-", str(about.get("code") or title).lower()).strip("-")
    return {
        "folder": str(folder),
        "code": code,
        "name": title,
        "timeout": about.get("timeout"),
        "functionalType": about.get("functional_type"),
        "description": ast.get_docstring(function),
        "parameters": parameters_by_sdk(folder) if has_sdk else list(parameters_by_eye(function)),
    }


def main(folders):
    problems, described = [], []
    try:
        import openhexa.sdk.pipelines.runtime  # noqa: F401
    except ImportError as error:
        problems.append(f"the package openhexa.sdk is missing ({error})")
    for folder in map(Path, folders):
        try:
            described.append(describe(folder, not problems))
        except Exception as error:
            described.append({"folder": str(folder), "problem": str(error)})
    print(json.dumps({"missing": problems, "pipelines": described}))


main(sys.argv[1:])
