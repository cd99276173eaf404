"""What the demo says, and the commands that it types."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
ON_TERMINAL = sys.stdout.isatty()


class DemoError(Exception):
    """The demo did not do what it promises."""


def say(text: str) -> None:
    bold, plain = ("\033[1m", "\033[0m") if ON_TERMINAL else ("", "")
    print(f"\n{bold}# {text}{plain}", flush=True)


def typed(command: str) -> str:
    """A command as one types it, broken where the terminal ends."""
    width = shutil.get_terminal_size().columns - 2 if ON_TERMINAL else 10_000
    lines = ["$"]
    # An option stays with its value.
    for word in re.findall(r"--(?!wait)\S+ [^-]\S*|\S+", command):
        if len(lines[-1]) + 1 + len(word) > width:
            lines.append("   ")
        lines[-1] += f" {word}"
    return " \\\n".join(lines)


class Shell:
    """Runs ``openstack`` commands and shows them as a user types them.

    :param clouds: clouds.yaml
    :param cloud: the entry in it that all commands are of
    """

    def __init__(self, clouds: Path, cloud: str = "servicevm") -> None:
        #: where files are that commands name
        self.folder = clouds.parent
        self.env = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith("OS_")
        }
        self.env |= {
            "OS_CLOUD": cloud,
            "OS_CLIENT_CONFIG_FILE": str(clouds),
            "PATH": f"{BIN}:{os.environ['PATH']}",
        }

    def show(self, command: str) -> None:
        """Run a command before the user's eyes.

        :raises DemoError: if it does not exit with 0
        """
        print(f"\n{typed(command)}", flush=True)
        self._run(command, None)

    def read(self, command: str) -> object:
        """Run a command for its JSON, out of sight.

        By ``servicevm``, which is the same and starts much faster.
        """
        return json.loads(
            self._run(f"servicevm {command} -f json", subprocess.PIPE)
        )

    def names(self, noun: str, column: str) -> list[str]:
        """One column of all things of a kind."""
        rows = self.read(f"{noun} list")
        if not isinstance(rows, list):
            raise DemoError(f"{noun} list did not give a list")
        return [str(row[column]) for row in rows]

    def _run(self, command: str, stdout: int | None) -> str:
        done = subprocess.run(
            shlex.split(command),
            env=self.env,
            cwd=self.folder,
            stdout=stdout,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode:
            raise DemoError(f"exit code {done.returncode}: {command}")
        return done.stdout or ""
