"""The exceptions of this package: Error, and that of wrong arguments. The extension modules raise Error too, so it lives in a file without
imports."""


class Error(RuntimeError):
    """A compile, load or run that failed, with a code that stays the same for ever.

    `code` is a text such as "missing-tensor" (docs/errors.md lists all); `status` is the exit status that the command-line tools
    give for the same error: 1 compile or verify, 2 usage, 3 bad input, 4 resource, 5 internal.
    """

    def __init__(self, message: str, code: str = "internal", status: int = 5):
        super().__init__(message)
        self.code = code
        self.status = status

    def __str__(self) -> str:
        return f"[{self.code}] {self.args[0]}"

    def __reduce__(self):
        return type(self), (self.args[0], self.code, self.status)


class ArgumentError(Error, ValueError):
    """An argument that no model could take: a ragged list, a batch of the wrong rank, a number beyond 32 bits."""

    def __init__(self, message: str, code: str = "invalid-argument", status: int = 2):
        super().__init__(message, code, status)
