"""Loading and running artifacts: a thin, checked layer over the runtime's C interface."""

import operator
import os
from typing import NamedTuple, Optional

import numpy as np

from . import _runtime
from ._errors import ArgumentError, Error
from ._paths import absolute
from .session import Sampling, Session, tokens_of


class Value(NamedTuple):
    """An input or output of an entry point; a dimension is a number or the text of a size expression such as "batch". A state is an
    input that runs read and write."""

    name: str
    dtype: str
    shape: tuple
    state: bool = False


class Entry(NamedTuple):
    name: str
    launches: int
    inputs: tuple
    outputs: tuple


class Model:
    """A loaded artifact. Its weights are mapped, not copied. Safe to use from several threads: calls on one model take turns."""

    def __init__(self, path, threads: Optional[int] = None, page_size: Optional[int] = None, cache_tokens: Optional[int] = None):
        for name, value in (("threads", threads), ("page_size", page_size), ("cache_tokens", cache_tokens)):
            if value is not None and not 1 <= operator.index(value) < 2**31:
                raise ArgumentError(f"expected {name} to be from 1 to 2147483647, but got {value}")
        self.path = os.path.abspath(os.fsdecode(path))
        self._handle = _runtime.Model(absolute(path), threads or 0, cache_tokens or 0, page_size or 0)
        self.entries = tuple(Entry(name, launches, tuple(Value(*v) for v in inputs), tuple(Value(*v) for v in outputs))
                             for name, launches, inputs, outputs in self._handle.entries())

    @property
    def limits(self) -> dict:
        """The least and greatest value of every symbol in the shapes: {"batch": (1, 64), "seq": (1, 512)}."""
        return self._handle.limits()

    def metadata(self, key: str) -> Optional[str]:
        """What the artifact says of itself under `key`, such as "model", "target" or "contract"; None where it says nothing."""
        return self._handle.property(key)

    @property
    def statistics(self) -> dict:
        """Of the last run: seconds, launches, flops, bytes, arena_bytes, threads."""
        return self._handle.statistics()

    def encode(self, ids, mask=None) -> np.ndarray:
        """Runs the encoder on token ids [batch, sequence] and returns float32: [batch, hidden] where the model pools, else
        [batch, sequence, hidden]. `mask` is 1 for tokens and 0 for padding; without it every position is a token."""
        entry = self._entry("encode")
        ids = _tokens(ids, "ids")
        mask = np.ones_like(ids) if mask is None else _tokens(mask, "mask")
        if ids.shape != mask.shape:
            raise ArgumentError(f"expected ids and mask of one shape, but got {ids.shape} and {mask.shape}")
        return self._handle.run(entry, [ids, mask])[0]

    def logits(self, ids) -> np.ndarray:
        """Runs a decoder on token ids [batch, sequence] at once, without a cache: float32 [batch, sequence, vocabulary]."""
        return self._handle.run(self._entry("logits"), [_tokens(ids, "ids")])[0]

    def loss(self, ids, labels=None) -> np.ndarray:
        """The cross-entropy at every token, float32 [batch, sequence]: how unexpected `labels` are after the tokens up to each. Without
        labels they are the tokens that follow; the last of a row has none and gives 0, as does a label of -1."""
        ids = _tokens(ids, "ids")
        if labels is None:
            labels = np.concatenate([ids[:, 1:], np.full_like(ids[:, :1], -1)], axis=1)
        return self._handle.run(self._entry("loss"), [ids, _tokens(labels, "labels")])[0]

    @property
    def cache(self) -> dict:
        """Of a decoder: tokens, page_size, pages, free_pages, longest (tokens of one session), vocabulary, bytes."""
        return self._handle.cache()

    def session(self) -> Session:
        """An empty session of a decoder."""
        return Session(self, self._handle.open_sequence())

    def step(self, sessions, tokens, sampling=None, logits=True):
        """Extends several sessions in one go, each by its own list of tokens. Returns (next tokens, logits [sessions, vocabulary]);
        logits=False leaves these out. `sampling` is one Sampling for all or a list of them."""
        choices = sampling if isinstance(sampling, list) else [sampling or Sampling()] * len(sessions)
        return self._step(list(sessions), [tokens_of(each) for each in tokens], choices, logits)

    def _step(self, sessions, tokens, sampling, logits):
        chosen, rows = self._handle.step([s._handle for s in sessions], tokens, [tuple(s.checked()) for s in sampling], logits)
        for session, token in zip(sessions, chosen):
            session._token = token
        return chosen, rows

    @property
    def stop_tokens(self) -> tuple:
        """The ids that end a text, as the model has them."""
        return tuple(int(part) for part in (self.metadata("eos") or "").split(",") if part.strip())

    def generate(self, ids, max_new_tokens: int = 32, temperature: float = 0.0, top_k: int = 0, top_p: float = 1.0, min_p: float = 0.0,
                 repetition_penalty: float = 1.0, seed: int = 0, stop=None, session: Optional[Session] = None):
        """An iterator over the token ids that follow `ids`, each computed as it is asked for.

        It ends after `max_new_tokens`, after one of the tokens in `stop` (default: the model's own; () for none), which is still given,
        or where the model's positions end. `temperature` 0 always takes the most likely token; the same seed chooses the same tokens.
        With `session`, `ids` extend it and it keeps all tokens but the last one given."""
        if max_new_tokens < 0:
            raise ArgumentError(f"expected max_new_tokens to be at least 0, but got {max_new_tokens}")
        sampling = Sampling(temperature, top_k, top_p, min_p, repetition_penalty, seed).checked()
        stops = frozenset(self.stop_tokens if stop is None else stop)
        return self._generate(session, tokens_of(ids), max_new_tokens, sampling, stops)

    def _generate(self, session, ids, count, sampling, stops):
        if session is None:
            with self.session() as own:
                yield from self._generate(own, ids, count, sampling, stops)
            return
        longest = self.cache["longest"]
        for _ in range(count):
            self._step([session], [ids], [sampling], False)
            token = session.token
            yield token
            if token in stops or session.length >= longest:
                return
            ids = np.array([token], np.int32)

    def _run(self, name, inputs):
        """All outputs of an entry."""
        return self._handle.run(self._entry(name), inputs)

    def _entry(self, name) -> int:
        found = next((i for i, entry in enumerate(self.entries) if entry.name == name), None)
        if found is None:
            raise Error(f"{self.path} has no entry point '{name}'; it has {', '.join(e.name for e in self.entries)}", "unknown-entry", 2)
        return found

    def __repr__(self) -> str:
        return f"<girih.Model {self.path!r}: {', '.join(entry.name for entry in self.entries)}>"


def load(path, threads: Optional[int] = None, page_size: Optional[int] = None, cache_tokens: Optional[int] = None) -> Model:
    """Loads and verifies an artifact. `threads` defaults to the machine's cores. A decoder's sessions share a cache of `cache_tokens`
    (default: one session of the greatest length) in pages of `page_size` tokens (default 32), reserved with the first session and used as
    it is touched."""
    return Model(path, threads, page_size, cache_tokens)


def _tokens(values, name) -> np.ndarray:
    """Lists and integer arrays become a contiguous int32 matrix; what does not fit is refused, never wrapped."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ArgumentError(f"expected {name} to have rows of one length; pad the shorter ones and give a mask") from None
    if array.dtype == np.bool_ and name == "mask":
        array = array.astype(np.int32)
    if array.dtype.kind not in "iu" or array.ndim != 2:
        raise ArgumentError(f"expected {name} to be integers [batch, sequence], but got {array.dtype} of shape {array.shape}")
    if array.size and (array.max() > 2**31 - 1 or array.min() < -(2**31)):
        raise ArgumentError(f"expected {name} to fit 32 bits, but got values from {array.min()} to {array.max()}")
    return np.ascontiguousarray(array, dtype=np.int32)
