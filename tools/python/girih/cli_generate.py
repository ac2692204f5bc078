"""`girih generate`: answers a prompt, or holds a conversation, with a decoder."""

import json
import sys
import time

from . import Error
from .cli_options import load_model, model_arguments, number, positive, whole
from .text import Language


def add(commands):
    parser = commands.add_parser("generate", help="answer a prompt with a language model",
                                 description="Answers a prompt with a language model, streamed. Ctrl-C ends the answer.")
    model_arguments(parser)
    parser.add_argument("--prompt", help="the user's words; - reads them from standard input")
    parser.add_argument("--system", help="what the model is told first")
    parser.add_argument("--raw", action="store_true", help="go on from the prompt as it is, without the model's chat template")
    parser.add_argument("--interactive", action="store_true", help="hold a conversation; Ctrl-D ends it")
    parser.add_argument("--max-new-tokens", type=positive, default=512, metavar="N", help="longest answer (default: 512)")
    sampling_arguments(parser)
    parser.add_argument("--stats", action="store_true", help="tell tokens and their rates on standard error")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of streaming")
    parser.set_defaults(run=run, check=check)


def sampling_arguments(parser):
    within = parser.add_argument_group("choosing tokens (default: always the most likely)")
    within.add_argument("--temperature", type=number(0), default=0.0, metavar="T", help="0: no chance involved (default: 0)")
    within.add_argument("--top-k", type=whole(0, 2**31 - 1), default=0, metavar="K", help="only the K most likely (default: 0, all)")
    within.add_argument("--top-p", type=number(0, 1, above=True), default=1.0, metavar="P",
                        help="only the most likely that together have probability P")
    within.add_argument("--min-p", type=number(0, 1), default=0.0, metavar="P", help="only those with P times the most likely one's probability")
    within.add_argument("--repetition-penalty", type=number(0, above=True), default=1.0, metavar="X", help="above 1: prefer tokens not yet seen")
    within.add_argument("--seed", type=int, default=0, help="the same seed gives the same text (default: 0)")


def check(options, parser):
    if options.interactive == (options.prompt is not None):
        parser.error("give either --prompt or --interactive")
    if options.interactive and options.json:
        parser.error("--json is for a single --prompt")
    if options.raw and options.system:
        parser.error("--system needs the model's chat template, which --raw leaves out")


def run(options) -> int:
    model = load_model(options, "prefill")
    speaker = Speaker(model, Language(model, options.tokenizer), options)
    sys.stdin.reconfigure(errors="surrogateescape")  # as arguments are read; what is no text is refused where it is used
    if options.interactive:
        return converse(speaker, options)
    prompt = sys.stdin.read() if options.prompt == "-" else options.prompt
    answer = speaker.answer([{"role": "user", "content": prompt}], lambda text: None if options.json else say(text))
    if options.json:
        print(json.dumps(answer.report()))
    else:
        say("\n")
    if options.stats:
        print(answer.summary(), file=sys.stderr)
    return 130 if answer.finish == "interrupted" else 0


def say(text):
    """Text as it comes, in whatever encoding the terminal has."""
    sys.stdout.write(text.encode(sys.stdout.encoding or "utf-8", "replace").decode(sys.stdout.encoding or "utf-8"))
    sys.stdout.flush()


class Answer:
    def __init__(self, prompt_tokens, reused):
        self.prompt_tokens, self.reused = prompt_tokens, reused
        self.tokens, self.text, self.finish = [], "", "length"
        self.prefill_seconds = self.decode_seconds = 0.0

    @property
    def rates(self):
        """(prompt tokens a second, new tokens a second after the first): what was measured, None where there is too little."""
        prefill = (self.prompt_tokens - self.reused) / self.prefill_seconds if self.prefill_seconds else None
        decode = (len(self.tokens) - 1) / self.decode_seconds if len(self.tokens) > 1 and self.decode_seconds else None
        return prefill, decode

    def report(self):
        prefill, decode = self.rates
        return {"text": self.text, "tokens": self.tokens, "finish": self.finish, "prompt_tokens": self.prompt_tokens,
                "prefill_seconds": self.prefill_seconds, "decode_seconds": self.decode_seconds, "prefill_tokens_per_second": prefill,
                "decode_tokens_per_second": decode}

    def summary(self):
        prefill, decode = (f"{rate:.1f} tokens/s" if rate else "-" for rate in self.rates)
        return (f"prompt: {self.prompt_tokens} tokens ({self.reused} known already), {prefill}; answer: {len(self.tokens)} tokens, {decode}; "
                f"ended by {self.finish}")


class Speaker:
    """A session that follows a conversation: what a new prompt has in common with it is not computed again."""

    def __init__(self, model, language, options):
        self.model, self.language, self.options = model, language, options
        self.session = model.session()

    def prompt(self, messages) -> list:
        if self.options.raw:
            return self.language.encode("".join(m["content"] for m in messages))
        if not self.language.template:
            raise Error("the artifact has no chat template; use --raw to go on from the prompt as it is", "bad-chat-template", 3)
        system = [{"role": "system", "content": self.options.system}] if self.options.system else []
        return self.language.chat(system + messages)

    def answer(self, messages, listen) -> Answer:
        ids = self.prompt(messages)
        if not ids:
            raise Error("the prompt has no tokens; say something", "bad-prompt", 2)
        known = self._rewind(ids)
        answer, stream = Answer(len(ids), known), self.language.stream()
        try:
            self._generate(ids[known:], answer, lambda token: listen(stream.add(token)))
        except KeyboardInterrupt:
            answer.finish = "interrupted"
        listen(stream.rest())
        answer.text = self.language.decode(token for token in answer.tokens if token not in self.language.stop)
        return answer

    def _rewind(self, ids) -> int:
        """Cuts the session to what it shares with the prompt, of which at least one token is left to compute."""
        seen = self.session.tokens
        known = 0
        while known < min(len(seen), len(ids) - 1) and seen[known] == ids[known]:
            known += 1
        self.session.truncate(known)
        return known

    def _generate(self, ids, answer, listen):
        o = self.options
        tokens = self.model.generate(ids, o.max_new_tokens, o.temperature, o.top_k, o.top_p, o.min_p, o.repetition_penalty, o.seed,
                                     self.language.stop, self.session)
        begin = time.perf_counter()
        for token in tokens:
            now = time.perf_counter()
            if not answer.tokens:
                answer.prefill_seconds = now - begin
                first = now
            answer.decode_seconds = now - first
            answer.tokens.append(token)
            if token in self.language.stop:
                answer.finish = "stop"
            else:
                listen(token)


def converse(speaker, options) -> int:
    """Questions and answers until the input ends. Ctrl-C, whenever it comes, ends an answer at most: a question without one is taken back."""
    messages = []
    while True:
        try:
            if not take_turn(speaker, messages, options):
                return 0
        except KeyboardInterrupt:
            if len(messages) % 2:
                messages.pop()
            say("\nCtrl-D ends the conversation\n")


def take_turn(speaker, messages, options) -> bool:
    """One question and its answer, which `messages` gain; False where the input ended."""
    try:
        words = ask()
    except EOFError:
        say("\n")
        return False
    if not words.strip():
        return True
    messages.append({"role": "user", "content": words})
    answer = answer_within(speaker, messages)
    if answer is not None:
        messages.append({"role": "assistant", "content": answer.text})
        say("\n")
        if options.stats:
            print(answer.summary(), file=sys.stderr)
    return True


def answer_within(speaker, messages):
    """The answer. A conversation longer than the model reads forgets its oldest question and answer; what cannot be answered at all is
    reported and taken back."""
    while True:
        try:
            return speaker.answer(messages, say)
        except Error as error:
            if error.code in ("size-out-of-bounds", "cache-full") and len(messages) > 2:
                del messages[:2]
                print("(the oldest question and its answer are forgotten: the model reads no more at once)", file=sys.stderr)
                continue
            messages.pop()
            print(f"error: {error}", file=sys.stderr)
            return None


def ask() -> str:
    if sys.stdin.isatty():
        import readline  # noqa: F401  gives input() its editing and history

        return input("> ")
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\n")
