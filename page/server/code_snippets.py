"""The code of "Use via API": it runs as it is pasted, with an example of this project.

Missing in gradio: for a list of files, its JavaScript fetches the address "" and sends one file, and its curl sends one
file as well; its curl keeps the id of an event in a subshell, where bash loses it; its JavaScript fetches an example
although it could be a file. Replaced where gradio's routes call it, as there is no option.
Issues: none was found.
Can go when: `test_gradios_code_for_a_list_of_files_does_not_run` in tests/page/server/test_code_snippets.py fails.
"""

from __future__ import annotations

import json

from gradio import routes

GRADIOS = routes.generate_code_snippets


def replace_code_snippets() -> None:
    """Makes gradio's description of the API show `code_snippets`."""
    routes.generate_code_snippets = code_snippets


def code_snippets(
    api_name: str, endpoint_info: dict, root: str, space_id: str | None = None, api_prefix: str = "/"
) -> dict[str, str]:
    """gradio's snippets of an endpoint by language, with JavaScript and curl that run.

    Args:
        api_name: such as `/predict`.
        endpoint_info: its entry of `named_endpoints`.
        root: the page's address.
        space_id: the Space's id, which clients take in place of an address.
        api_prefix: path of the API, between two slashes.
    """
    parameters = {
        each["parameter_name"]: each["parameter_default"] if each["parameter_has_default"] else each["example_input"]
        for each in endpoint_info["parameters"]
    }
    return GRADIOS(api_name, endpoint_info, root, space_id, api_prefix) | {
        "javascript": _javascript(api_name, parameters, space_id or root),
        "bash": _curl(api_name, parameters, root.rstrip("/") + api_prefix.rstrip("/")),
    }


def _javascript(api_name: str, parameters: dict, source: str) -> str:
    arguments = "\n".join(f"\t{name}: {_javascript_value(value)}," for name, value in parameters.items())
    return f"""import {{ Client, handle_file }} from "@gradio/client";

const client = await Client.connect("{source}");
const result = await client.predict("{api_name}", {{
{arguments}
}});

console.log(JSON.stringify(result.data[0], null, 2));"""


def _javascript_value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_javascript_value, value))}]"
    return f"handle_file({json.dumps(value['path'])})" if _is_file(value) else json.dumps(value)


def _curl(api_name: str, parameters: dict, root: str) -> str:
    lines, values = [f"url={root}"], {}
    for name, value in parameters.items():
        file = value[0] if isinstance(value, list) and value else value
        if not _is_file(file):
            values[name] = json.dumps(value)
            continue
        lines.append(f"""path=$(curl -sf -F files=@{file["path"]} "$url/upload" | tr -d '[]"')""")
        sent = """{"path": "'"$path"'", "meta": {"_type": "gradio.FileData"}}"""
        values[name] = f"[{sent}]" if isinstance(value, list) else sent
    data = ", ".join(f'"{name}": {value}' for name, value in values.items())
    return "\n".join(
        [
            *lines,
            f"event=$(curl -sf \"$url/call/v2{api_name}\" -H 'Content-Type: application/json' \\",
            f"  -d '{{{data}}}' | cut -d '\"' -f 4)",
            f'curl -sfN "$url/call/v2{api_name}/$event"',
        ]
    )


def _is_file(value: object) -> bool:
    return isinstance(value, dict) and value.get("meta", {}).get("_type") == "gradio.FileData"
