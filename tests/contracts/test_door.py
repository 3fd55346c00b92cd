"""What could let data out, or foreign code in, stands in one place or nowhere."""

from __future__ import annotations

import ast

import pytest

from tests.contracts.offences import RULES
from tests.contracts.tree import called, nodes, place, python_files, tree

APP = ("app.py", "pages/", "crm_core/")
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


@pytest.mark.parametrize("what", RULES)
def test_nothing_offends(what: str) -> None:
    names = python_files(*APP)
    assert [o for name in names for o in RULES[what].offences(name, tree(name))] == []


#: Of each rule, what it must find, one offence a line.
PLANTED = {
    "a download is offered by one file": "st.download_button('all', rows)",
    "nobody's HTML is drawn, and no traceback": "st.html(body)\nst.exception(error)",
    "nothing unsafe is allowed": "st.markdown(name, unsafe_allow_html=True)",
    "no pickle is read or written": "import pickle\nfrom joblib import load",
    "nothing is evaluated": "eval(rule)\npd.read_pickle(path)",
    "no shell is asked": "run(command, shell=True)",
    "no kept answer lies on a disk": "keep(st.cache_data(persist='disk'))",
    "a screen writes no table": "frame.to_csv(path)\nframe.to_excel(path)",
    "a table is written by few": "csv.writer(file)\nxlsxwriter.Workbook(file)",
    "a statement is put together in the store alone": (
        "con.execute(f'SELECT {name}')\ncon.execute('SELECT ' + name)\n"
        "con.execute('SELECT {}'.format(name))\ncon.execute(text(f'SELECT {name}'))"
    ),
    "no data is read as Markdown": (
        "st.markdown(f'**{name}**')\nst.button(label=f'{name}')\nst.caption('Of ' + name)"
    ),
    "a kept answer knows its version": (
        "@st.cache_data\ndef of(frame: pd.DataFrame): ...\n@st.cache_data\ndef rows(_store): ..."
    ),
    "a kept answer looks at nobody": (
        "@st.cache_data\ndef of(key): return st.session_state['role'], st.user"
    ),
}
HARMLESS = """
con.execute("SELECT 1 WHERE a = ?", [name])
con.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
st.markdown(f"**{md_escape(name)}** {session.md('key')}")
st.button(session.t("key"), key=f"open_{number}")
@st.cache_data
def of(key, _store): ...
"""


@pytest.mark.parametrize("what", RULES)
def test_what_is_planted_is_found_and_what_is_harmless_is_not(what: str) -> None:
    rule, planted = RULES[what], PLANTED[what]
    found = rule.offences("pages/planted.py", ast.parse(planted))
    expected = planted.count("\n") + 1 - planted.count("@st.")
    assert len(found) == (2 if "looks at nobody" in what else expected), found
    assert rule.offences("pages/harmless.py", ast.parse(HARMLESS)) == []


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
