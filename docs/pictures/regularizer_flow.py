"""Vector fields of six penalties."""

from skjacobnet.inspection import RegularizerFlowDisplay

display = RegularizerFlowDisplay.from_regularizers(
    [
        "weight_decay",
        "l1",
        "orthogonality",
        "sparsity",
        "certainty",
        "confidence_penalty",
    ]
)
display.figure_.set_size_inches(9, 6)
