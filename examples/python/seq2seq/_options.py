# SPDX-License-Identifier: MIT
"""Options as a mapping, and the table of all there are."""
from __future__ import annotations

import ctypes
from typing import Any, Callable, Dict, Iterator, List, MutableMapping, NamedTuple, Optional, Union

from . import _functions as f
from ._library import BadOption, Handle, PathLike, c_string, check, guarded, lib, made, path_bytes

Value = Union[str, int, float, bool]
Log = Callable[[int, str], Any]
Progress = Callable[[int, int, int], Any]

_types = ("int", "real", "bool", "choice", "text")
_scopes = ("model", "train", "decode", "runtime")


class OptionInfo(NamedTuple):
    """One row of the library's table of options."""

    name: str
    type: str
    scope: str
    default: str
    range: str
    help: str


def option_table() -> List[OptionInfo]:
    """Every option that the library has."""
    text = lambda function, i: function(i).decode()
    return [OptionInfo(text(lib.s2s_option_name, i), _types[lib.s2s_option_type(i)], _scopes[lib.s2s_option_scope(i)],
                       text(lib.s2s_option_default, i), text(lib.s2s_option_range, i), text(lib.s2s_option_help, i))
            for i in range(lib.s2s_option_count())]


class Preset(NamedTuple):
    """Options that go well together; ``auto`` takes the first whose ``pairs`` is more than the corpus has."""

    name: str
    settings: str
    pairs: int


def presets() -> List[Preset]:
    """Every preset that the library has."""
    return [Preset(lib.s2s_preset_name(i).decode(), lib.s2s_preset_settings(i).decode(), lib.s2s_preset_pairs(i))
            for i in range(lib.s2s_preset_count())]


_table = option_table()
_names = [option.name for option in _table]
_keywords = {name.replace(".", "_"): name for name in _names}


class Options(Handle, MutableMapping[str, Any]):
    """Settings by name. As keywords, dots may be underscores: ``Options(encoder_hidden=64)`` sets encoder.hidden.

    ``log(level, message)`` hears what the library has to say; ``progress(event, done, total)`` is called as training
    goes on, and stops it when it returns something true. What they raise comes out of the call that they interrupt.
    """

    _pointer = f.s2s_options

    def __init__(self, log: Optional[Log] = None, progress: Optional[Progress] = None, **settings: Value) -> None:
        super().__init__(made(lib.s2s_options_new), [])
        if log is not None:
            self.set_log(log)
        if progress is not None:
            self.set_progress(progress)
        for key, value in settings.items():
            self[_keywords.get(key, key)] = value

    def _about(self) -> str:
        return ", ".join(f"{o.name}={self[o.name]}" for o in _table if self[o.name] != o.default) or "all defaults"

    def __setitem__(self, key: str, value: Value) -> None:
        name = c_string(key)
        if isinstance(value, bool):
            check(lib.s2s_options_set(self, name, b"yes" if value else b"no"))
        elif isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
            check(lib.s2s_options_set_int(self, name, value))
        elif isinstance(value, float):
            check(lib.s2s_options_set_real(self, name, value))
        elif isinstance(value, (str, bytes, int)):
            check(lib.s2s_options_set(self, name, c_string(str(value) if isinstance(value, int) else value)))
        else:
            raise TypeError(f"option {key}: a value is a text, a number or a truth, not {type(value).__name__}")

    def __getitem__(self, key: str) -> str:
        value = ctypes.c_char_p()
        try:
            check(lib.s2s_options_get(self, c_string(key), ctypes.byref(value)))
        except BadOption as error:
            raise KeyError(str(error)) from None
        assert value.value is not None
        return value.value.decode()

    def __delitem__(self, key: str) -> None:
        """Puts the default back."""
        check(lib.s2s_options_set(self, c_string(key), None))

    def __iter__(self) -> Iterator[str]:
        return iter(_names)

    def __len__(self) -> int:
        return len(_names)

    def load(self, path: PathLike) -> None:
        """Sets what a file of lines ``key = value`` says."""
        check(lib.s2s_options_load(self, path_bytes(path)))

    def set_log(self, log: Optional[Log]) -> None:
        """Calls log(level, message) with what the library has to say; None: no more calls."""
        callback = f.s2s_log_fn(0) if log is None else f.s2s_log_fn(
            lambda _, level, message: guarded(None, log, level, message.decode("utf-8", "replace")))
        check(lib.s2s_options_set_log(self, callback, None))
        self._keep = [*self._keep, callback]

    def set_progress(self, progress: Optional[Progress]) -> None:
        """Calls progress(event, done, total) as work goes on; a true result stops it. None: no more calls."""
        callback = f.s2s_progress_fn(0) if progress is None else f.s2s_progress_fn(
            lambda _, event, done, total: 1 if guarded(True, progress, event, done, total) else 0)
        check(lib.s2s_options_set_progress(self, callback, None))
        self._keep = [*self._keep, callback]

    def set_allocator(self, allocate: Optional[Callable[[Optional[int], int, int], Optional[int]]]) -> None:
        """All memory from ``allocate(block, old_size, new_size)``, addresses as numbers: as s2s_options_set_allocator
        says. For tests and curious people: it is called very often, and must not raise."""
        def call(_: Any, block: Optional[int], old_size: int, new_size: int) -> Optional[int]:
            return allocate(block, old_size, new_size) if allocate else None

        callback = f.s2s_allocate_fn(0) if allocate is None else f.s2s_allocate_fn(call)
        check(lib.s2s_options_set_allocator(self, callback, None))
        self._keep = [*self._keep, callback]


def given(options: Optional[Options], settings: Dict[str, Any]) -> Optional[Options]:
    """A call's options: those given whole, or those made of its keywords."""
    if options is None:
        return Options(**settings) if settings else None
    if settings:
        raise TypeError("give options whole or one by one, not both: " + ", ".join(settings))
    return options


def kept(options: Optional[Options]) -> Any:
    """The callbacks that a handle made with these options must keep."""
    return options._keep if options is not None else None
