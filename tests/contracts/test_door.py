"""What could let data out, or foreign code in, stands in one place or nowhere."""

from __future__ import annotations

import ast

from tests.contracts.tree import called, imported, nodes, place, python_files

APP = ("app.py", "pages/", "crm_core/")
DOOR = "crm_core/ui/export_button.py"
WRITERS = ("to_csv", "to_excel", "to_parquet")
STREAMERS = (
    "crm_core/store/",
    "crm_core/models/",
    "crm_core/pipeline",
    "crm_core/privacy/export.py",
    "crm_core/privacy/subject.py",
)
EXPRESSION_ROOMS = (
    "crm_core/audiences/",
    "crm_core/features/",
    "crm_core/metrics/",
    "crm_core/models/",
    "crm_core/rules/",
)
EXECUTORS = ("to_pandas", "to_pyarrow", "to_pyarrow_batches", "to_polars")


def calls(name: str, *functions: str) -> list[str]:
    return [place(name, node) for node in nodes(name, ast.Call) if called(node) in functions]


def calls_in(names: list[str], *functions: str) -> list[str]:
    return [found for name in names for found in calls(name, *functions)]


def test_one_file_offers_downloads() -> None:
    others = [name for name in python_files(*APP) if name != DOOR]
    assert calls_in(others, "download_button") == []


def test_nothing_draws_raw_html_or_tracebacks() -> None:
    names = python_files(*APP)
    assert calls_in(names, "html", "exception", "iframe") == []
    switches = {"unsafe_allow_html", "unsafe_allow_javascript"}
    used = [
        place(name, node)
        for name in names
        for node in nodes(name, ast.keyword)
        if node.arg in switches
    ]
    assert used == []


def test_nothing_is_pickled_evaluated_or_run_in_a_shell() -> None:
    names = python_files(*APP)
    unsafe = {"pickle", "cloudpickle", "joblib", "dill", "shelve", "marshal"}
    assert [name for name in names if imported(name) & unsafe] == []
    assert calls_in(names, "eval", "exec", "system", "popen") == []
    shells = [
        place(name, node)
        for name in names
        for node in nodes(name, ast.keyword)
        if node.arg == "shell"
    ]
    assert shells == []


def test_lists_of_people_are_written_by_the_door_alone() -> None:
    names = [
        name
        for name in python_files("pages/", "crm_core/ui/", "crm_core/views/", "crm_core/charts/")
        if name != DOOR
    ]
    assert calls_in(names, *WRITERS) == []


def test_only_models_the_pipeline_and_exports_stream() -> None:
    found = [
        place(name, node)
        for name in python_files(*APP)
        if not name.startswith(STREAMERS)
        for node in nodes(name, ast.Call)
        if called(node) == "stream" and states_purpose(node)
    ]
    assert found == []


def states_purpose(call: ast.Call) -> bool:
    """Every reading of all rows says what for; other things called stream do not."""
    return any(word.arg == "purpose" for word in call.keywords)


def test_only_the_store_executes_expressions() -> None:
    assert calls_in(python_files(*EXPRESSION_ROOMS), "execute", *EXECUTORS) == []
    assert calls_in(python_files("crm_core/pipeline/"), *EXECUTORS) == []


def test_the_core_raises_errors_people_can_understand() -> None:
    bare = {"ValueError", "RuntimeError", "Exception", "KeyError", "TypeError"}
    found = [
        place(name, node)
        for name in python_files("crm_core/")
        for node in nodes(name, ast.Raise)
        if node.exc is not None and called(node.exc) in bare
    ]
    assumed = [
        place(name, node)
        for name in python_files("crm_core/")
        for node in nodes(name, ast.Assert)
        if called(node.test) != "isinstance"
    ]
    assert found + assumed == []
