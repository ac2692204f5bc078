"""Conversations as text: a model's chat template, rendered in jinja2's sandbox by a process of its own, which may be neither slow nor large.

A template comes with a model and is as little trusted: it can loop for ever or build a string without end, which no sandbox inside this
process could stop.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from ._errors import Error

SECONDS = 10  # a template takes milliseconds; the rest is for a busy machine


def render(template: str, messages: list, seconds: float = SECONDS, **variables) -> str:
    """The text that `template` makes of messages, [{"role": "user", "content": "…"}, …]; variables such as bos_token are handed to it."""
    request = json.dumps({"template": template, "seconds": seconds, "variables": {"messages": messages, "tools": None, "documents": None,
                                                                                 "add_generation_prompt": True, **variables}})
    command = [sys.executable, "-I", str(Path(__file__).with_name("_render.py"))]
    environment = {name: os.environ[name] for name in ("TZ",) if name in os.environ}  # what else is in it concerns no template
    try:
        process = subprocess.run(command, input=request, capture_output=True, text=True, timeout=seconds, encoding="utf-8", env=environment)
    except subprocess.TimeoutExpired:
        raise _bad(f"took longer than {seconds:g} s") from None
    try:
        answer = json.loads(process.stdout)
    except ValueError:
        raise _bad("took too much time or memory") from None
    if "error" in answer:
        raise _bad(answer["error"])
    return answer["text"]


def _bad(what: str) -> Error:
    return Error(f"the model's chat template {what}; use --raw to do without it", "bad-chat-template", 3)
