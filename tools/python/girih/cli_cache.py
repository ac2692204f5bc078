"""`girih cache`: shows or clears the compiled models that were kept."""

from . import cache


def add(commands):
    parser = commands.add_parser("cache", help="show or clear the compiled models that were kept")
    parser.add_argument("action", nargs="?", choices=("show", "clear"), default="show")
    parser.set_defaults(run=run, check=lambda options, parser: None)


def run(options) -> int:
    if options.action == "clear":
        print(f"{cache.clear() / 1e6:.1f} MB removed from {cache.folder()}")
        return 0
    kept = cache.contents()
    for path, size, model in kept:
        print(f"{size / 1e6:8.1f} MB  {path.name}  {model}")
    print(f"{sum(size for _, size, _ in kept) / 1e6:8.1f} MB  in {cache.folder()}")
    return 0
