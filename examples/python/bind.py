#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes seq2seq/_functions.py, what ctypes must know of the library, from include/seq2seq.h.

    python3 bind.py HEADER > seq2seq/_functions.py

Stops with a sentence at a declaration that ctypes cannot express: a struct by value, varargs, a type that it does not
know. `make symbols` runs it; a test holds that what it writes is what is there.
"""
import re
import sys

SCALARS = {
    "int32_t": "c_int32", "int64_t": "c_int64", "uint32_t": "c_uint32", "uint64_t": "c_uint64", "size_t": "c_size_t",
    "float": "c_float", "double": "c_double", "uint8_t": "c_uint8", "uint16_t": "c_uint16",
}


class Header:
    """The declarations of a header: constants, handles, callbacks, functions."""

    def __init__(self, text):
        text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
        self.constants = self._constants(text)
        text = re.sub(r"(?m)^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$", "", text)
        self.handles = re.findall(r"\btypedef struct (s2s_\w+) \1;", text)
        self.callbacks = {}
        for result, name, arguments in re.findall(r"\btypedef ([\w ]+\*?) ?\(\*(s2s_\w+_fn)\)\(([^)]*)\);", text):
            self.callbacks[name] = self._signature(name, result, arguments)
        self.functions = {}
        for result, name, arguments in re.findall(r"\bS2S_API ([\w ]+\**) ?\b(s2s_\w+)\(([^)]*)\);", text):
            self.functions[name] = self._signature(name, result, arguments)
        declared = len(re.findall(r"\bS2S_API ", text))
        if declared != len(self.functions):
            raise ValueError(f"{declared} declarations begin with S2S_API, but {len(self.functions)} were understood")

    @staticmethod
    def _constants(text):
        found = re.findall(r"\bX\((S2S_\w+), (\d+),", text)
        for body in re.findall(r"\benum \{([^}]*)\}", re.sub(r"(?m)^#.*$", "", text)):
            found += re.findall(r"\b(S2S_\w+) = (-?\d+)", body)
        found += re.findall(r"(?m)^#define (S2S_VERSION_\w+) (\d+)", text)
        return {name: int(value) for name, value in found}

    def _signature(self, name, result, arguments):
        if "..." in arguments:
            raise ValueError(f"{name}: takes varargs, which ctypes cannot express everywhere")
        listed = [] if arguments.strip() in ("", "void") else arguments.split(",")
        types = [self._type(name, re.sub(r"\b\w+(\[\d*\])?$", lambda m: "*" if m.group(1) else "", a.strip()))
                 for a in listed]
        return (None if result.strip() == "void" else self._type(name, result)), types

    def _type(self, where, text):
        base, stars = re.sub(r"\bconst\b", "", text).replace(" ", ""), 0
        while base.endswith("*"):
            base, stars = base[:-1], stars + 1
        if base == "char" and stars:
            kind, stars = "c_char_p", stars - 1
        elif base == "void" and stars:
            kind, stars = "c_void_p", stars - 1
        elif base in self.handles and stars:
            kind, stars = base, stars - 1
        elif base in self.callbacks:
            kind = base
        elif base in SCALARS:
            kind = SCALARS[base]
        else:
            raise ValueError(f"{where}: ctypes cannot express '{text.strip()}'")
        for _ in range(stars):
            kind = f"POINTER({kind})"
        return kind

    def write(self, out):
        """The module, as text."""
        put = lambda line="": print(line, file=out)
        put("# SPDX-License-Identifier: MIT")
        put('"""What include/seq2seq.h declares, for ctypes. Written by bind.py (make symbols), never by hand."""')
        kinds = {"CFUNCTYPE", "POINTER"}
        for result, arguments in [*self.callbacks.values(), *self.functions.values()]:
            for kind in [result or "", *arguments]:
                kinds.update(re.findall(r"\bc_\w+", kind))
        put(f"from ctypes import {', '.join(sorted(kinds))}\n")
        put("from ._pointer import Pointer\n")
        for name, value in self.constants.items():
            put(f"{name} = {value}")
        put()
        for name in self.handles:
            put(f"class {name}(Pointer): ...")
        put()
        for name, (result, arguments) in self.callbacks.items():
            put(f"{name} = CFUNCTYPE({', '.join([str(result), *arguments])})")
        put("\n# name: (result, arguments)\nFUNCTIONS = {")
        for name, (result, arguments) in self.functions.items():
            put(f'    "{name}": ({result}, [{", ".join(arguments)}]),')
        put("}")


def main(path):
    with open(path, encoding="utf-8") as file:
        try:
            Header(file.read()).write(sys.stdout)
        except ValueError as error:
            sys.exit(f"{path}: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
