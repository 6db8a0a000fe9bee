from __future__ import annotations

import pytest

from jinmaek.model import Explained
from jinmaek.views.cpu_explained import words

OVER = "(over 100%: the host counts in ticks, processes by the clock)"


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (Explained(2.0, 1.5, 0.2), "CPU explained 75%, 10% in exited tasks"),
        (Explained(2.0, 1.5, 0.5), "CPU explained 75%, 25% in exited tasks"),
        (Explained(2.0, 1.6, 0.44), "CPU explained 80%, 22% in exited tasks"),
        (Explained(0.1, 0.14, 0.003), f"CPU explained 140%, 3% in exited tasks {OVER}"),
        (Explained(0.1, 0.08, 0.03), f"CPU explained 80%, 30% in exited tasks {OVER}"),
        (Explained(0.0, 0.1, 0.0), ""),
        (None, ""),
    ],
)
def test_words(told: Explained | None, text: str) -> None:
    assert words(told, "en") == text


def test_words_in_korean() -> None:
    assert words(Explained(0.1, 0.14, 0.0), "ko") == (
        "CPU 설명됨 140%, 끝난 태스크 0% (100% 초과: 호스트는 틱으로, 프로세스는 시계로 잽니다)"
    )
