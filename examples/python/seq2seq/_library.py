# SPDX-License-Identifier: MIT
"""The loaded library: its functions bound, its failures as exceptions, its handles as objects that close."""
from __future__ import annotations

import ctypes
import os
import sys
import threading
from pathlib import Path
from typing import Any, Iterable, Optional, Sequence, TypeVar, Union

from . import _functions as f

Text = Union[str, bytes]
PathLike = Union[str, "os.PathLike[str]"]


# ---- exceptions ------------------------------------------------------------------------------------------------------


class Error(Exception):
    """A call failed. str() is the library's sentence, ``status`` its number, ``name`` such as "S2S_BAD_FILE"."""

    def __init__(self, message: str, status: int = f.S2S_BAD_ARGUMENT) -> None:
        super().__init__(message)
        self.status = status

    @property
    def name(self) -> str:
        """The status as the header calls it."""
        return lib.s2s_status_name(self.status).decode()


class BadArgument(Error, ValueError):
    """An argument is out of range or does not fit the others."""


class BadOption(Error, ValueError):
    """An option is unknown, its value is not allowed, or options contradict each other."""


class BadText(Error, ValueError):
    """A text is not valid UTF-8, or not in the form that was asked for."""


class BadFile(Error):
    """A file is damaged, cut short, or not what it should be."""


class FileError(Error, OSError):
    """The operating system refused to open, read or write."""

    def __str__(self) -> str:
        return str(self.args[0])


class OutOfMemory(Error, MemoryError):
    """No memory, or a memory limit was reached."""


class TooLarge(Error, ValueError):
    """An input is longer or larger than an option allows."""


class Unsupported(Error):
    """This build, machine or model cannot do it."""


class Busy(Error):
    """It serves another call, from another thread or around a callback, or is in use in a way that forbids this one."""


class Cancelled(Error):
    """A cancel call or a callback asked to stop."""


class Diverged(Error, ArithmeticError):
    """Training left the range of numbers: the loss is not finite."""


_kinds = {
    f.S2S_BAD_ARGUMENT: BadArgument, f.S2S_BAD_OPTION: BadOption, f.S2S_BAD_TEXT: BadText, f.S2S_BAD_FILE: BadFile,
    f.S2S_IO: FileError, f.S2S_OUT_OF_MEMORY: OutOfMemory, f.S2S_LIMIT: TooLarge, f.S2S_UNSUPPORTED: Unsupported,
    f.S2S_BUSY: Busy, f.S2S_CANCELLED: Cancelled, f.S2S_DIVERGED: Diverged,
}
_state = threading.local()  # what a callback raised, until the call that it belongs to has returned


def check(status: int) -> None:
    """Raises what a callback raised, or what the status says."""
    raised = getattr(_state, "raised", None)
    if raised is not None:
        _state.raised = None
        raise raised
    if status != f.S2S_OK:
        raise _kinds.get(status, Error)(lib.s2s_error_message().decode(), status)


def guarded(failed: Any, function: Any, *arguments: Any) -> Any:
    """Runs a callback of the host inside a call of the library: exceptions wait for its end."""
    if getattr(_state, "raised", None) is not None:
        return failed
    try:
        return function(*arguments)
    except BaseException as error:  # also KeyboardInterrupt: check() raises it
        _state.raised = error
        return failed


# ---- the library -----------------------------------------------------------------------------------------------------


def _candidates() -> Iterable[str]:
    names = {"darwin": ["libseq2seq.dylib"], "win32": ["seq2seq.dll"]}.get(sys.platform, ["libseq2seq.so"])
    if os.environ.get("SEQ2SEQ_LIBRARY"):
        yield os.environ["SEQ2SEQ_LIBRARY"]
        return
    here = Path(__file__).resolve().parent
    yield from (str(here / name) for name in names)  # in a wheel
    yield from (str(here.parents[2] / "build" / name) for name in names)  # in the library's own tree
    yield from names
    yield f"libseq2seq.so.{f.S2S_VERSION_MAJOR}"


def _load() -> "Library":
    reasons = []
    for candidate in _candidates():
        if os.sep in candidate and not os.path.exists(candidate) and "SEQ2SEQ_LIBRARY" not in os.environ:
            continue
        try:
            library = ctypes.CDLL(candidate)
        except OSError as error:
            reasons.append(str(error))
            continue
        return Library(library)
    raise ImportError("libseq2seq was not found; set SEQ2SEQ_LIBRARY to its path: " + "; ".join(reasons))


class _Function:
    """A function of the library whose arguments of a wrong kind raise what a person expects."""

    def __init__(self, function: Any, result: Any, arguments: Any) -> None:
        function.restype, function.argtypes = result, arguments
        self.argtypes, self._function = arguments, function

    def __call__(self, *arguments: Any) -> Any:
        try:
            return self._function(*arguments)
        except ctypes.ArgumentError as error:  # "argument 1: BadArgument: this Model is closed"
            kind, _, message = str(error).partition(": ")[2].partition(": ")
            raise (BadArgument if kind == BadArgument.__name__ else TypeError)(message or str(error)) from None


class Library:
    """Every function that the header declares, with its types."""

    def __init__(self, library: Any) -> None:
        for name, (result, arguments) in f.FUNCTIONS.items():
            try:
                function = getattr(library, name)
            except AttributeError:
                raise ImportError(f"the library found is older than this package: it has no {name}") from None
            setattr(self, name, _Function(function, result, arguments))
        if self.s2s_abi_version() != f.S2S_VERSION_MAJOR:
            raise ImportError(f"the library's ABI is {self.s2s_abi_version()}, not {f.S2S_VERSION_MAJOR}")

    def __getattr__(self, name: str) -> Any:  # for type checkers: functions are attributes
        raise AttributeError(name)


lib: Library = _load()


# ---- handles and texts -----------------------------------------------------------------------------------------------


_Self = TypeVar("_Self", bound="Handle")


class Handle:
    """What the library made. close() or a with statement frees it at once, else the garbage collector does."""

    _pointer: Any = None  # its type in _functions
    _raw: Any = None

    def __init__(self, raw: Any, keep: Any = None) -> None:
        self._raw = raw
        self._keep = keep  # callbacks that the library may still call

    @property
    def _as_parameter_(self) -> Any:
        if self._raw is None:
            raise BadArgument(f"this {type(self).__name__} is closed")
        return self._raw

    @property
    def closed(self) -> bool:
        """Whether close() was called: then it can do nothing more."""
        return self._raw is None

    def close(self) -> None:
        """Frees it. Any order is right: handles keep what they need of each other."""
        raw, self._raw = self._raw, None
        if raw is not None:
            getattr(lib, self._pointer.__name__ + "_free")(raw)

    def __repr__(self) -> str:
        about = "closed" if self.closed else self._about()
        return f"<{type(self).__name__}: {about}>" if about else f"<{type(self).__name__}>"

    def _about(self) -> str:
        """What repr() says of it while it is open."""
        return ""

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if lib is not None:  # None while the interpreter ends
            self.close()


def made(function: Any, *arguments: Any) -> Any:
    """The handle that function(arguments..., &handle) makes."""
    raw = function.argtypes[-1]._type_()
    check(function(*arguments, ctypes.byref(raw)))
    return raw


def at(index: int, count: int, what: str) -> int:
    """An index from 0, or from the end where it is negative; IndexError when there is none such."""
    if not -count <= index < count:
        raise IndexError(f"there is no {what} {index} among {count}")
    return index % count


def counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def encode(text: Text) -> bytes:
    if isinstance(text, bytes):
        return text
    if not isinstance(text, str):
        raise TypeError(f"a text is str or bytes, not {type(text).__name__}")
    return text.encode("utf-8", "surrogatepass")  # half a surrogate pair is for the library to refuse


def c_string(text: Text) -> bytes:
    """A key, name or path, which C ends at a NUL."""
    encoded = encode(text)
    if b"\0" in encoded:
        raise BadArgument("a name or path has a NUL character inside")
    return encoded


def path_bytes(path: PathLike) -> bytes:
    return c_string(os.fsencode(path))


def pack(texts: Sequence[Text]) -> Any:
    """(texts, lengths, count) as the library takes them."""
    if isinstance(texts, (str, bytes)):
        raise TypeError("a list of texts is needed, not one text")
    encoded = [encode(text) for text in texts]
    count = len(encoded)
    return (ctypes.c_char_p * max(count, 1))(*encoded), (ctypes.c_size_t * max(count, 1))(*map(len, encoded)), count


def pack_strings(texts: Sequence[Optional[Text]]) -> Any:
    return (ctypes.c_char_p * max(len(texts), 1))(*(None if text is None else c_string(text) for text in texts))


def floats(pointer: Any, *shape: int) -> Optional[memoryview]:
    """A copy of `pointer`'s numbers, which may outlive it; numpy.asarray() takes it as it is. None for NULL."""
    if not pointer:
        return None
    size = 1
    for dimension in shape:
        size *= dimension
    copy = memoryview(ctypes.string_at(pointer, size * 4)).cast("B")
    return copy.cast("f", list(shape)) if size else copy.cast("f")


def c_floats(values: Any) -> Any:
    """float32 numbers from anything with a buffer, or from any iterable of numbers; (array, count)."""
    try:
        view = memoryview(values)
    except TypeError:
        listed = [float(value) for value in values]
        return (ctypes.c_float * max(len(listed), 1))(*listed), len(listed)
    if view.format not in ("f", "<f", "=f"):
        raise TypeError(f"numbers must be 32-bit floats (format 'f'), not of format '{view.format}'")
    data = view.tobytes()
    return (ctypes.c_float * max(len(data) // 4, 1)).from_buffer_copy(data or bytes(4)), len(data) // 4
