# SPDX-License-Identifier: MIT
"""Pointers to what the library made: one type for each kind of handle, so that none is taken for another."""
from ctypes import c_void_p
from typing import Any


class Pointer(c_void_p):
    """Taken by functions as itself, as the Handle that has it, or as None."""

    @classmethod
    def from_param(cls, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, cls):
            return value
        if getattr(type(value), "_pointer", None) is cls:
            return value._as_parameter_
        raise TypeError(f"{cls.__name__} is needed here, not {type(value).__name__}")
