"""What stacks must share before they are calculated with one another."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.agreement import check_same_baseline, check_same_months
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import BaselineError, TimeAxisError


def test_same_months_and_baseline(make_stack, tmp_path):
    one = make_stack(tmp_path / "1.tif", np.ones(3), baseline=("2004-01", "2009-12"))
    two = make_stack(
        tmp_path / "2.tif", np.ones(3), start="2004-02", baseline=("2005-01", "2009-12")
    )
    three = make_stack(tmp_path / "3.tif", np.ones(4))
    with MonthlyStack(one) as a, MonthlyStack(two) as b, MonthlyStack(three, "model") as c:
        check_same_months(a, a)
        check_same_baseline(a, a)
        check_same_baseline(a, c)  # one that states none is not refused
        with pytest.raises(
            TimeAxisError, match=r"1\.tif and 2\.tif.*2004-01 to 2004-03 and 2004-02"
        ):
            check_same_months(a, b)
        with pytest.raises(TimeAxisError, match=r"1\.tif and model"):
            check_same_months(a, c)
        with pytest.raises(BaselineError, match=r"2004-01…2009-12 and 2005-01…2009-12.*Re-base"):
            check_same_baseline(a, b)
