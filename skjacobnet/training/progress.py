"""What a training prints."""


def print_epoch(state):
    """Print one line with the epoch and the newest entry of each column."""
    columns = ", ".join(
        f"{name.replace('_', ' ')} {values[-1]:.6g}"
        for name, values in state.history.items()
    )
    print(f"epoch {state.epoch}: {columns}")
