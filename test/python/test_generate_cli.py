"""The command `girih generate`: what it prints is what the model's tokens spell, streamed in whole characters; templates come from the
artifact and are held in bounds; Ctrl-C ends an answer, not the conversation."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import time
from concurrent.futures import ThreadPoolExecutor

import girih
import pytest
from girih.chat import render
from girih.cli_perplexity import finite
from girih.text import Language, Stream
from small_decoder import BOS, EOS, TEMPLATE, byte_tokenizer, follow, make_decoder

TOKENIZER = byte_tokenizer()


@pytest.fixture(scope="module")
def decoder(tmp_path_factory):
    path = tmp_path_factory.mktemp("decoder") / "d.girih"
    return make_decoder(path, eos=str(EOS), bos=str(BOS), chat_template=TEMPLATE, tokenizer=TOKENIZER.to_str())


def command(*arguments):
    return [sys.executable, "-m", "girih.cli", "generate", *map(str, arguments)]


def generate(*arguments, status=0, text=None):
    process = subprocess.run(command(*arguments), capture_output=True, input=text and text.encode())
    assert process.returncode == status, process.stderr
    return (process.stdout if status == 0 else process.stderr).decode("utf-8")  # a model may well say "\r\n"


def expected(prompt, count, **sampling):
    tokens = follow(prompt, count, **sampling)
    return tokens[:tokens.index(EOS) + 1] if EOS in tokens else tokens


def chat_ids(content, system=None):
    before = f"[system]{system}" if system else ""
    return [BOS, *f"{before}[user]{content}[assistant]".encode()]


def test_goes_on_from_a_raw_prompt(decoder):
    answer = json.loads(generate(decoder, "--raw", "--prompt", "hello", "--json", "--max-new-tokens", 40))
    tokens = expected(b"hello", 40)
    assert answer["tokens"] == tokens and answer["prompt_tokens"] == 5
    assert answer["text"] == TOKENIZER.decode([t for t in tokens if t != EOS])
    assert answer["finish"] == ("stop" if EOS in tokens else "length")
    assert answer["decode_tokens_per_second"] > 0


def test_the_template_makes_the_prompt(decoder):
    answer = json.loads(generate(decoder, "--prompt", "hi", "--system", "Be brief.", "--json", "--max-new-tokens", 5))
    assert answer["tokens"] == expected(chat_ids("hi", "Be brief."), 5)


def test_sampling_options_arrive(decoder):
    answer = json.loads(generate(decoder, "--prompt", "hi", "--json", "--max-new-tokens", 9, "--temperature", 0.5, "--seed", 4,
                                 "--repetition-penalty", 1.2, "--top-k", 5, "--top-p", 0.9, "--min-p", 0.1))
    assert answer["tokens"] == expected(chat_ids("hi"), 9, temperature=0.5, seed=4, repetition_penalty=1.2)


def test_streams_what_json_tells(decoder):
    answer = json.loads(generate(decoder, "--raw", "--prompt", "hello", "--json", "--max-new-tokens", 60))
    process = subprocess.run(command(decoder, "--raw", "--prompt", "-", "--max-new-tokens", 60, "--stats"), input=b"hello",
                             capture_output=True)
    assert process.returncode == 0
    assert process.stdout.decode("utf-8").replace("\ufffd", "") == answer["text"].replace("\ufffd", "") + "\n"
    assert b"prompt: 5 tokens" in process.stderr


def test_whole_characters_only():
    text = "naïve – 日本語 👩‍🔬 end"
    stream = Stream(TOKENIZER)
    pieces = [stream.add(token) for token in text.encode()] + [stream.rest()]
    assert "".join(pieces) == text and not any("\ufffd" in piece for piece in pieces)
    assert "日" in pieces


def test_an_unfinished_character_is_given_at_the_end():
    stream = Stream(TOKENIZER)
    assert [stream.add(token) for token in "é".encode()[:1]] == [""]
    assert stream.rest() == "\ufffd" and stream.rest() == ""


def test_a_conversation_continues(decoder):
    lines = generate(decoder, "--interactive", "--max-new-tokens", 6, "--stats", text="one\ntwo\n")
    first = expected(chat_ids("one"), 6)
    said = TOKENIZER.decode([t for t in first if t != EOS])
    ids = TOKENIZER.encode(f"<s>[user]one[assistant]{said}[user]two[assistant]", add_special_tokens=False).ids
    second = TOKENIZER.decode([t for t in expected(ids, 6) if t != EOS])
    assert lines == f"{said}\n{second}\n\n"


def test_a_long_conversation_forgets_its_beginning(decoder):
    """300 positions: three questions of 110 bytes are too many."""
    process = subprocess.run(command(decoder, "--interactive", "--max-new-tokens", 4), capture_output=True,
                             input=b"".join(b"%d" % i * 110 + b"\n" for i in range(3)) + b"y" * 400 + b"\n" + b"end\n")
    assert process.returncode == 0, process.stderr
    forgotten, *others = process.stderr.decode().splitlines()
    assert "forgotten" in forgotten and any(line.startswith("error: [size-out-of-bounds]") for line in others)


@pytest.mark.parametrize("arguments, given", [(["--prompt", b"a\xffb"], b""), (["--prompt", "-"], b"a\xffb"), (["--raw", "--prompt", "-"], b"a\xffb")])
def test_prompts_that_are_no_text(decoder, arguments, given):
    process = subprocess.run([*command(decoder), *arguments], input=given, capture_output=True)
    assert process.returncode == 3
    assert process.stderr.startswith(b"error: [bad-prompt] expected a text in UTF-8, but what comes after '") and process.stderr.count(b"\n") == 1


def test_a_conversation_outlives_what_is_no_text(decoder):
    process = subprocess.run(command(decoder, "--interactive", "--max-new-tokens", 6), input=b"\xff\none\n", capture_output=True)
    assert process.returncode == 0 and process.stderr.startswith(b"error: [bad-prompt]") and process.stderr.count(b"\n") == 1
    assert process.stdout.decode() == generate(decoder, "--interactive", "--max-new-tokens", 6, text="one\n")


def test_json_in_any_encoding(decoder):
    """A test model says any bytes, so its text has characters that ASCII has not."""
    run = command(decoder, "--raw", "--prompt", "hello", "--json", "--max-new-tokens", 60)
    told = [subprocess.run(run, check=True, capture_output=True, env={**os.environ, "PYTHONIOENCODING": encoding}).stdout for encoding in ("ascii", "utf-8")]
    texts = [json.loads(each)["text"] for each in told]
    assert texts[0] == texts[1] and not texts[0].isascii()


@pytest.mark.parametrize("to, status, told", [("/dev/full", 4, "error: [cannot-write]"), ("head", 141, "")])
def test_output_that_cannot_be_written(decoder, to, status, told):
    with open("/dev/full", "w") if to == "/dev/full" else os.fdopen(broken_pipe(), "w") as out:
        process = subprocess.run(command(decoder, "--raw", "--prompt", "x", "--json"), stdout=out, stderr=subprocess.PIPE, text=True)
    assert process.returncode == status and process.stderr.startswith(told) and process.stderr.count("\n") == bool(told)


def broken_pipe():
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def interruptible():
    """A shell that runs the tests in the background has SIGINT ignored, and programs inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


CONVERSATION = ["--interactive", "--max-new-tokens", 200, "--stats"]


def test_interrupting_ends_the_answer_not_the_conversation(decoder):
    """The model may be faster than any signal, so the program is held within its answer by a pipe that has no room for it."""
    room = 40
    reading, writing = os.pipe()
    filled = fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096) - room
    os.write(writing, b"." * filled)
    with subprocess.Popen(command(decoder, *CONVERSATION), stdin=subprocess.PIPE, stdout=writing, stderr=subprocess.PIPE,
                          preexec_fn=interruptible) as process:
        os.close(writing)
        process.stdin.write(b"one\n")
        process.stdin.flush()
        wait_until(lambda: waiting_in(reading) >= filled + room // 2)
        process.send_signal(signal.SIGINT)
        with open(reading, "rb") as output, ThreadPoolExecutor() as pool:
            pool.submit(output.read)
            said = process.communicate(b"two\n", timeout=30)[1].splitlines()
    assert process.returncode == 0 and b"Traceback" not in b"".join(said)
    assert [line.endswith(b"ended by interrupted") for line in said] == [True, False], said


def waiting_in(pipe):
    """The bytes that a pipe holds."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def wait_until(reached, seconds=30):
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_signal_at_any_moment_leaves_the_conversation_whole(decoder):
    for delay in (0, 0.001, 0.004):
        process = subprocess.Popen(command(decoder, *CONVERSATION), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   preexec_fn=interruptible)
        process.stdin.write(b"one\n")
        process.stdin.flush()
        assert process.stdout.read(1)
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        said = process.communicate(b"two\n", timeout=30)[1].splitlines()
        assert process.returncode == 0 and b"Traceback" not in b"".join(said)
        assert b"ended by" in said[-1] and b"interrupted" not in said[-1], said


@pytest.mark.parametrize("template, message", [
    ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "took"),
    ("{{ 'x' * 2000000000 }}", "memory"),
    ("{{ 'x' * 20000000 }}", "20000000 characters"),
    ("{{ ''.__class__.__mro__ }}", "SecurityError"),
    ("{% for %}", "TemplateSyntaxError"),
    ("{{ raise_exception('no system role') }}", "no system role"),
    ("{{ messages.append(1) }}", "SecurityError"),
])
def test_templates_are_held_in_bounds(template, message):
    seconds = 1.5 if message == "took" else 60  # a busy machine takes its time to say what else is wrong
    begin = time.perf_counter()
    with pytest.raises(girih.Error, match=message) as caught:
        render(template, [{"role": "user", "content": "x"}], seconds=seconds)
    assert caught.value.code == "bad-chat-template" and time.perf_counter() - begin < seconds + 8


def test_templates_have_what_transformers_gives_them():
    template = ("{%- for m in messages -%}\n{{ m['content'] | trim }}{% if loop.first %}{% continue %}{% endif %}{{ m | tojson }}\n"
                "{%- endfor %}{{ strftime_now('%Y')[:2] }}{{ bos_token }}{% if tools is not none %}tools{% endif %}")
    messages = [{"role": "user", "content": " é "}, {"role": "user", "content": "b"}]
    assert render(template, messages, bos_token="<s>") == 'éb{"role": "user", "content": "b"}20<s>'


def test_templates_may_mark_what_the_model_said():
    """As transformers allows, for training: the mark changes nothing, and what is set within it is not seen after it."""
    template = "{% for m in messages %}{% generation %}{% set x = 1 %}{{ m.content }}{{ x }}{% endgeneration %}{{ x }}{% endfor %}"
    assert render(template, [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}]) == "a1b1"


@pytest.mark.parametrize("properties, names", [
    ({}, {}),
    (dict(bos=str(BOS), eos=f"{EOS},65"), {"bos_token": "<s>", "eos_token": "</s>"}),
    (dict(bos=str(BOS), eos="65", special_tokens='{"bos_token": null, "eos_token": "</s>", "pad_token": "<p>"}'), {"eos_token": "</s>", "pad_token": "<p>"}),
])
def test_templates_know_special_tokens_by_name(tmp_path, properties, names):
    path = make_decoder(tmp_path / "d.girih", tokenizer=TOKENIZER.to_str(), **properties)
    assert Language(girih.load(path)).specials == names


def test_without_a_template(tmp_path):
    path = make_decoder(tmp_path / "d.girih", eos="1", tokenizer=TOKENIZER.to_str())
    assert generate(path, "--prompt", "x", status=3).startswith("error: [bad-chat-template]")
    generate(path, "--prompt", "x", "--raw", "--max-new-tokens", 3)


def test_a_tokenizer_beside_the_artifact(tmp_path):
    path = make_decoder(tmp_path / "d.girih", eos="1")
    assert generate(path, "--prompt", "x", "--raw", status=3).startswith("error: [missing-file]")
    TOKENIZER.save(str(tmp_path / "tokenizer.json"))
    assert Language(girih.load(path)).encode("hé") == list("hé".encode())
    (tmp_path / "bad.json").write_text("{}")
    assert generate(path, "--prompt", "x", "--raw", "--tokenizer", tmp_path / "bad.json", status=3).startswith("error: [bad-tokenizer]")


@pytest.mark.parametrize("arguments, status, message", [
    (["--prompt", "x", "--interactive"], 2, "either --prompt or --interactive"),
    ([], 2, "either --prompt or --interactive"),
    (["--prompt", ""], 0, ""),
    (["--raw", "--prompt", ""], 2, "error: [bad-prompt]"),
    (["--prompt", "x", "--temperature", "-1"], 2, "at least 0"),
    (["--prompt", "x", "--top-p", "7"], 2, "expected a number above 0 and at most 1, but got 7"),
    (["--prompt", "x", "--top-p", "0"], 2, "above 0"),
    (["--prompt", "x", "--top-k", "-1"], 2, "of at least 0"),
    (["--prompt", "x", "--temperature", "nan"], 2, "of at least 0"),
    (["--prompt", "x", "--temperature", "inf"], 2, "of at least 0"),
    (["--prompt", "x", "--repetition-penalty", "no"], 2, "expected a number, but got 'no'"),
    (["--prompt", "x", "--max-new-tokens", "0"], 2, "of at least 1"),
    (["--prompt", "x" * 400], 3, "error: [size-out-of-bounds]"),
    (["--prompt", "x", "--temperature", "1e39"], 2, "finite number of 32 bits"),
    (["--prompt", "x", "--raw", "--system", "y"], 2, "--system needs the model's chat template"),
    (["--prompt", "x", "--threads", "0"], 2, "at least 1"),
    (["--prompt", "x", "--threads", "99999999999"], 2, "expected threads to be from 1 to 2147483647"),
    (["--prompt", "x", "--max-seq-len", "9"], 2, "error: [bad-option] --max-seq-len says how to compile, but"),
    (["--prompt", "x", "--target", "cpu"], 2, "error: [bad-option] --target says how to compile, but"),
    (["--prompt", "x", "--dtype", "f32"], 2, "error: [bad-option] --dtype says how to compile, but"),
])
def test_errors(decoder, arguments, status, message):
    assert message in generate(decoder, *arguments, status=status)


@pytest.mark.parametrize("arguments", [["generate", "--prompt", "x"], ["bench"], ["perplexity", "--file", "/dev/null"]])
def test_an_encoder_is_no_language_model(artifact, arguments):
    process = subprocess.run([sys.executable, "-m", "girih.cli", *arguments, artifact], capture_output=True, text=True)
    assert process.returncode == 2
    assert process.stderr == f"error: [wrong-model] expected a language model, but {artifact} is an encoder, for `girih embed`\n"


def test_a_language_model_is_no_encoder(decoder):
    process = subprocess.run([sys.executable, "-m", "girih.cli", "embed", decoder, "--text", "x"], capture_output=True, text=True)
    assert process.returncode == 2 and f"expected an encoder, but {decoder} is a language model, for `girih generate`" in process.stderr


def test_bench_tells_rates_and_shares(decoder):
    run = [sys.executable, "-m", "girih.cli", "bench", str(decoder), "--prompts", "16,64", "--contexts", "8", "--new-tokens", "4", "--repeats", "2"]
    report = json.loads(subprocess.run([*run, "--json"], check=True, capture_output=True, text=True).stdout)
    assert [(r["kind"], r["length"]) for r in report["results"]] == [("prefill", 16), ("prefill", 64), ("decode", 8)]
    assert all(r["tokens_per_second"] > 0 for r in report["results"]) and report["peak_gflops"] > 1 and report["peak_gbytes_per_s"] > 0.1
    assert report["results"][2]["launches_per_step"] == 2
    lines = subprocess.run(run, check=True, capture_output=True, text=True).stdout.splitlines()
    assert len(lines) == 5 and lines[3].startswith("decode") and "measured peaks" in lines[4]
    refused = subprocess.run([*run, "--contexts", "299"], capture_output=True, text=True)
    assert refused.returncode == 2 and "300" in refused.stderr


@pytest.mark.parametrize("context, stride, length", [(8, 4, 50), (8, 8, 50), (5, 1, 11), (8, 3, 8), (8, 4, 2), (8, 4, 9)])
def test_perplexity_counts_every_token_once(decoder, tmp_path, context, stride, length):
    text = ("It was a bright cold day in April, and the clocks were striking thirteen." * 2)[:length]
    (tmp_path / "text").write_text(text)
    run = [sys.executable, "-m", "girih.cli", "perplexity", str(decoder), "--file", str(tmp_path / "text"), "--context", str(context), "--stride", str(stride)]
    report = json.loads(subprocess.run([*run, "--json"], check=True, capture_output=True, text=True).stdout)
    ids = text.encode()
    # The test decoder's loss looks back by one token; windows that do not overlap begin without one.
    starts = range(0, length, stride) if stride == context else (0,)
    losses = [(ids[i] * 3 + (ids[i - 1] if i not in starts else 0) + ids[i + 1]) & 7 for i in range(length - 1)]
    assert report["tokens"] == length - 1 and abs(report["loss"] - sum(losses) / len(losses)) < 1e-6
    assert subprocess.run(run, check=True, capture_output=True, text=True).stdout.startswith(f"perplexity {report['perplexity']:.4f}")


def test_json_has_no_infinity():
    assert [finite(number) for number in (1.5, float("inf"), float("nan"))] == [1.5, None, None]


def test_perplexity_refuses_what_is_no_text(decoder, tmp_path):
    def perplexity(content, *arguments):
        (tmp_path / "text").write_bytes(content)
        run = [sys.executable, "-m", "girih.cli", "perplexity", str(decoder), "--file", str(tmp_path / "text"), *arguments]
        process = subprocess.run(run, capture_output=True, text=True)
        return process.returncode, process.stderr

    assert perplexity(b"x") == (3, f"error: [bad-prompt] expected a text of at least 2 tokens, but {tmp_path}/text has 1\n")
    assert perplexity(b"abc\xff") == (3, f"error: [bad-prompt] expected UTF-8 in {tmp_path}/text, but byte 3 is not\n")
    assert perplexity(b"abc", "--context", "4", "--stride", "5")[0] == 2
