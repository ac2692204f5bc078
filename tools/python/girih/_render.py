"""Renders a chat template for chat.py: a request as JSON on stdin, {"text": …} or {"error": …} as JSON on stdout. Runs as a program of its
own (python -I), with limits on time and memory that nothing in the template can lift."""

import json
import resource
import sys
from datetime import datetime

MEMORY = 1 << 30
LONGEST = 1 << 24  # characters: more than any model reads


def environment():
    import jinja2
    from jinja2.ext import Extension
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """{% generation %} … {% endgeneration %}: where templates mark the model's own words, for training. The text is as it is without."""

        tags = {"generation"}

        def parse(self, parser):
            line = next(parser.stream).lineno
            return jinja2.nodes.Scope(parser.parse_statements(["name:endgeneration"], drop_needle=True), lineno=line)

    def raise_exception(message):
        raise jinja2.TemplateError(message)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    # As transformers sets it up: templates are written for that.
    result = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", Generation])
    result.filters["tojson"] = tojson
    result.globals["raise_exception"] = raise_exception
    result.globals["strftime_now"] = lambda text: datetime.now().strftime(text)
    return result


def answer(request):
    try:
        text = environment().from_string(request["template"]).render(**request["variables"])
        return {"text": text} if len(text) <= LONGEST else {"error": f"makes a text of {len(text)} characters"}
    except MemoryError:
        return {"error": "took too much memory"}
    except RecursionError:
        return {"error": "nests too deeply"}
    except Exception as error:  # whatever jinja2 or the template's own code raises
        return {"error": f"cannot be rendered: {type(error).__name__}: {error}"}


def main():
    request = json.load(sys.stdin)
    seconds = int(request["seconds"]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    json.dump(answer(request), sys.stdout)


if __name__ == "__main__":
    main()
