"""Ctrl-C between two steps; that of a run stands in test_checkpoint.py."""

import os
import signal

import pytest

from headstart.finetuning.interrupts import held_interrupts


def test_a_second_ctrl_c_interrupts_at_once() -> None:
    """Who insists is heard."""
    with held_interrupts(True) as asked:
        os.kill(os.getpid(), signal.SIGINT)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
