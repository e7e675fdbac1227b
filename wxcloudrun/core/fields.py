"""Kinds of values that requests of several features have: patterns of text, and numbers."""

from typing import Annotated, Final

from pydantic import Field

# Nobody types control characters; a line break is one of them. In PART there may be nothing, in FILLED only spaces.
PART: Final = r"^[^\x00-\x1f\x7f]*$"
FILLED: Final = r"^[^\x00-\x1f\x7f]+$"
# Something that can be seen at both ends.
LINE: Final = r"^[^\x00-\x1f\x7f\s]([^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s])?$"
# Of several lines; no database keeps a NUL.
TEXT: Final = r"^[^\x00]*$"

RowNumber = Annotated[int, Field(ge=1, le=2**53 - 1)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1, description="`version` of the state that was edited.")]
EntryName = Annotated[str, Field(max_length=128, pattern=FILLED)]
