"""Makes `data/` anew: the invented shop, what is slow to learn of it, and the store built of both,
so that a first start neither learns nor builds. With `--learned` only the last two, with
`--built` only the last, for what is there."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from crm_core.pipeline.scores import refresh_scores
from crm_core.pipeline.shipped import pack
from crm_core.pipeline.workspace import BUILT, DEMO_DATA, LEARNED, ensure_demo, fingerprint
from crm_core.settings import Settings


def main() -> None:
    """Generates the files, learns of them, builds the store from them and keeps it."""
    asked = sys.argv[1:]
    if not asked:
        command = [sys.executable, "-m", "crm_core.demo", "--out", str(DEMO_DATA)]
        subprocess.run(command, check=True)  # noqa: S603  our own program, no shell
    shutil.rmtree(DEMO_DATA / BUILT, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(var=Path(folder))
        url = ensure_demo(settings, now=datetime.now(UTC), anew=True)
        if "--built" not in asked:
            shutil.rmtree(DEMO_DATA / LEARNED, ignore_errors=True)
            refresh_scores(url, settings=settings, ship=DEMO_DATA / LEARNED)
        learned = [file.stem for file in DEMO_DATA.glob(f"{LEARNED}/*/*.parquet")]
        pack(url, DEMO_DATA / BUILT, fingerprint(DEMO_DATA), settings=settings, but=learned)


if __name__ == "__main__":
    main()
