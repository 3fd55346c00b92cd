"""Every page of the guide is there in both languages, alike in parts, listed, and leads somewhere."""

from __future__ import annotations

import re

import pytest

from tests.contracts.tree import ROOT, repository_files

GUIDE = "docs/guide/"
PAGES = sorted(
    name.removeprefix(GUIDE)
    for name in repository_files()
    if re.fullmatch(rf"{GUIDE}[^/]+\.md", name)
)


def words(name: str) -> str:
    """A document without its blocks of code, whose comments look like headings."""
    text = (ROOT / name).read_text("utf-8")
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def headings(name: str) -> list[tuple[str, str]]:
    """How deep, and what it says, of each heading."""
    return re.findall(r"^(#+) (.+)$", words(name), re.MULTILINE)


def anchors(name: str) -> set[str]:
    """What a link may name after the page, as GitHub makes it of headings."""
    plain = [re.sub(r"[^\w\- ]", "", said.lower()) for _, said in headings(name)]
    return {said.strip().replace(" ", "-") for said in plain}


def pictures(name: str) -> set[str]:
    return set(re.findall(r"!\[[^\]]*\]\(([^)]+)\)", words(name)))


def test_every_page_has_a_twin_and_no_twin_is_alone() -> None:
    chinese = {
        name.removeprefix(f"{GUIDE}zh/")
        for name in repository_files()
        if name.startswith(f"{GUIDE}zh/")
    }
    assert chinese == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_and_its_twin_have_the_same_parts(page: str) -> None:
    english, chinese = headings(GUIDE + page), headings(f"{GUIDE}zh/{page}")
    assert [depth for depth, _ in chinese] == [depth for depth, _ in english]
    leads_back = f"](../{page})" in words(f"{GUIDE}zh/{page}")
    assert leads_back, "no way to the English page"


@pytest.mark.parametrize("page", PAGES)
def test_the_index_lists_both(page: str) -> None:
    listed = set(re.findall(r"\]\(guide/([^)]+)\)", words("docs/index.md")))
    assert {page, f"zh/{page}"} <= listed


@pytest.mark.parametrize("page", PAGES)
def test_pictures_exist_and_are_chinese_where_there_is_one(page: str) -> None:
    english, chinese = pictures(GUIDE + page), pictures(f"{GUIDE}zh/{page}")
    for picture in english:
        assert (ROOT / GUIDE / picture).is_file(), picture
        own = picture.removesuffix(".png") + "-zh.png"
        if (ROOT / GUIDE / own).is_file():
            assert f"../{own}" in chinese
    for picture in chinese:
        assert (ROOT / GUIDE / "zh" / picture).is_file(), picture


@pytest.mark.parametrize("page", PAGES)
def test_links_to_a_heading_find_it(page: str) -> None:
    for name in (GUIDE + page, f"{GUIDE}zh/{page}"):
        for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", words(name)):
            if target.startswith("http"):
                continue
            there = (ROOT / name).parent.joinpath(target).resolve() if target else ROOT / name
            assert anchor in anchors(there.relative_to(ROOT).as_posix()), (
                f"{name}: {target}#{anchor}"
            )
