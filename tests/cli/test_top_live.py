"""The live screen: what each key does, and a real terminal that is given back as it was."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from tests.tasks.children import until
from tests.views.test_top import frame_of, process

from jinmaek.views.fit import cells
from jinmaek.views.top import Shown
from jinmaek.views.top_filter import Filter
from jinmaek.views.top_live import Live, press, screen

FRAME = frame_of(*(process(pid, cpu=pid / 100, resident=-pid, uid=pid % 2) for pid in range(1, 41)))


def live() -> Live:
    return Live(shown=Shown(), delay=3.0, user_id={"root": 0}.get)


def after(keys: str) -> Live:
    made = live()
    for key in keys:
        press(made, key)
    return made


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ("M", Shown(field="%MEM")),
        ("T", Shown(field="TIME+")),
        ("N", Shown(field="PID")),
        ("NP", Shown()),
        ("R", Shown(descending=False)),
        ("RR", Shown()),
        ("i", Shown(idle=False)),
        ("1", Shown(each_cpu=True)),
        ("I", Shown(solaris=True)),
        ("II", Shown()),
        ("H", Shown(threads=True)),
        ("c", Shown(command_line=True)),
        (">", Shown(field="%MEM")),
        ("><", Shown()),
        (">" * 9, Shown(field="COMMAND")),
        ("<" * 99, Shown(field="PID")),
        ("n5\n", Shown(limit=5)),
        ("n5\nn0\n", Shown()),
        ("nx\n", Shown()),
        ("o!user=Root\n", Shown(filters=(Filter("USER", "=", "Root", inverted=True),))),
        ("O%cpu>1.5\n", Shown(filters=(Filter("%CPU", ">", "1.5", exact=True),))),
        ("oNOPE=1\n", Shown()),
        ("oRES>1g\nn3\nuroot\ni=", Shown()),
        ("uroot\n", Shown(uid=0)),
        ("u!root\r", Shown(uid=0, others=True)),
        ("uroot\nu\n", Shown()),
        ("urx\x7foot\n", Shown(uid=0)),
        ("uroot\x1bM", Shown(field="%MEM")),
        ("unobody\n", Shown()),
        ("hM", Shown()),
        ("hMM", Shown(field="%MEM")),
    ],
)
def test_keys_that_change_what_is_shown(keys: str, shown: Shown) -> None:
    assert after(keys).shown == shown


@pytest.mark.parametrize(
    ("keys", "delay"), [("d1.5\n", 1.5), ("d0\n", 0.1), ("dx\n", 3.0), ("d-1\n", 3.0), ("d\n", 3.0)]
)
def test_the_delay(keys: str, delay: float) -> None:
    assert after(keys).delay == delay


def test_other_keys() -> None:
    assert after("q").over
    assert not after("uq").over
    assert after(" ").stale
    assert after("H").stale
    assert after("c").stale
    assert "renice" in after("r").message
    assert "kill PID" in after("k").message
    assert after("I").message == "Irix mode Off"
    assert after("oNOPE=1\n").message.startswith("no filter: NOPE=1")
    assert after("z").message
    assert not after("zM").message
    assert after("unobody\n").message == "there is no user nobody"


def test_the_screen_is_never_larger_than_the_terminal() -> None:
    for made in (live(), after("h"), after("1"), after("uro")):
        for columns, rows in ((80, 24), (40, 10), (200, 60), (20, 3)):
            lines = (
                screen(made, FRAME, columns, rows).replace("\x1b[7m", "").replace("\x1b[0m", "").split("\r\n")
            )
            assert len(lines) <= rows
            assert all(len(line.removesuffix("\x1b[K")) <= columns for line in lines)


def test_wide_letters_take_two_cells_of_the_screen() -> None:
    made = after("h")
    made.lang = "ko"
    for line in screen(made, FRAME, 40, 24).split("\r\n"):
        assert cells(line.removesuffix("\x1b[K")) <= 40


def test_what_is_typed_is_shown() -> None:
    assert "Which user (empty for all): ro" in screen(after("uro"), FRAME, 80, 24)


@dataclass
class Terminal:
    """A terminal of its own with a shell in it."""

    tmux: tuple[str, ...]

    def run(self, *words: str) -> str:
        done = subprocess.run((*self.tmux, *words), capture_output=True, text=True, check=True, timeout=120)
        return done.stdout

    def type(self, *keys: str) -> None:
        self.run("send-keys", *keys)

    @property
    def text(self) -> str:
        return self.run("capture-pane", "-p")

    @property
    def second_screen(self) -> bool:
        return self.run("display-message", "-p", "#{alternate_on}").strip() == "1"

    def start(self, options: str = "") -> None:
        self.type(f"{shlex.quote(sys.executable)} -m jinmaek top -d 0.5 {options}; echo status=$?", "Enter")
        until(lambda: "PID USER" in self.text)

    def left_with(self, status: int) -> None:
        """The shell is back on the first screen, sees keys by the line, and shows what it is told."""
        until(lambda: f"status={status}" in self.text)
        assert not self.second_screen
        assert "PID USER" not in self.text
        assert self.run("display-message", "-p", "#{cursor_flag}").strip() == "1"
        self.type("stty -a | tr ';' ' ' | grep -o -E ' (-?icanon|-?echo) ' | tr -d ' \\n'", "Enter")
        until(lambda: "icanonecho" in self.text)


@pytest.fixture
def terminal(peer: Callable[[str], str]) -> Iterator[Terminal]:
    tool = peer("tmux")
    # Its socket's path must be short, and its own: the last server may still be on its way out.
    with tempfile.TemporaryDirectory(prefix="jinmaek") as folder:
        made = Terminal((tool, "-u", "-S", f"{folder}/s", "-f", "/dev/null"))
        shell = "env -u ENV PS1='$ ' LC_ALL=C.UTF-8 sh"
        made.run("new-session", "-d", "-x", "100", "-y", "30", shell)
        try:
            yield made
        finally:
            made.run("kill-server")


def test_it_starts_sorts_and_leaves(terminal: Terminal) -> None:
    terminal.start()
    assert terminal.second_screen
    terminal.type("N")

    def column(index: int) -> list[str]:
        """Nothing while the screen is being painted."""
        lines = [line.split() for line in terminal.text.split("\n")]
        head = next((i for i, words in enumerate(lines) if words[:2] == ["PID", "USER"]), len(lines))
        rows = [words for words in lines[head + 1 :] if words]
        return [words[index] for words in rows] if all(len(words) > index for words in rows) else []

    def falls(values: list[str]) -> bool:
        return bool(values) and values == sorted(values, key=float, reverse=True)

    until(lambda: falls(column(0)))
    terminal.type("R")
    until(lambda: column(0)[:1] == ["1"])
    terminal.type("M")
    until(lambda: falls(shares := column(9)) and float(shares[0]) > 0)
    terminal.type("1")
    until(lambda: "%Cpu0  :" in terminal.text)
    terminal.type("H")
    until(lambda: "Threads:" in terminal.text)
    terminal.type("H")
    until(lambda: "Tasks:" in terminal.text)
    until(lambda: "CPU explained" in terminal.text)
    terminal.type("c")
    until(lambda: sys.executable[:20] in terminal.text)
    terminal.type("c")
    until(lambda: sys.executable[:20] not in terminal.text)
    terminal.type("I")
    until(lambda: "Irix mode Off" in terminal.text)
    terminal.type("o", "pid=1", "Enter")
    until(lambda: bool(pids := column(0)) and all("1" in pid for pid in pids))
    terminal.type("O", "pid<2", "Enter")
    until(lambda: column(0) == ["1"])
    terminal.type("=", "n", "3", "Enter")
    until(lambda: len(column(0)) == 3)
    terminal.type("h")
    until(lambda: "Keys of jinmaek top" in terminal.text)
    terminal.type("x")
    until(lambda: "PID USER" in terminal.text)
    terminal.type("q")
    terminal.left_with(0)


def test_the_screen_follows_the_size_of_the_terminal(terminal: Terminal) -> None:
    terminal.start("-n 1000")
    terminal.run("resize-window", "-x", "60", "-y", "12")
    until(lambda: "COMMAND" not in terminal.text and "PID USER" in terminal.text)
    terminal.run("resize-window", "-x", "120", "-y", "40")
    until(lambda: "COMMAND" in terminal.text)
    terminal.type("q")
    terminal.left_with(0)


def test_control_c_gives_the_terminal_back(terminal: Terminal) -> None:
    terminal.start()
    terminal.type("C-c")
    # The shell drops the rest of its line with the interrupted program.
    until(lambda: not terminal.second_screen)
    terminal.type("echo status=7", "Enter")
    terminal.left_with(7)


def test_a_signal_gives_the_terminal_back(terminal: Terminal) -> None:
    terminal.start()
    shell = int(terminal.run("display-message", "-p", "#{pane_pid}"))
    (top,) = descendants(shell)
    os.kill(top, 15)
    terminal.left_with(143)


def test_a_paused_screen_comes_back(terminal: Terminal) -> None:
    terminal.type("set -m", "Enter")
    terminal.start()
    terminal.type("C-z")
    until(lambda: not terminal.second_screen)
    terminal.type("fg", "Enter")
    until(lambda: terminal.second_screen and "PID USER" in terminal.text)
    terminal.type("q")
    until(lambda: not terminal.second_screen)


def descendants(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]
