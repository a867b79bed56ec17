"""The arrows of the design: app -> page -> gender_age <- trainer, and gender_age <- labelling."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED_BY_ALL = {"gradio", "datasets", "accelerate", "evaluate", "ray", "trainer", "page", "labelling", "app"}
FORBIDDEN = {
    "gender_age": SHARED_BY_ALL,
    "trainer": {"gradio", "page", "labelling", "app"},
    "page": {"trainer", "labelling", "datasets", "torch", "transformers", "facenet_pytorch", "app"},
    "labelling": {"gradio", "datasets", "trainer", "page", "app"},
}
COMMANDS = {"prepare", "train", "evaluate", "push", "export", "deploy"}
TABS = {"photo", "why", "many", "live", "about"}


def files_of(package: Path) -> list[Path]:
    """Every module of a package, at any depth."""
    return sorted(package.rglob("*.py"))


def modules_imported(path: Path, root: Path) -> set[str]:
    """Absolute dotted names of what a file imports, wherever in it; of `from a import b` both `a` and `a.b`."""
    package = path.relative_to(root).parent.parts
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*parts, *([node.module] if node.module else [])])
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return names


def wrong_arrows(root: Path) -> list[str]:
    """`"file imports module"` for every import of a package that the design forbids to it."""
    return [
        f"{path.relative_to(root).as_posix()} imports {name}"
        for package, forbidden in FORBIDDEN.items()
        for path in files_of(root / package)
        for name in sorted(modules_imported(path, root))
        if name.partition(".")[0] in forbidden
    ]


def users_of(library: str, root: Path) -> list[str]:
    """The modules of our packages that import a library."""
    return [
        path.relative_to(root).as_posix()
        for package in FORBIDDEN
        for path in files_of(root / package)
        if library in {name.partition(".")[0] for name in modules_imported(path, root)}
    ]


def rooms_that_import(root: Path, package: str, forbidden: set[str]) -> list[str]:
    """Modules below a package's top that import one of its top-level modules or rooms named in `forbidden`."""
    return [
        path.relative_to(root).as_posix()
        for path in files_of(root / package)
        if path.parent != root / package and {f"{package}.{name}" for name in forbidden} & modules_imported(path, root)
    ]


@pytest.mark.parametrize("package", ["gender_age", "trainer", "page", "labelling"])
def test_packages_are_found(package):
    assert files_of(REPOSITORY / package)


def test_packages_import_only_along_the_arrows():
    assert wrong_arrows(REPOSITORY) == []


def test_app_leaves_the_model_to_the_library():
    names = {name.partition(".")[0] for name in modules_imported(REPOSITORY / "app.py", REPOSITORY)}
    assert not names & {"trainer", "torch", "transformers", "facenet_pytorch"}


def test_only_the_detector_knows_mtcnn():
    assert users_of("facenet_pytorch", REPOSITORY) == ["gender_age/detection.py"]


def test_rooms_of_the_trainer_import_no_command():
    assert rooms_that_import(REPOSITORY, "trainer", COMMANDS) == []


@pytest.mark.parametrize("room", ["inputs", "server", "shared"])
def test_what_the_tabs_share_imports_no_tab(room):
    tabs = {f"page.{tab}" for tab in TABS}
    for path in files_of(REPOSITORY / "page" / room):
        imported = {".".join(name.split(".")[:2]) for name in modules_imported(path, REPOSITORY)}
        assert not imported & tabs, path.name


@pytest.mark.parametrize(
    ("place", "line", "arrow"),
    [
        ("gender_age/deep/er/module.py", "from page.shared import drawing", "page"),
        ("page/photo/deep/module.py", "import torch.nn", "torch"),
        ("page/why/module.py", "from trainer.publishing.hub import publish", "trainer"),
        ("trainer/training/deep/module.py", "def f():\n    import gradio", "gradio"),
        ("labelling/stages/module.py", "from ...page import photo", "page"),
    ],
)
def test_an_arrow_planted_deep_inside_is_seen(place, line, arrow, tmp_path):
    planted = tmp_path / place
    planted.parent.mkdir(parents=True)
    planted.write_text(line)
    found = wrong_arrows(tmp_path)
    assert found
    assert all(each.startswith(f"{place} imports {arrow}") for each in found)


def test_a_second_user_of_mtcnn_is_seen_deep_inside(tmp_path):
    planted = tmp_path / "trainer" / "preparation" / "deep" / "module.py"
    planted.parent.mkdir(parents=True)
    planted.write_text("from facenet_pytorch import MTCNN")
    assert users_of("facenet_pytorch", tmp_path) == ["trainer/preparation/deep/module.py"]


def test_a_room_that_imports_a_command_is_seen(tmp_path):
    planted = tmp_path / "trainer" / "training" / "module.py"
    planted.parent.mkdir(parents=True)
    planted.write_text("from ..push import push_to_hub")
    assert rooms_that_import(tmp_path, "trainer", COMMANDS) == ["trainer/training/module.py"]
