"""The arrows of the design: app -> gender_age <- trainer."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
FORBIDDEN = {
    "gender_age": {"gradio", "datasets", "accelerate", "evaluate", "trainer", "page", "app"},
    "trainer": {"gradio", "page", "app"},
    "page": {"trainer", "datasets", "torch", "transformers", "facenet_pytorch", "app"},
}


def imported(path: Path) -> set[str]:
    """Top-level names of the modules that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", FORBIDDEN)
def test_packages_import_only_along_the_arrows(package):
    files = sorted((REPOSITORY / package).glob("*.py"))
    assert files
    for path in files:
        assert not imported(path) & FORBIDDEN[package], path.name


def test_app_leaves_the_model_to_the_library():
    assert not imported(REPOSITORY / "app.py") & {"trainer", "torch", "transformers", "facenet_pytorch"}


def test_only_the_detector_knows_mtcnn():
    users = [
        path.relative_to(REPOSITORY).as_posix()
        for package in ("gender_age", "trainer", "page")
        for path in (REPOSITORY / package).glob("*.py")
        if "facenet_pytorch" in imported(path)
    ]
    assert users == ["gender_age/detection.py"]
