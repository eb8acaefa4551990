"""What the strategies share that learn a linear head of their own beside an encoder."""

from collections.abc import Mapping
from typing import Any, ClassVar

from headstart.errors import ConfigError

__all__ = ["OwnHead"]


class OwnHead:
    """Takes an encoder and its settings, and refuses a head: there is one already."""

    has_own_head: ClassVar[bool] = True

    def __init__(
        self,
        encoder: str = "auto",
        head: str = "auto",
        *,
        encoder_settings: Mapping[str, Any] | None = None,
        head_settings: Mapping[str, Any] | None = None,
    ) -> None:
        if head not in ("auto", "logistic") or head_settings:
            raise ConfigError("This strategy has a linear head of its own: leave head and head.* out.")
        self.encoder, self.encoder_settings = encoder, dict(encoder_settings or {})
