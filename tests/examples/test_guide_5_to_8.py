"""What each example claims is true of what it computes, on rows held out."""


def test_own_parts_pass_their_checks_and_mistakes_do_not(run_example):
    names = run_example("guide/plot_own_parts.py")
    assert "weight_vjp" in names["complaint"]
    assert names["path"] == [-0.5, 0.0]
    # Over four tables: 0.66 to 0.69, 0.69 to 0.72, and 0.73 to 0.78.
    scores = names["scores"]
    assert scores["smoothness"] > max(scores["none"], scores["weight decay"]) + 0.02
    assert scores["smoothness"] > 0.7
