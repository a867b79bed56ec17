"""What the loopback Hub of `tests/hub_server.py` stores: users, and repositories with revisions."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import yaml

TOKEN = "hf_of_user"
OTHER_TOKEN = "hf_of_stranger"
USERS = {TOKEN: "user", OTHER_TOKEN: "stranger"}
LFS_SUFFIXES = {".safetensors", ".bin", ".pkl", ".pt", ".parquet", ".png", ".jpg", ".zip", ".onnx"}
LICENSES = {"apache-2.0", "mit", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc0-1.0", "other", "unknown"}
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
MAX_SHORT_DESCRIPTION = 60
DATE = "2026-01-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class Commit:
    """One revision: its hash, its title, and all files as path -> content."""

    oid: str
    title: str
    files: Mapping[str, bytes]


@dataclass
class Repository:
    """A model, dataset or Space. Its first commit is the Hub's own."""

    repo_id: str
    kind: str
    private: bool = False
    gated: bool = False
    hardware: str | None = None
    commits: list[Commit] = field(default_factory=list)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.commit("initial commit", {".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"})

    def commit(self, title: str, files: Mapping[str, bytes], branch: str = "main") -> Commit:
        """Adds a revision that holds exactly `files`."""
        made = Commit(secrets.token_hex(20), title, dict(files))
        self.commits.append(made)
        self.branches[branch] = made.oid
        return made

    def at(self, revision: str) -> Commit | None:
        """The revision of a branch, tag or commit."""
        oid = self.branches.get(revision) or self.tags.get(revision) or revision
        return next((commit for commit in self.commits if commit.oid == oid), None)

    def info(self, commit: Commit) -> dict:
        """The answer to `repo_info`."""
        card = front_matter(commit.files.get("README.md", b"").decode()) or {}
        return {
            "_id": self.repo_id,
            "id": self.repo_id,
            "sha": commit.oid,
            "private": self.private,
            "gated": "auto" if self.gated else False,
            "lastModified": DATE,
            "createdAt": DATE,
            "downloads": 0,
            "likes": 0,
            "tags": card.get("tags") or [],
            "siblings": [{"rfilename": path} for path in sorted(commit.files)],
            "cardData": card,
            **{name: card[name] for name in ("pipeline_tag", "library_name", "sdk") if name in card},
        }

    def tree(self, commit: Commit, folder: str, recursive: bool, expand: bool) -> list[dict] | None:
        """Files and folders below `folder`; None if there is no such folder."""
        prefix = f"{folder}/" if folder else ""
        inside = [path for path in sorted(commit.files) if path.startswith(prefix)]
        if folder and not inside:
            return None
        folders = {
            str(parent)
            for path in inside
            for parent in PurePosixPath(path).parents
            if str(parent) != "." and str(parent).startswith(prefix) and (recursive or parent == _child(prefix, path))
        }
        files = [path for path in inside if recursive or "/" not in path.removeprefix(prefix)]
        return [_folder_entry(path) for path in sorted(folders)] + [file_entry(commit, path, expand) for path in files]

    def paths_info(self, commit: Commit, paths: list[str], expand: bool) -> list[dict]:
        """Those of `paths` that are there."""
        entries = []
        for path in paths:
            if path in commit.files:
                entries.append(file_entry(commit, path, expand))
            elif any(name.startswith(f"{path}/") for name in commit.files):
                entries.append(_folder_entry(path))
        return entries


def is_large(path: str, size: int) -> bool:
    """Whether the Hub keeps such a file outside git."""
    return PurePosixPath(path).suffix in LFS_SUFFIXES or size > 10_000_000


def file_hash(path: str, content: bytes) -> str:
    """SHA-256 of a large file, git's SHA-1 of any other."""
    return hashlib.sha256(content).hexdigest() if is_large(path, len(content)) else git_hash(content)


def git_hash(content: bytes) -> str:
    """What git calls a blob."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def file_entry(commit: Commit, path: str, expand: bool) -> dict:
    """A file as `tree` and `paths-info` describe it."""
    content = commit.files[path]
    entry = {"type": "file", "path": path, "size": len(content), "oid": git_hash(content)}
    if is_large(path, len(content)):
        pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n"
        oid = file_hash(path, content)
        pointer %= oid.encode(), len(content)
        entry |= {"oid": git_hash(pointer), "lfs": {"oid": oid, "size": len(content), "pointerSize": len(pointer)}}
    if expand:
        entry["lastCommit"] = {"id": commit.oid, "title": commit.title, "date": DATE}
    return entry


def front_matter(readme: str) -> dict | None:
    """The YAML at the head of a card; None without one.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    if not readme.startswith("---\n") or "\n---" not in readme[3:]:
        return None
    return yaml.safe_load(readme[4:].partition("\n---")[0])


def card_errors(readme: str, kind: str) -> list[str]:
    """What the Hub would refuse in a card's front matter (those of its rules that can concern this project)."""
    try:
        values = front_matter(readme) or {}
    except yaml.YAMLError as error:
        return [f"not YAML: {error}"]
    errors = []
    if values.get("license", "other") not in LICENSES:
        errors.append('"license" must be one of the known licences')
    if values.get("license") == "other" and kind != "space" and not (values.get("license_name") or "").islower():
        errors.append('"license_name" must go with "license: other", in lower case')
    for name in ("datasets", "metrics", "tags", "models", "task_categories"):
        if not all(isinstance(each, str) for each in values.get(name) or []):
            errors.append(f'"{name}" must be a list of texts')
    for model in values.get("model-index") or []:
        for result in model.get("results", []):
            wanted = (("task", "type"), ("dataset", "type"), ("dataset", "name"))
            errors += [f'"model-index": {a}.{b} is missing' for a, b in wanted if not result.get(a, {}).get(b)]
            if not result.get("metrics") or any(not {"type", "value"} <= set(each) for each in result["metrics"]):
                errors.append('"model-index": a metric needs type and value')
    if kind == "space":
        errors += [
            f'"{name}" is no colour' for name in ("colorFrom", "colorTo") if values.get(name, "red") not in COLOURS
        ]
        if len(values.get("short_description", "")) > MAX_SHORT_DESCRIPTION:
            errors.append(f'"short_description" must have {MAX_SHORT_DESCRIPTION} characters at most')
        if values.get("sdk") not in {"gradio", "docker", "static"}:
            errors.append('"sdk" must be one of gradio, docker, static')
    return errors


def _child(prefix: str, path: str) -> PurePosixPath:
    return PurePosixPath(prefix + path.removeprefix(prefix).partition("/")[0])


def _folder_entry(path: str) -> dict:
    return {"type": "directory", "path": path, "size": 0, "oid": git_hash(path.encode())}
