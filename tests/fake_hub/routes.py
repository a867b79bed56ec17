"""The requests that the loopback Hub of `tests/hub_server.py` answers, and how."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from contextlib import nullcontext
from urllib.parse import parse_qs, quote, unquote, urlsplit

from .http import FaultyHandler, Refused
from .repository import DATE, USERS, Commit, Repository, card_errors, file_hash, front_matter, is_large

KINDS = r"(?P<kind>model|dataset|space)s"
REPO = r"(?P<repo>[^/]+/[^/]+)"
REVISION = r"(?P<revision>[^/]+)"
ROUTES = [
    (method, re.compile(f"^{pattern}$"), name)
    for method, pattern, name in (
        ("GET", "/api/whoami-v2", "whoami"),
        ("POST", "/api/repos/create", "create"),
        ("POST", "/api/validate-yaml", "validate"),
        ("GET", f"/api/{KINDS}/{REPO}", "info"),
        ("GET", f"/api/{KINDS}/{REPO}/revision/{REVISION}", "info"),
        ("GET", f"/api/{KINDS}/{REPO}/refs", "refs"),
        ("GET", f"/api/{KINDS}/{REPO}/commits/{REVISION}", "commits"),
        ("GET", f"/api/{KINDS}/{REPO}/tree/{REVISION}(/(?P<path>.+))?", "tree"),
        ("POST", f"/api/{KINDS}/{REPO}/paths-info/{REVISION}", "paths_info"),
        ("POST", f"/api/{KINDS}/{REPO}/preupload/{REVISION}", "preupload"),
        ("POST", f"/api/{KINDS}/{REPO}/commit/{REVISION}", "commit"),
        ("POST", f"/api/{KINDS}/{REPO}/(?P<what>branch|tag)/{REVISION}", "name"),
        ("PUT", f"/api/{KINDS}/{REPO}/settings", "settings"),
        ("POST", f"/({KINDS}/)?{REPO}.git/info/lfs/objects/batch", "batch"),
        ("PUT", "/upload/(?P<oid>[0-9a-f]{64})", "upload"),
        ("POST", "/verify", "verify"),
        ("GET", f"/({KINDS}/)?{REPO}/resolve/{REVISION}/(?P<path>.+)", "resolve"),
        ("GET", "/cdn/(?P<oid>[0-9a-f]{64})/.+", "cdn"),
    )
]
NEEDS_WRITE = {"preupload", "commit", "name", "settings", "batch"}


class HubRequestHandler(FaultyHandler):
    """Finds out what is asked for, by whom, and answers."""

    def route(self, path: str) -> None:
        """Answers one request."""
        method = "GET" if self.command == "HEAD" else self.command
        for wanted, pattern, name in ROUTES:
            found = pattern.match(path) if wanted == method else None
            if found:
                parts = {key: unquote(value) for key, value in found.groupdict().items() if value}
                if "repo" in parts:
                    parts["repo"] = self._repository(parts.pop("kind", "model"), parts["repo"], name)
                if "revision" in parts and name != "name":
                    parts["revision"] = self._revision(parts["repo"], parts["revision"])
                # A request that only reads may be held up on purpose, and must not hold up the others.
                with self.hub.lock if method != "GET" else nullcontext():
                    getattr(self, f"_{name}")(**parts)
                return
        raise Refused(404, f"The loopback Hub has no {self.command} {path}")

    def _user(self) -> str | None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token not in USERS:
            raise Refused(401, "Invalid credentials in Authorization header")
        return USERS.get(token)

    def _repository(self, kind: str, repo_id: str, route: str) -> Repository:
        """The repository, if the one who asks may do what they ask for."""
        user = self._user()
        owner = repo_id.partition("/")[0]
        repository = self.hub.repositories.get((kind, repo_id))
        if repository is None or (repository.private and user != owner):
            # The Hub does not tell who has no token whether there is such a repository. (Without the code, the client
            # reads a 401 as "not found" only from an https address.)
            answer = (404, "Repository not found") if user else (401, "Invalid username or password.")
            raise Refused(*answer, "RepoNotFound")
        if repository.gated and route == "resolve" and user != owner:
            message = f"Access to {kind} {repo_id} is restricted and you are not in the authorized list."
            raise Refused(403 if user else 401, message, "GatedRepo")
        if route in NEEDS_WRITE and user != owner:
            raise Refused(403 if user else 401, "You don't have the rights to write to this repository")
        return repository

    def _revision(self, repository: Repository, revision: str) -> Commit:
        commit = repository.at(revision)
        if commit is None:
            raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return commit

    def _whoami(self) -> None:
        user = self._user()
        if user is None:
            raise Refused(401, "Invalid username or password.")
        self.json({"type": "user", "id": user, "name": user, "orgs": [], "auth": {"accessToken": {"role": "write"}}})

    def _create(self) -> None:
        asked, user = json.loads(self.body), self._user()
        owner, kind = asked.get("organization") or user, asked.get("type") or "model"
        if user is None:
            raise Refused(401, "Invalid username or password.")
        if owner != user:
            raise Refused(403, f"You don't have the rights to create a {kind} under the namespace {owner}")
        repo_id = f"{owner}/{asked['name']}"
        answer = {"url": f"{self.hub.url}/{'' if kind == 'model' else kind + 's/'}{repo_id}", "name": repo_id}
        if (kind, repo_id) in self.hub.repositories:
            self.json(answer | {"error": f"You already created this {kind} repo"}, 409)
            return
        made = self.hub.add_repo(repo_id, kind, private=asked.get("visibility") == "private")
        made.hardware = asked.get("hardware")
        self.json(answer)

    def _validate(self) -> None:
        asked = json.loads(self.body)
        errors = card_errors(asked["content"], asked["repoType"])
        warnings = [] if errors or front_matter(asked["content"]) else [{"message": "empty or missing yaml metadata"}]
        self.json({"errors": [{"message": each} for each in errors], "warnings": warnings}, 400 if errors else 200)

    def _info(self, repo: Repository, revision: Commit | None = None) -> None:
        self.json(repo.info(revision or repo.at("main")))

    def _refs(self, repo: Repository) -> None:
        answer = {"converts": []}
        for kind, folder, refs in (("branches", "heads", repo.branches), ("tags", "tags", repo.tags)):
            answer[kind] = [{"name": n, "ref": f"refs/{folder}/{n}", "targetCommit": oid} for n, oid in refs.items()]
        self.json(answer)

    def _commits(self, repo: Repository, revision: Commit) -> None:
        until = repo.commits[: repo.commits.index(revision) + 1]
        fields = {"message": "", "authors": [], "date": DATE}
        self.json([{"id": commit.oid, "title": commit.title, **fields} for commit in reversed(until)])

    def _tree(self, repo: Repository, revision: Commit, path: str = "") -> None:
        entries = repo.tree(revision, path, self.asked("recursive"), self.asked("expand"))
        if entries is None:
            raise Refused(404, f"{path} does not exist on {revision.oid}", "EntryNotFound")
        self.json(entries)

    def _paths_info(self, repo: Repository, revision: Commit) -> None:
        if "json" in self.headers.get("Content-Type", ""):
            asked = json.loads(self.body)
            paths, expand = asked["paths"], asked.get("expand", False)
        else:
            form = parse_qs(self.body.decode())
            paths, expand = form.get("paths", []), form.get("expand", [""])[0].lower() == "true"
        self.json(repo.paths_info(revision, paths, expand))

    def _preupload(self, repo: Repository, revision: Commit) -> None:
        files = []
        for asked in json.loads(self.body)["files"]:
            path, there = asked["path"], revision.files.get(asked["path"])
            mode = "lfs" if is_large(path, asked["size"]) else "regular"
            oid = {} if there is None else {"oid": file_hash(path, there)}
            files.append({"path": path, "uploadMode": mode, "shouldIgnore": False, **oid})
        self.json({"files": files, "commitOid": revision.oid})

    def _batch(self, repo: Repository) -> None:
        objects = []
        for asked in json.loads(self.body)["objects"]:
            places = {"upload": f"{self.hub.url}/upload/{asked['oid']}", "verify": f"{self.hub.url}/verify"}
            actions = {action: {"href": place} for action, place in places.items()}
            objects.append(asked | ({} if asked["oid"] in self.hub.large_files else {"actions": actions}))
        self.json({"transfer": "basic", "objects": objects})

    def _upload(self, oid: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise Refused(400, "The content does not have the hash it was announced with")
        self.hub.large_files[oid] = self.body
        self.json({})

    def _verify(self) -> None:
        asked = json.loads(self.body)
        if len(self.hub.large_files.get(asked["oid"], b"")) != asked["size"]:
            raise Refused(404, "Object not found")
        self.json({})

    def _commit(self, repo: Repository, revision: Commit) -> None:
        branch = unquote(urlsplit(self.path).path.rpartition("/")[2])
        if branch not in repo.branches:
            raise Refused(404, f"Invalid rev id: {branch}", "RevisionNotFound")
        files, title = dict(revision.files), ""
        for line in self.body.splitlines():
            operation = json.loads(line)
            value = operation["value"]
            match operation["key"]:
                case "header":
                    title = value["summary"]
                    if value.get("parentCommit", revision.oid) != revision.oid:
                        raise Refused(412, "A commit has happened since. Please refresh and try again.")
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    if value["oid"] not in self.hub.large_files:
                        raise Refused(400, f"Your push is missing the LFS object of {value['path']}")
                    files[value["path"]] = self.hub.large_files[value["oid"]]
                case "deletedFile":
                    if files.pop(value["path"], None) is None:
                        raise Refused(404, "A file with this name doesn't exist", "EntryNotFound")
                case "deletedFolder":
                    folder = value["path"].rstrip("/") + "/"
                    files = {path: content for path, content in files.items() if not path.startswith(folder)}
                case unknown:
                    raise Refused(400, f"unknown operation {unknown}")
        errors = card_errors(files.get("README.md", b"").decode(), repo.kind) if "README.md" in files else []
        if errors:
            raise Refused(400, "; ".join(errors))
        made = repo.commit(title, files, branch)
        prefix = "" if repo.kind == "model" else f"{repo.kind}s/"
        url = f"{self.hub.url}/{prefix}{repo.repo_id}/commit/{made.oid}"
        self.json({"success": True, "commitOid": made.oid, "commitUrl": url, "hookOutput": ""})

    def _name(self, repo: Repository, what: str, revision: str) -> None:
        asked = json.loads(self.body or b"{}")
        if what == "branch":
            start = self._revision(repo, asked.get("startingPoint") or "main")
            if revision in repo.branches:
                raise Refused(409, f"The branch {revision} exists already")
            repo.branches[revision] = start.oid
        else:  # here the address names what is tagged
            repo.tags[asked["tag"]] = self._revision(repo, revision).oid
        self.json({})

    def _settings(self, repo: Repository) -> None:
        asked = json.loads(self.body)
        if "gated" in asked:
            repo.gated = bool(asked["gated"])
        repo.private = asked.get("visibility", "private" if repo.private else "public") == "private"
        self.json({})

    def _resolve(self, repo: Repository, revision: Commit, path: str) -> None:
        commit = {"X-Repo-Commit": revision.oid}
        if path not in revision.files:
            raise Refused(404, "Entry not found", "EntryNotFound", commit)
        content = revision.files[path]
        oid = file_hash(path, content)
        if not is_large(path, len(content)):
            self.send(content, 200, {**commit, "ETag": f'"{oid}"'})
            return
        self.hub.large_files[oid] = content
        linked = {"X-Linked-Size": str(len(content)), "X-Linked-ETag": f'"{oid}"'}
        self.send(b"", 302, {**commit, **linked, "Location": f"{self.hub.cdn_url}/{oid}/{quote(path)}"})

    def _cdn(self, oid: str) -> None:
        if self.headers.get("Authorization"):
            raise Refused(400, "The token was sent to another origin")
        if oid not in self.hub.large_files:
            raise Refused(404, "Object not found")
        self.send(self.hub.large_files[oid], 200, {"ETag": f'"{oid[:32]}"'})
