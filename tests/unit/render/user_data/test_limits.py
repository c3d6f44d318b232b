"""The last size that a target takes, and the first that it does not."""

from __future__ import annotations

import pytest

from lvsboot.render.user_data.limits import Target, fits_compressed, is_too_large, size_sentence


@pytest.mark.parametrize(
    ("target", "last"),
    # 49,149 bytes are 65,532 in base64, one more are 65,536.
    [(Target.EC2, 16_384), (Target.AZURE, 65_535), (Target.OPENSTACK, 49_149)],
)
def test_the_limit(target: Target, last: int) -> None:
    assert not is_too_large("x" * last, target)
    assert is_too_large("x" * (last + 1), target)
    # Bytes count, not letters.
    assert is_too_large("\u00e9" * (last // 2 + 1), target)


def test_nocloud_has_none() -> None:
    text = "x" * 10_000_000
    assert not is_too_large(text, Target.NOCLOUD)
    assert size_sentence(text, Target.NOCLOUD) == (
        "user-data has 10,000,000 bytes: NoCloud has no limit"
    )


def test_the_sentence_counts_what_the_target_counts() -> None:
    assert size_sentence("x" * 4, Target.EC2) == ("user-data has 4 bytes: EC2 takes at most 16,384")
    assert size_sentence("x" * 4, Target.OPENSTACK) == (
        "user-data has 8 bytes in base64: OpenStack takes at most 65,535"
    )


def test_what_gzip_makes_of_it_may_fit() -> None:
    assert fits_compressed("x" * 20_000, Target.EC2)
    assert not fits_compressed("".join(chr(0x4E00 + i) for i in range(16_384)), Target.EC2)
