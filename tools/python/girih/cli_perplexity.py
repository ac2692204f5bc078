"""`girih perplexity`: how well a decoder predicts a text, for judging precision."""

import json
import math
import sys
from pathlib import Path

import numpy as np

from . import Error
from .cli_options import Progress, load_model, model_arguments, positive
from .text import Language, read_text


def add(commands):
    parser = commands.add_parser("perplexity", help="tell how well a language model predicts a text",
                                 description="Tells the perplexity of a text: e to the mean loss of its tokens. The text is read in windows that "
                                             "overlap, so that every counted token has a context.")
    model_arguments(parser)
    parser.add_argument("--file", type=Path, required=True, help="the text, UTF-8")
    parser.add_argument("--context", type=positive, metavar="N", help="tokens in a window (default: 512, or the model's longest)")
    parser.add_argument("--stride", type=positive, metavar="N", help="tokens by which windows are apart (default: half a window)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=run, check=check)


def check(options, parser):
    if options.context and options.stride and options.stride > options.context:
        parser.error(f"expected --stride to be at most --context, {options.context}, but got {options.stride}")


def run(options) -> int:
    model = load_model(options, "prefill")
    ids = Language(model, options.tokenizer).encode(read_text(options.file))
    context = min(options.context or 512, longest(model))
    stride = min(options.stride or max(1, context // 2), context)
    if len(ids) < 2:
        raise Error(f"expected a text of at least 2 tokens, but {options.file} has {len(ids)}", "bad-prompt", 3)
    total, count, progress = 0.0, 0, Progress(len(ids) - 1, "tokens")
    for window, labels in windows(ids, context, stride):
        total += float(model.loss(window[None], labels[None]).astype(np.float64).sum())
        count += int((labels >= 0).sum())
        progress.at(count)
    loss = total / count
    perplexity = math.exp(loss) if loss < math.log(sys.float_info.max) else math.inf
    if options.json:
        told = {"perplexity": finite(perplexity), "loss": finite(loss), "tokens": count, "context": context, "stride": stride}
        print(json.dumps(told))
    else:
        print(f"perplexity {perplexity:.4f}, loss {loss:.6f} over {count} tokens in windows of {context}, {stride} apart")
    return 0


def finite(number):
    """What JSON can say: it has no infinity, and null stands for none."""
    return number if math.isfinite(number) else None


def longest(model) -> int:
    size = next((entry for entry in model.entries if entry.name == "loss"), model.entries[0]).inputs[0].shape[1]
    return size if isinstance(size, int) else model.limits[size][1]


def windows(ids, context, stride):
    """(tokens, labels) of each window: labels are the tokens that follow, -1 where an earlier window counted them already."""
    ids = np.array(ids, np.int32)
    counted = 0  # labels, which stand for tokens 1, 2, …
    for begin in range(0, len(ids) - 1, stride):
        window = ids[begin:begin + context]
        labels = np.full_like(window, -1)
        following = ids[begin + 1:begin + context + 1]
        labels[:len(following)] = following
        labels[:counted - begin] = -1
        counted = begin + len(following)
        yield window, labels
        if counted == len(ids) - 1:
            return
