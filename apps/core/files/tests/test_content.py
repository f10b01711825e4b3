import pytest

from apps.core.files.content import Content, examined
from apps.core.files.testing import image

SCRIPT = b"<script>alert(1)</script>"


@pytest.mark.parametrize("form", ["GIF", "JPEG", "PNG", "WEBP"])
def test_knows_images_and_how_large_they_are(form):
    assert examined(image(form)) == Content(f"image/{form.lower()}", 4, 3)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"%PDF-1.7\n\xff", "application/pdf"),
        ("sku,name\nT1,Käse\n".encode(), "text/plain"),
        (SCRIPT, "text/plain"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "text/plain"),
        (b"\x7fELF\x02\x01", None),
        (b"PK\x03\x04\xff\xfe", None),
        (b"text\x00with nul", None),
    ],
)
def test_knows_others_by_what_is_in_them(content, found):
    assert getattr(examined(content), "type", None) == found


@pytest.mark.parametrize("form", ["GIF", "JPEG", "PNG", "WEBP"])
def test_breaks_at_no_image_that_is_cut_off(form):
    whole = image(form)

    for length in range(1, len(whole), 7):
        examined(whole[:length])


def test_takes_no_image_whose_content_was_changed():
    whole = image()

    assert examined(whole.replace(b"IDAT", b"IDAX")) is None
