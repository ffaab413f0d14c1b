"""Files of a run: what it has read, which files it may replace, and how new ones appear: complete, or not at all."""

from .atomic import output_files
from .destination import Destination
from .fingerprint import check_pair, digest, fingerprint
from .inputs import missing, noted, noting
from .replacing import check_replaceable, is_stream
from .staging import Staging, check_place, staging

__all__ = [
    "Destination",
    "Staging",
    "check_pair",
    "check_place",
    "check_replaceable",
    "digest",
    "fingerprint",
    "is_stream",
    "missing",
    "noted",
    "noting",
    "output_files",
    "staging",
]
