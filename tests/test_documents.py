"""What the documents promise of themselves: length, commands, links and names that exist, and files of their size."""

import contextlib
import inspect
import io
import json
import re
from dataclasses import fields

import pytest

from gender_age.prediction import GenderAgePredictor
from gender_age.results import FacePrediction, PhotoPrediction
from tests.conftest import REPOSITORY

SKIPPED = {"node_modules", "build", "data", "runs", "reports", "package"}
MOST_LINES = 250
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
COMMANDS = ("pip install -r requirements.txt && python app.py", 'pip install -e ".[test]" && python -m pytest')
# Names in backticks that are files of this repository, if they are right.
FILE = re.compile(
    r"`((?:gender_age|page|trainer|tests|docs|examples|benchmarks|scripts|\.ci)/[\w/.-]*\.[a-z]+)(?:::[\w…]+)?`"
)


def files(pattern):
    """The repository's own files: hidden folders, and what git ignores, are left out."""
    found = [path.relative_to(REPOSITORY) for path in REPOSITORY.rglob(pattern)]
    return sorted(path for path in found if not SKIPPED & set(path.parts) and not _is_hidden(path))


def _is_hidden(path):
    return any(part.startswith(".") and part not in (".ci", ".github") for part in path.parts)


DOCUMENTS = [path.as_posix() for path in files("*.md")]


def text_of(document):
    return (REPOSITORY / document).read_text(encoding="utf-8")


def test_the_readme_is_short_and_starts_with_the_two_commands():
    assert len(README.splitlines()) <= 160
    blocks = re.findall(r"^```bash\n(.*?)\n```$", README, re.M | re.S)
    assert tuple(blocks[:2]) == COMMANDS


def test_documents_are_found():
    assert {"README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/training.md", "docs/api.md"} <= set(DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_relative_links_lead_somewhere(document):
    prose = re.sub(r"^```.*?^```$", "", text_of(document), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        place, _, anchor = link.partition("#")
        if "://" in link or "{{" in link:
            continue
        target = (REPOSITORY / document).parent / place if place else REPOSITORY / document
        assert target.exists(), link
        if anchor and "{%" not in target.read_text(encoding="utf-8"):
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.M)
            assert anchor in [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings], link


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if not name.startswith(("model/", "examples/"))])
def test_files_that_are_named_exist(document):
    assert [name for name in FILE.findall(text_of(document)) if not (REPOSITORY / name).exists()] == []


def test_the_readme_has_the_figures_of_every_source_that_was_left_out():
    text = " ".join(README.split())
    record = json.loads((REPOSITORY / "model" / "evaluation.json").read_text(encoding="utf-8"))
    found = {name: each for one in record["left_out"] for name, each in one["protocols"]["landmarks"].items()}
    shown = (
        ("utkface", "MAE {:.1f} years on UTKFace ({:.1%} held)"),
        ("all-age-faces", "{:.1f} years on All-Age-Faces ({:.1%} held)"),
    )
    for name, words in shown:
        mae, held = found[name]["overall"]["age_mae"]["value"], found[name]["intervals"]["overall"]["coverage"]["value"]
        assert words.format(mae, held).replace("%", " %") in text
    right = found["fairface"]["overall"]["gender_accuracy"]["value"]
    assert f"on FairFace {100 * right:.1f} % of genders right" in text
    assert found.keys() == {"utkface", "all-age-faces", "fairface"}


def test_the_readmes_library_example_runs(monkeypatch):
    (program,) = re.findall(r"^```python\n(from gender_age .*?)^```$", README, re.M | re.S)
    monkeypatch.chdir(REPOSITORY)
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(compile(program, "README.md", "exec"), {"__name__": "example"})
    lines = output.getvalue().splitlines()
    assert len(lines) == 3
    assert all(re.fullmatch(r"(fe)?male \(\d+%\), \d+ years, \d+ to \d+", line) for line in lines)


def test_the_reference_names_every_method_and_field_of_the_library():
    (section,) = re.findall(r"^## Python\n(.*?)^## ", text_of("docs/api.md"), re.M | re.S)
    assert [name for name in vars(GenderAgePredictor) if not name.startswith("_") and f"`{name}" not in section] == []
    for result in (FacePrediction, PhotoPrediction):
        assert [field.name for field in fields(result) if f"`{field.name}`" not in section] == []


def test_the_references_methods_take_what_it_says():
    calls = re.findall(r"`(\w+)\(([^`]*)\)`", text_of("docs/api.md").partition("| method |")[2].partition("\n\n")[0])
    assert len(calls) == 10
    for name, told in calls:
        parameters = list(inspect.signature(getattr(GenderAgePredictor, name)).parameters.values())
        own = [each for each in parameters if each.name != "self"]
        assert [each.partition("=")[0] for each in told.split(", ")] == [each.name for each in own], name
        defaults = {each.name: str(each.default) for each in own if f"{each.name}=" in told}
        assert defaults == dict(each.split("=") for each in told.split(", ") if "=" in each), name


def test_the_references_example_runs(monkeypatch):
    (program,) = re.findall(r"^```python\n([^`]*GuardedOpener.*?)^```$", text_of("docs/api.md"), re.M | re.S)
    monkeypatch.chdir(REPOSITORY)
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(compile(program, "docs/api.md", "exec"), {"__name__": "example"})
    first, face, unusable = output.getvalue().splitlines()
    assert first == "collins.jpg 1 faces"
    assert re.fullmatch(r"(fe)?male, \d+ years, \d+ to \d+; under 18: [\d.]+%", face)
    assert unusable.startswith("missing.jpg ")


def test_no_module_is_long():
    lengths = {path.as_posix(): len(text_of(path).splitlines()) for path in files("*.py")}
    assert len(lengths) > 100
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


@pytest.mark.parametrize(("package", "most"), [("trainer", 12), ("page", 6)])
def test_the_top_of_a_package_is_small(package, most):
    assert 0 < len(list((REPOSITORY / package).glob("*.py"))) <= most


def test_the_checkpoint_holds_no_code():
    assert list((REPOSITORY / "model").rglob("*.py")) == []
