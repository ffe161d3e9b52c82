"""Numbers about a fitted model that its exact derivatives give."""
