"""What may stand nowhere in the code, or in one place only: each with how it is found.

A reading of the code, not a proof. An offence found here is a call, a keyword or an import.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.contracts.tree import called, modules, place, walked

Finder = Callable[[ast.Module], Iterator[ast.AST]]

STORE = ("crm_core/store/",)
DOOR = ("crm_core/ui/export_button.py",)
#: Files that leave are written by one; the others write what is read again at once.
TABLE_WRITERS = (
    "crm_core/privacy/files.py",
    "crm_core/pipeline/mended.py",
    "crm_core/store/imports/",
    "crm_core/store/sources/reader.py",
    "crm_core/store/postgres_link.py",
)
SCREEN = ("pages/", "crm_core/ui/", "crm_core/views/", "crm_core/charts/")
#: What reads Markdown, by the arguments that are read so.
MARKDOWN = {
    "badge", "button", "caption", "checkbox", "error", "expander", "header", "info", "markdown",
    "metric", "popover", "progress", "radio", "spinner", "subheader", "success", "tabs", "title",
    "toast", "toggle", "warning", "write",
}  # fmt: skip
#: What makes the letters of a shop inert, or gives none of them.
INERT = {"md", "md_escape", "t", "write"}
#: Files that make a text inert, or take one of the program's own, some lines before it is drawn.
INERT_BEFORE = (
    "crm_core/ui/attention_parts.py",
    "crm_core/ui/filters.py",
    "crm_core/ui/rule_builder.py",
    "crm_core/ui/rules_book.py",
    "crm_core/ui/rules_card.py",
    "crm_core/ui/runner.py",
)
CACHES = {"cache_data", "cache_resource"}
FRAMES = ("DataFrame", "Series", "ndarray", "pa.Table", "RecordBatch")
_WHO = ("st.session_state", "st.user")
PICKLES = {"pickle", "cloudpickle", "joblib", "dill", "shelve", "marshal"}


@dataclass(frozen=True)
class Rule:
    """What is not done, where it is not looked for, and, if only there, where it is."""

    find: Finder
    but_in: tuple[str, ...] = ()
    only_in: tuple[str, ...] = ()

    def offences(self, name: str, module: ast.Module) -> list[str]:
        """The places of a file that offend."""
        if name.startswith(self.but_in or ("?",)):
            return []
        if self.only_in and not name.startswith(self.only_in):
            return []
        return [place(name, node) for node in self.find(module)]


def calls(*functions: str) -> Finder:
    """Calls by the last name of what they call."""

    def find(module: ast.Module) -> Iterator[ast.AST]:
        return (node for node in walked(module) if called(node) in functions)

    return find


def keywords(*names: str) -> Finder:
    """Arguments that are given by these names."""

    def find(module: ast.Module) -> Iterator[ast.AST]:
        return (n for n in walked(module) if isinstance(n, ast.keyword) and n.arg in names)

    return find


def imports(names: set[str]) -> Finder:
    """Imports of these packages, or of something in them."""

    def find(module: ast.Module) -> Iterator[ast.AST]:
        for node in walked(module):
            if {module.split(".")[0] for module in modules(node)} & names:
                yield node

    return find


def composed(node: ast.AST) -> bool:
    """Whether a text is put together from pieces that are not written here."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        sides = (node.left, node.right)
        return any(isinstance(n, ast.JoinedStr) or is_text(n) or composed(n) for n in sides)
    return called(node) == "format" and isinstance(node, ast.Call) and is_method_of_text(node)


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def is_method_of_text(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and is_text(call.func.value)


def composed_statements(module: ast.Module) -> Iterator[ast.AST]:
    """Statements that are run as they were put together. Names written in capitals are
    constants of the program."""
    for node in walked(module):
        if called(node) not in ("execute", "executemany", "exec_driver_sql", "sql", "query"):
            continue
        if isinstance(node, ast.Call) and node.args:
            said = node.args[0]
            inner = said.args[0] if isinstance(said, ast.Call) and called(said) == "text" else said
            if composed(inner) and not all(is_constant(part) for part in pieces(inner)):
                yield node


def pieces(node: ast.AST) -> Iterator[ast.expr]:
    """What is put into an f-string; of a sum, all of it."""
    if isinstance(node, ast.JoinedStr):
        yield from (part.value for part in node.values if isinstance(part, ast.FormattedValue))
    elif isinstance(node, ast.BinOp):
        for side in (node.left, node.right):
            yield from pieces(side) if composed(side) else [side]
    elif isinstance(node, ast.Call):
        yield node


def is_constant(node: ast.expr) -> bool:
    return is_text(node) or (isinstance(node, ast.Name) and node.id.isupper())


def drawn_data(module: ast.Module) -> Iterator[ast.AST]:
    """Texts for places that read Markdown, put together from something nobody made inert. Keys
    of texts and icons are no such texts: they are found by what stands around the pieces."""
    for node in walked(module):
        if called(node) not in MARKDOWN or not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name):
            continue  # our own, which is given the key of a text
        told = [a for a in node.args if isinstance(a, ast.JoinedStr | ast.BinOp)]
        told += [k.value for k in node.keywords if k.arg in ("label", "body", "help", "delta")]
        if any(composed(text) and not all(map(is_inert, pieces(text))) for text in told):
            yield node


def is_inert(node: ast.expr) -> bool:
    """Whether a piece was made inert: by a call, or by a name that says so."""
    if isinstance(node, ast.Name):
        return node.id in ("icon", "inert") or node.id.isupper()
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and node.value.id.isupper()
    return is_text(node) or called(node) in INERT


def caches_of_rows(module: ast.Module) -> Iterator[ast.AST]:
    """Kept answers told apart by a frame, of which Streamlit looks at a sample, or that read rows
    without being told of which version: what a store is asked for needs a key beside it."""
    for node in walked(module):
        if not isinstance(node, ast.FunctionDef):
            continue
        if not any(cache in ast.unparse(mark) for mark in node.decorator_list for cache in CACHES):
            continue
        given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        keys = [each for each in given if not each.arg.startswith("_")]
        kinds = [ast.unparse(each.annotation) if each.annotation else "" for each in keys]
        reads_rows = any(each.arg in ("_store", "_session", "_engine") for each in given)
        is_versioned = any(each.arg in ("key", "stamp", "url") for each in keys)
        if any(frame in kind for kind in kinds for frame in FRAMES) or (
            reads_rows and not is_versioned
        ):
            yield node


def session_in_cache(module: ast.Module) -> Iterator[ast.AST]:
    """Kept answers that look at who asks: the next one would get theirs."""
    for node in walked(module):
        if isinstance(node, ast.FunctionDef) and any(
            cache in ast.unparse(mark) for mark in node.decorator_list for cache in CACHES
        ):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Attribute) and ast.unparse(inner) in _WHO:
                    yield inner


RULES = {
    "a download is offered by one file": Rule(calls("download_button"), but_in=DOOR),
    "nobody's HTML is drawn, and no traceback": Rule(calls("html", "exception", "iframe")),
    "nothing unsafe is allowed": Rule(
        keywords("unsafe_allow_html", "unsafe_allow_javascript", "allow_dangerous_html")
    ),
    "no pickle is read or written": Rule(imports(PICKLES)),
    "nothing is evaluated": Rule(calls("eval", "exec", "system", "popen", "read_pickle")),
    "no shell is asked": Rule(keywords("shell")),
    "no kept answer lies on a disk": Rule(keywords("persist")),
    "a screen writes no table": Rule(
        calls("to_csv", "to_excel", "to_parquet"), but_in=DOOR, only_in=SCREEN
    ),
    "a table is written by few": Rule(
        calls("writer", "DictWriter", "Workbook", "write_csv"), but_in=TABLE_WRITERS
    ),
    "a statement is put together in the store alone": Rule(
        composed_statements,
        but_in=(
            *STORE,
            # Names of tables that the program made: files of a store that is shipped.
            "crm_core/pipeline/learned.py",
            "crm_core/pipeline/shipped.py",
            # A sequence and a table by the names they have in the models; one word of two.
            "crm_core/records/copying.py",
            "crm_core/records/connection.py",
        ),
    ),
    "no data is read as Markdown": Rule(
        drawn_data, but_in=INERT_BEFORE, only_in=("pages/", "crm_core/ui/")
    ),
    "a kept answer knows its version": Rule(caches_of_rows),
    "a kept answer looks at nobody": Rule(session_in_cache),
}
