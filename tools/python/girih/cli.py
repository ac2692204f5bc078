"""The command `girih`: generates and embeds text, measures, and keeps what was compiled."""

import argparse
import os
import sys

from . import Error, __version__, cli_bench, cli_cache, cli_calibrate, cli_embed, cli_explore, cli_generate, cli_perplexity


def parse(arguments):
    parser = argparse.ArgumentParser(prog="girih", description="Runs transformers that Girih compiled; to compile ahead of time use girihc.")
    parser.add_argument("--version", action="version", version=f"girih {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (cli_generate, cli_embed, cli_bench, cli_perplexity, cli_calibrate, cli_explore, cli_cache):
        command.add(commands)
    options = parser.parse_args(arguments)
    options.check(options, commands.choices[options.command])
    return options


def main(arguments=None) -> int:
    try:
        options = parse(arguments)
        status = options.run(options)
        sys.stdout.flush()
        return status
    except Error as error:
        print(f"error: {error}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print("error: [interrupted] stopped by the user", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read has seen enough
        discard_output()
        return 141
    except OSError as error:
        if error.filename is None:
            discard_output()
            print(f"error: [cannot-write] cannot write to standard output: {error.strerror}", file=sys.stderr)
            return 4
        print(f"error: [cannot-read] cannot read {error.filename}: {error.strerror}", file=sys.stderr)
        return 3


def discard_output() -> None:
    """What is still to be written goes nowhere, so that Python's own last flush does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
