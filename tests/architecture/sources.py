"""Our own files, found once: what the tests of the house look at."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("shared", "worker", "bot", "web")
FOLDERS = (*PACKAGES, "tests")
NOT_OURS = {"node_modules", "build", "__pycache__", ".venv"}


def files(*suffixes: str, folders: tuple[str, ...] = FOLDERS) -> list[Path]:
    """Every file of ours with one of these endings, relative to the root; those of the root too."""
    found = [path for path in ROOT.iterdir() if path.is_file()] if folders == FOLDERS else []
    for folder in folders:
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    relative = (path.relative_to(ROOT) for path in found)
    return sorted(path for path in relative if path.suffix in suffixes and not NOT_OURS & set(path.parts))


@cache
def text_of(path: Path) -> str:
    """Read a file."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    """Parse a Python file."""
    return ast.parse(text_of(path), str(path))


def calls_in(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the dotted name of what is called."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            yield dotted(node.func), node


def dotted(node: ast.expr) -> str:
    """Write `a.b.c` for a chain of attributes; what is no name is left out."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return node.id if isinstance(node, ast.Name) else ""


def imports_of(path: Path) -> set[str]:
    """The modules that a file imports, and `module.name` for what it takes from them."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def module_of(path: Path) -> str:
    """Write a file's dotted name."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
