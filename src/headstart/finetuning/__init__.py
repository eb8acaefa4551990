"""Fine-tuning a pre-trained transformer: what the strategies share. Only `settings` is importable without torch."""
