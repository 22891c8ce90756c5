"""Who may import whom: the contracts of pyproject.toml, and no circle of modules anywhere."""

from graphlib import TopologicalSorter

import grimp
from importlinter import cli


def test_the_contracts_hold() -> None:
    assert cli.lint_imports(is_debug_mode=False) == 0


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("crmresearch", exclude_type_checking_imports=False)
    imported = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imported).prepare()  # raises CycleError with the circle
