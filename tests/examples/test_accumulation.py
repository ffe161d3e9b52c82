def test_accumulation(run_example, capsys):
    profiles = run_example("plot_accumulation.py")["profiles"]
    (bottleneck,) = [p for name, p in profiles.items() if "bottleneck" in name]
    costs = {mode: profile.multiplications for mode, profile in bottleneck.items()}
    assert 6 * costs["auto"] < min(costs["forward"], costs["reverse"])
    assert "reverse" in capsys.readouterr().out
