"""One file a command: the function's signature is the command's options."""
