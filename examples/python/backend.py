# SPDX-License-Identifier: MIT
"""Builds the wheel, with the shared library inside: for pip (PEP 517) and for `make wheel`. Needs nothing but Python.

    python3 backend.py FOLDER

writes the wheel into FOLDER and prints its name. The library is that of SEQ2SEQ_LIBRARY, else the one in the tree's
build/. The same inputs give the same bytes.
"""
import base64
import hashlib
import os
import re
import sys
import sysconfig
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBRARY_NAME = {"darwin": "libseq2seq.dylib", "win32": "seq2seq.dll"}.get(sys.platform, "libseq2seq.so")
NAME = "seq2seq"


def _text(name):
    return (HERE / name).read_text(encoding="utf-8")


def _project(key):
    return re.search(rf'(?m)^{key} = "(.*)"$', _text("pyproject.toml")).group(1)


def _version():
    numbers = dict(re.findall(r"(?m)^S2S_VERSION_(\w+) = (\d+)$", _text("seq2seq/_functions.py")))
    return ".".join(numbers[part] for part in ("MAJOR", "MINOR", "PATCH"))


def _library():
    path = Path(os.environ.get("SEQ2SEQ_LIBRARY") or HERE.parents[1] / "build" / LIBRARY_NAME)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no shared library; run make, or set SEQ2SEQ_LIBRARY")
    return path.read_bytes()


def _tag():
    return "py3-none-" + re.sub(r"[-.]", "_", sysconfig.get_platform())


def _metadata():
    return (f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {_version()}\nSummary: {_project('description')}\n"
            f"License: MIT\nRequires-Python: {_project('requires-python')}\n")


def _contents():
    """Path in the wheel -> bytes."""
    info = f"{NAME}-{_version()}.dist-info"
    files = {f"{NAME}/{path.name}": path.read_bytes() for path in sorted((HERE / NAME).iterdir())
             if path.suffix == ".py" or path.name == "py.typed"}
    files[f"{NAME}/{LIBRARY_NAME}"] = _library()
    files[f"{info}/METADATA"] = _metadata().encode()
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: seq2seq\nRoot-Is-Purelib: false\nTag: {_tag()}\n".encode()
    files[f"{info}/entry_points.txt"] = f"[console_scripts]\nseq2seq-py = {_project('seq2seq-py')}\n".encode()
    licence = HERE.parents[1] / "LICENSE"
    if licence.is_file():
        files[f"{info}/LICENSE"] = licence.read_bytes()
    return info, files


def _record(info, files):
    lines = []
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(data)}\n")
    return "".join([*lines, f"{info}/RECORD,,\n"]).encode()


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    info, files = _contents()
    for name, data in files.items():
        if name.startswith(info):
            path = Path(metadata_directory) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return info


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    info, files = _contents()
    files[f"{info}/RECORD"] = _record(info, files)
    wheel = f"{NAME}-{_version()}-{_tag()}.whl"
    Path(wheel_directory).mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(Path(wheel_directory) / wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name.endswith(LIBRARY_NAME) else 0o644) << 16
            archive.writestr(entry, data)
    return wheel


def build_sdist(sdist_directory, config_settings=None):
    raise NotImplementedError("the source is the library's own tree; build a wheel from there")


if __name__ == "__main__":
    print(build_wheel(sys.argv[1]))
