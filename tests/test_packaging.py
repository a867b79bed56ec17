"""What is declared: dependencies, versions, and a wheel that works where there is no clone."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import zipfile

import pytest
import yaml

from tests.conftest import REPOSITORY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
WORKFLOW = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
JOBS = WORKFLOW["jobs"]


def test_requirements_are_those_of_the_library_and_the_page():
    lines = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8").splitlines()
    required = [line for line in lines if not line.startswith("#")]
    assert required == [*PROJECT["dependencies"], *EXTRAS["page"]]


def test_libraries_whose_private_methods_are_replaced_are_bounded():
    (transformers,) = [each for each in PROJECT["dependencies"] if each.startswith("transformers")]
    assert "<6" in transformers
    assert any(each.startswith("gradio[mcp]==") for each in EXTRAS["page"])


def test_who_has_an_older_transformers_is_told_the_declared_one(monkeypatch):
    """On the Hub, where nothing else checks it: in the card, and in the module that is imported first."""
    (transformers,) = [each for each in PROJECT["dependencies"] if each.startswith("transformers")]
    for card in (REPOSITORY / "model_card.md", REPOSITORY / "model" / "README.md"):
        assert f'pip install torch torchvision "{transformers}" ' in card.read_text(encoding="utf-8")
    monkeypatch.setattr("importlib.metadata.version", lambda package: "5.8.1")
    with pytest.raises(ImportError) as raised:
        runpy.run_path(str(REPOSITORY / "gender_age" / "configuration_gender_age.py"))
    assert str(raised.value).startswith(f"{transformers.partition(',')[0]} is required ")
    assert str(raised.value).endswith(f'found transformers==5.8.1.\nInstall it: pip install "{transformers}"')


def test_a_dependency_has_the_same_bounds_in_every_extra():
    bounds = {}
    for each in [*PROJECT["dependencies"], *EXTRAS["page"], *EXTRAS["train"], *EXTRAS["onnx"]]:
        name = re.match(r"[\w-]+", each)[0]
        assert bounds.setdefault(name, each) == each


def test_the_hook_before_a_commit_runs_the_version_of_ruff_that_is_pinned():
    hooks = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (ruff,) = [each for each in hooks["repos"] if each["repo"].endswith("ruff-pre-commit")]
    assert f"ruff=={ruff['rev'].removeprefix('v')}" in EXTRAS["lint"]
    assert {hook["id"] for hook in ruff["hooks"]} == {"ruff-check", "ruff-format"}


def test_ci_checks_every_supported_python_with_the_one_script():
    job = JOBS["check"]
    versions = job["strategy"]["matrix"]["python"]
    assert PROJECT["requires-python"] == f">={versions[0]}"
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert f"Python {versions[0]} to {versions[-1]}" in readme
    assert job["steps"][-1]["run"] == "scripts/check"
    steps = [step for each in JOBS.values() for step in each["steps"]]
    assert all(re.fullmatch(r"[\w/-]+@v\d+", step["uses"]) for step in steps if "uses" in step)
    assert (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").endswith(" scripts/check\n")
    assert os.access(REPOSITORY / "scripts" / "check", os.X_OK)


def test_ci_looks_for_known_weaknesses_in_what_users_install():
    """In all that is installed, skipping nothing, and every week, too."""
    *_, install, audit = JOBS["audit"]["steps"]
    extras = re.search(r"--editable \"\.\[(.*)\]\"", install["run"])[1].split(",")
    assert set(extras) == EXTRAS.keys() - {"test", "lint"}
    assert audit["run"].startswith("pip-audit --strict ")
    assert "schedule" in WORKFLOW[True]  # YAML's name for the key `on`


def at_least(name: str) -> list[tuple[int, ...]]:
    """The lowest version of a package, once for each place that names it."""
    everywhere = [*PROJECT["dependencies"], *(each for extra in EXTRAS.values() for each in extra)]
    found = [re.fullmatch(rf"{name}>=([\d.]+)", each) for each in everywhere]
    return [tuple(map(int, each[1].split("."))) for each in found if each]


def test_no_version_with_a_weakness_that_reaches_us_is_allowed():
    assert at_least("filelock") == [(3, 20, 3)] * 2  # follows no link in place of the lock file
    assert at_least("torch") == [(2, 6)]  # `weights_only` by default
    assert at_least("torchvision") == [(0, 21)]  # the one made for it


def test_citation_and_changelog_have_the_version_and_its_date():
    version = PROJECT["version"]
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == version
    headings = re.findall(r"^## (.*)$", (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    released = next(heading for heading in headings if heading != "Unreleased")
    assert released == f"{version} ({citation['date-released']})"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built offline, from a copy, as building leaves files beside its sources."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(REPOSITORY / "gender_age", source / "gender_age")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(REPOSITORY / name, source / name)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def run_installed(wheel, tmp_path_factory):
    """Runs Python in an empty folder, with the installed wheel and the libraries that it needs, but no clone."""
    site, empty = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("empty")
    pip("install", "--no-deps", "--target", site, wheel)

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=empty,
            env=os.environ | {"PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert list(empty.iterdir()) == []
        return done

    ran = run("-c", "import gender_age; print(gender_age.__file__)")
    assert ran.stdout.startswith(str(site)), "a clone is in the way"
    return run


def pip(*arguments):
    subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, arguments)],
        env=os.environ | {"PIP_NO_INDEX": "1"},
        check=True,
        capture_output=True,
    )


def test_the_wheel_holds_the_library_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert {f"gender_age/{path.name}" for path in (REPOSITORY / "gender_age").glob("*.py")} <= names
    assert {"gender_age/py.typed", "gender_age/mtcnn.safetensors"} <= names
    assert {name.partition("/")[0] for name in names} == {"gender_age"}


@pytest.mark.slow
def test_an_installed_wheel_explains_itself_and_predicts(run_installed):
    assert "usage: python -m gender_age" in run_installed("-m", "gender_age", "--help").stdout
    photo, model = REPOSITORY / "examples" / "group.jpg", REPOSITORY / "model"
    ran = run_installed("-m", "gender_age", photo, "--json", "--model", model)
    assert ran.returncode == 0, ran.stderr
    assert len(json.loads(ran.stdout)["faces"]) == 3


@pytest.mark.slow
def test_an_installed_wheel_says_that_it_comes_without_a_model(run_installed):
    ran = run_installed("-m", "gender_age", REPOSITORY / "examples" / "group.jpg")
    assert ran.returncode == 2
    assert ran.stderr.startswith("There is no model folder ")
    assert ran.stderr.count("\n") == 1
