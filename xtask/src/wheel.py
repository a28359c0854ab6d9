"""Lays a wheel's files out in a folder that does not exist yet, then checks that they lie there unchanged."""

import base64
import csv
import hashlib
import io
import pathlib
import sys
import zipfile


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.digest()


def unpack(archive, folder):
    for entry in archive.infolist():
        path = pathlib.Path(archive.extract(entry, folder))
        if entry.external_attr >> 16 & 0o100:
            path.chmod(0o755)


def recorded(archive):
    """Each file's path and digest, from the wheel's own list of its files."""
    [record] = [name for name in archive.namelist() if name.endswith(".dist-info/RECORD")]
    for path, digest, _size in csv.reader(io.StringIO(archive.read(record).decode())):
        if digest:
            value = digest.removeprefix("sha256=")
            yield path, base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


wheel, expected, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
if sha256(wheel).hex() != expected:
    sys.exit(f"{wheel} is not the file that was pinned")
with zipfile.ZipFile(wheel) as archive:
    if not folder.exists():
        unpack(archive, folder)
    for path, digest in recorded(archive):
        file = folder / path
        if not file.is_file() or sha256(file) != digest:
            sys.exit(f"{file} has changed")
