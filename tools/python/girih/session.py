"""A decoder's cache in the caller's hands: sessions that are extended, forked, cut, saved and loaded."""

from typing import NamedTuple, Optional

import numpy as np

from ._errors import ArgumentError, Error
from ._paths import absolute

LARGEST, LEAST = float(np.finfo(np.float32).max), float(np.finfo(np.float32).tiny)


class Sampling(NamedTuple):
    """How the next token is chosen. At temperature 0 it is the most likely one; the other numbers change nothing at their defaults."""

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int = 0

    def checked(self) -> "Sampling":
        """The runtime refuses what makes no sense; here only what would not reach it unchanged, as numbers of 32 bits."""
        for name in ("temperature", "top_p", "min_p", "repetition_penalty"):
            if not abs(getattr(self, name)) <= LARGEST:
                raise ArgumentError(f"expected {name} to be a finite number of 32 bits, but got {getattr(self, name)}")
        if not 0 <= self.top_k < 2**31:
            raise ArgumentError(f"expected top_k from 0 to 2147483647, but got {self.top_k}")
        for name in ("top_p", "repetition_penalty"):  # 0 stands for their defaults in the runtime
            if 0 <= getattr(self, name) < LEAST:
                raise ArgumentError(f"expected {name} to be above 0, but got {getattr(self, name)}; 1 leaves all as it is")
        return self._replace(top_k=int(self.top_k), seed=(int(self.seed) + 2**31) % 2**32 - 2**31)


class Session:
    """A sequence of tokens that a decoder has seen, with the rows of its cache.

        s = model.session()
        logits = s.prefill(ids)       # after the last token: numpy float32 [vocabulary]
        logits = s.decode(s.token)    # s.token: the one that follows
        t = s.fork()                  # shares the cache's pages until the two part
        t.truncate(10)
        s.save("path"); s.load("path")

    A call that fails or is interrupted leaves the session as it was.
    """

    def __init__(self, model, handle):
        self._model = model
        self._handle = handle
        self._token: Optional[int] = None

    @property
    def length(self) -> int:
        """Tokens seen."""
        return self._handle.length()

    def __len__(self) -> int:
        return self.length

    @property
    def tokens(self) -> list:
        return self._handle.tokens()

    @property
    def token(self) -> int:
        """What followed the tokens of the last prefill or decode. It is not yet in the session."""
        if self._token is None:
            raise Error("no token has been chosen yet; prefill or decode first", "invalid-argument", 2)
        return self._token

    def prefill(self, ids, **sampling) -> np.ndarray:
        """Extends the session by token ids, and returns the logits after the last one, float32 [vocabulary]. The arguments of Sampling
        (temperature, top_k, top_p, min_p, repetition_penalty, seed) decide `token`."""
        return self._extend(tokens_of(ids), True, sampling)

    def decode(self, token, **sampling) -> np.ndarray:
        """Extends the session by one token."""
        return self._extend(tokens_of([token]), True, sampling)

    def advance(self, ids, **sampling) -> int:
        """Extends the session by token ids and returns the one that follows: prefill or decode without the logits."""
        self._extend(tokens_of(ids), False, sampling)
        return self.token

    def _extend(self, ids, wants_logits, sampling):
        next_tokens, logits = self._model._step([self], [ids], [Sampling(**sampling)], wants_logits)
        return logits[0] if wants_logits else None

    def fork(self) -> "Session":
        """A second session of the same tokens."""
        result = Session(self._model, self._handle.fork())
        result._token = self._token
        return result

    def truncate(self, length: int) -> None:
        """Forgets all but the first `length` tokens."""
        self._handle.truncate(length)
        self._token = None

    def save(self, path) -> None:
        """Writes tokens and cache rows to a file, which appears whole or not at all."""
        self._handle.save(absolute(path))

    def load(self, path) -> None:
        """Becomes what was saved, with this artifact, at `path`."""
        loaded = self._model._handle.load_sequence(absolute(path))
        self._handle.release()
        self._handle = loaded
        self._token = None

    def close(self) -> None:
        """Gives the cache's pages back now; otherwise when the object goes."""
        self._handle.release()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<girih.Session of {self.length} tokens>"


def tokens_of(ids) -> np.ndarray:
    """A list or array of integers as contiguous int32; what does not fit is refused, never wrapped."""
    array = np.asarray(ids)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iu":
        raise ArgumentError(f"expected at least one token id in a list, but got {array.dtype} of shape {array.shape}")
    if array.max() > 2**31 - 1 or array.min() < -(2**31):
        raise ArgumentError(f"expected token ids to fit 32 bits, but got values from {array.min()} to {array.max()}")
    return np.ascontiguousarray(array, dtype=np.int32)
