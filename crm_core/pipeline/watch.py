"""A folder that files are put into: each new one is imported, once, when it lies still."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_core.errors import CrmError
from crm_core.pipeline import jobs, loading
from crm_core.pipeline.workspace import workspace
from crm_core.records import open_records
from crm_core.settings import Settings
from crm_core.store import engine_of
from crm_core.store.imports import Said

Answer = dict[str, Any]
_STATE = "watched.json"
# Still being written by whoever puts it there, or nothing to import.
_PASSED_OVER = re.compile(r"^[.~]|\.(part|partial|tmp|temp|crdownload|filepart|lock)$|~$", re.I)
# Not the file's fault: it is tried again.
_TRY_AGAIN = {
    "store_busy",
    "store_disk_full",
    "store_read_only",
    "store_version",
    "records_busy",
    "records_unreachable",
}


@dataclass(frozen=True)
class How:
    """How files of the folder are read; None leaves it to the files."""

    format_name: str | None = None
    mapping: tuple[Path, ...] = ()
    said: Said = field(default_factory=Said)
    wishes: loading.Wishes = field(default_factory=loading.Wishes)
    refresh: bool = True


@dataclass
class Watched:
    """What became of every file so far, by content: a state file beside the store remembers it.

    Names are kept only as hashes; they spare reading a file that has not changed.
    """

    path: Path
    done: dict[str, Answer] = field(default_factory=dict)
    places: dict[str, list[Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, store: Path) -> Watched:
        """The state as it was left; a damaged file is as good as none: files are known again."""
        path = store / _STATE
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            return cls(path, dict(document["done"]), dict(document["places"]))
        except (OSError, ValueError, KeyError, TypeError):
            return cls(path)

    def write(self) -> None:
        """Keeps the state, wholly or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({"done": self.done, "places": self.places}), encoding="utf-8")
        fresh.replace(self.path)

    def sha256(self, path: Path, look: list[Any]) -> str:
        """The hash of what a file or folder holds, read again only when it looks different."""
        place = hashlib.sha256(str(path).encode()).hexdigest()[:16]
        known = self.places.get(place)
        if known is None or known[0] != look:
            self.places[place] = known = [look, _sha256(path)]
        return str(known[1])


def watch(
    folder: Path,
    *,
    settings: Settings,
    store: str | None,
    how: How,
    seconds: float,
    once: bool,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    tell: Callable[[Answer], None],
    progress: Callable[[str, float], None],
) -> Answer:
    """Imports what is new in a folder, now and every `seconds`; how many, and how many failed.

    A file counts as whole when two looks find it the same. A folder in it is one import of all
    its files. Nothing is moved; what was done is remembered by content. A file that cannot be
    imported is told and passed over until it changes. Ends after one round if `once`, else when
    the process is asked to (SystemExit, KeyboardInterrupt); an import at work is then given up.
    Raises: CrmError("watch_no_folder").
    """
    if not folder.is_dir():
        raise CrmError("watch_no_folder", folder=folder.name)
    url = jobs.own_url(settings, store)
    state = Watched.read(engine_of(url, settings).folder)
    answer: Answer = {"imported": 0, "failed": 0}
    before: dict[Path, list[Any]] = _looks(folder)
    try:
        while True:
            sleep(seconds)
            looks = _looks(folder)
            still = [path for path, look in looks.items() if before.get(path) == look]
            before = looks
            for said in _round(still, looks, state, url, settings, how, now, progress):
                tell(said)
                answer["failed" if "error" in said else "imported"] += 1
            if once:
                return answer
    except (SystemExit, KeyboardInterrupt):
        return answer


def _looks(folder: Path) -> dict[Path, list[Any]]:
    """Sizes and times of what lies in a folder, oldest first: what it looks like from outside."""
    looks: dict[Path, list[Any]] = {}
    for path in folder.iterdir():
        if not _PASSED_OVER.search(path.name):
            try:
                looks[path] = [[file.stat().st_size, file.stat().st_mtime_ns] for file in _in(path)]
            except OSError:
                continue  # taken away between two looks
    found = {path: look for path, look in looks.items() if look}
    return dict(sorted(found.items(), key=lambda item: (max(look[1] for look in item[1]), item[0])))


def _in(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file())


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    for file in _in(path):
        digest.update(str(file.relative_to(path)).encode() + b"\0")
        with file.open("rb") as source:
            while block := source.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _round(
    still: list[Path],
    looks: dict[Path, list[Any]],
    state: Watched,
    url: str,
    settings: Settings,
    how: How,
    now: Callable[[], datetime],
    progress: Callable[[str, float], None],
) -> Iterator[Answer]:
    """Imports what is new among files that lie still; what came of each. Scores come last."""
    imported = False
    for path in still:
        try:
            sha256 = state.sha256(path, looks[path])
        except OSError:
            continue
        if sha256 in state.done:
            continue
        said: Answer = {"file": path.name, "sha256": sha256}
        try:
            report = _imported(path, url, settings, how, now(), progress)
            said |= {name: report.get(name) for name in ("batch", "rows", "reasons")}
            imported = True
        except CrmError as error:
            said |= {"error": error.code, "facts": error.facts}
        if said.get("error") not in _TRY_AGAIN:
            outcome = {name: said[name] for name in ("batch", "error") if name in said}
            state.done[sha256] = {"at": now().isoformat(), **outcome}
            state.write()
        yield said
    if imported and how.refresh:
        with closing(open_records(workspace(settings, url).records_url)) as records:
            loading.score_if_needed(url, settings, records, progress)


def _imported(
    path: Path,
    url: str,
    settings: Settings,
    how: How,
    now: datetime,
    progress: Callable[[str, float], None],
) -> Answer:
    """Imports one file; a fault of ours is told like a fault of the file, so that others go on."""
    try:
        return loading.import_files(
            settings,
            url,
            [path],
            format_name=how.format_name,
            mapping=how.mapping,
            said=how.said,
            wishes=replace(how.wishes, dry_run=False),
            refresh=False,
            now=now,
            progress=progress,
        )
    except CrmError:
        raise
    except Exception as error:
        raise CrmError("watch_unexpected", kind=type(error).__name__) from None
