"""Prints a description of the pipelines in the given folders, without running them. The last line is a JSON object.

If the OpenHEXA SDK is installed, it reads their parameters. If not, this program reads their decorators, so that the
pipelines can at least be listed. They cannot be run without the SDK.
"""

import ast
import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

TYPES = {
    "str": "str", "int": "int", "float": "float", "bool": "bool", "Dataset": "dataset", "File": "file",
    "Secret": "secret", "DHIS2Connection": "dhis2", "PostgreSQLConnection": "postgresql", "IASOConnection": "iaso",
    "S3Connection": "s3", "GCSConnection": "gcs", "CustomConnection": "custom",
}  # fmt: skip
# The type that each value of a parameter must have, if it is set.
SHAPES = {
    "code": str, "name": str, "help": str, "widget": str, "connection": str, "directory": str,
    "required": bool, "multiple": bool, "disableWhen": bool, "choices": list, "disables": list,
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
    raise ValueError("pipeline.py has no function with the decorator @pipeline")


def parameters_by_sdk(folder):
    from openhexa.sdk.pipelines.runtime import get_pipeline

    with contextlib.redirect_stdout(io.StringIO()):
        return [parameter.to_dict() for parameter in get_pipeline(folder).parameters]


def parameters_by_decorators(function):
    for call in calls(function, "parameter"):
        found = arguments(call, ["code"])
        kind = TYPES.get(getattr(found.pop("type", None), "id", "str"), "str")
        choices = from_file(found.get("choices"))
        if choices:
            del found["choices"]
        values = {RENAMED.get(name, name): literal(node) for name, node in found.items()}
        yield {"required": True, "multiple": False, "name": None, **values, "type": kind, "choicesFromFile": choices}


def from_file(node):
    """The file from which choices are read, given as a text or as ChoicesFromFile(…)."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {"path": node.value}
    if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "ChoicesFromFile":
        return {name: literal(value) for name, value in arguments(node, ["path", "column", "format"]).items()}
    return None


def checked(parameter):
    for name, shape in SHAPES.items():
        value = parameter.get(name)
        if value is not None and not isinstance(value, shape):
            raise ValueError(f"{name} of the parameter {parameter.get('code')!r} must be a {shape.__name__}, not {value!r}")
    return parameter


def seconds(timeout):
    if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, int)):
        raise ValueError(f"timeout must be a whole number of seconds, not {timeout!r}")
    return timeout


def describe(folder, has_sdk):
    function = function_of(folder)
    about = {
        name: literal(node)
        for name, node in arguments(next(calls(function, "pipeline")), ["code", "name", "timeout"]).items()
    }
    title = about.get("name") or about.get("code") or folder.name
    if not isinstance(title, str):
        raise ValueError(f"the name of the pipeline must be text, not {title!r}")
    parameters = parameters_by_sdk(folder) if has_sdk else parameters_by_decorators(function)
    return {
        "folder": str(folder),
        # The caller converts it to a code.
        "code": str(about.get("code") or title),
        "name": title,
        "timeout": seconds(about.get("timeout")),
        "functionalType": about.get("functional_type"),
        "description": ast.get_docstring(function),
        "parameters": [checked(parameter) for parameter in parameters],
    }


def line_of(function, has_sdk):
    """The line of the first decorator that cannot be read on its own, or else of the function."""
    first = next(calls(function, "pipeline"))
    for one in [first, *calls(function, "parameter")]:
        decorators = list({first: None, one: None})
        alone = ast.FunctionDef(function.name, function.args, [ast.Pass()], decorators, lineno=1, type_params=[])
        try:
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / "pipeline.py").write_text(ast.unparse(alone))
                describe(Path(folder), has_sdk)
        except Exception:
            return one.lineno
    return function.lineno


def problem_of(folder, error, has_sdk):
    """What is wrong with a file, and its line if it is known."""
    text = f"{error}".encode(errors="replace").decode() or type(error).__name__
    if isinstance(error, SyntaxError):
        return {"problem": error.msg, "line": error.lineno}
    with contextlib.suppress(Exception):
        return {"problem": text, "line": line_of(function_of(folder), has_sdk)}
    return {"problem": text}


def to_json(described):
    """Returns the description as JSON. Fails for values that JSON cannot contain, such as NaN or half a character."""
    json.dumps(described, allow_nan=False, ensure_ascii=False).encode()
    return json.dumps(described, allow_nan=False)


def main(folders):
    problems, described = [], []
    try:
        import openhexa.sdk.pipelines.runtime  # noqa: F401
    except ImportError as error:
        problems.append(f"the package openhexa.sdk is missing ({error})")
    for folder in map(Path, folders):
        try:
            described.append(to_json(describe(folder, not problems)))
        except Exception as error:
            described.append(json.dumps({"folder": str(folder), **problem_of(folder, error, not problems)}))
    print(f'{{"missing": {json.dumps(problems)}, "pipelines": [{", ".join(described)}]}}')


main(sys.argv[1:])
