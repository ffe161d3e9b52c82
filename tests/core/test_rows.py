import numpy as np
import pytest
from scipy.sparse import csr_array, issparse

from skjacobnet.core.rows import cast


def test_rows_in_the_type_of_the_weights():
    X = np.arange(6).reshape(2, 3)
    assert cast(X, np.float32, sparse=False).dtype == np.float32
    kept = X.astype(np.float64)
    assert cast(kept, np.float64, sparse=False) is kept
    assert issparse(cast(csr_array(kept), np.float32, sparse=True))
    np.testing.assert_array_equal(cast(csr_array(kept), np.float32, sparse=False), X)


@pytest.mark.parametrize("make", [np.asarray, csr_array])
def test_numbers_beyond_the_range_are_named(make):
    X = make(np.array([[1.0, -3.5e38], [0.0, 2.0]]))
    with pytest.raises(
        ValueError, match=r"up to 3.5e\+38, beyond the range of float32"
    ):
        cast(X, np.float32, sparse=True)
    small = make(np.array([[1e-300, 3e38]]))
    assert np.isfinite(cast(small, np.float32, sparse=False)).all()
