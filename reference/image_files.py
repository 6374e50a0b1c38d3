"""Writes fixtures/images/: small image files of the kinds that a data set meets, good and bad, by Pillow.

The picture is synthetic: noise whose spectrum falls as that of photographs does, with soft and sharp edges over it.
"""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

SEED = 20240517
FOLDER = Path(__file__).parents[1] / "fixtures" / "images"
SMALL = (48, 36)


def photo(width: int, height: int, seed: int) -> np.ndarray:
    """A picture with the statistics of a photograph: uint8 [height, width, 3]."""
    random = np.random.default_rng(seed)
    y, x = np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width), indexing="ij")
    amplitude = 1 / np.maximum(np.hypot(x * width, y * height), 1.0) ** 1.1
    mixing = np.array([[1.0, 0.25, 0.1], [1.0, -0.05, -0.2], [1.0, -0.3, 0.2]])
    planes = []
    for _ in range(3):
        phase = np.exp(2j * np.pi * random.random((height, width)))
        plane = np.fft.ifft2(amplitude * phase).real
        planes.append(plane / plane.std())
    image = 118 + 42 * np.stack(planes, -1) @ mixing.T
    rows, columns = np.mgrid[0:height, 0:width]
    for _ in range(9):
        centre_x, centre_y = random.uniform(0, width), random.uniform(0, height)
        radius_x, radius_y = random.uniform(0.04, 0.22, 2) * width
        distance = np.hypot((columns - centre_x) / radius_x, (rows - centre_y) / radius_y)
        cover = np.clip((1 - distance) * random.choice([4.0, 40.0]), 0, 1)[..., None]
        image = image * (1 - 0.75 * cover) + 0.75 * cover * random.uniform(10, 245, 3)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def save_rgb16(path: Path, values: np.ndarray) -> None:
    """A 16-bit RGB PNG, which Pillow reads but does not write."""
    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    Image.fromarray(photo(500, 375, SEED)).save(FOLDER / "photo.jpg", quality=90)
    Image.fromarray(photo(375, 500, SEED + 1)).save(FOLDER / "portrait.jpg", quality=90)

    pixels = photo(*SMALL, SEED + 2)
    image = Image.fromarray(pixels)
    ramp = np.linspace(0, 255, SMALL[0]).astype(np.uint8)
    alpha = Image.fromarray(np.tile(ramp, (SMALL[1], 1)))
    image.save(FOLDER / "rgb.png")
    image.save(FOLDER / "rgb.webp", lossless=True)
    image.save(FOLDER / "rgb.tiff", compression="tiff_lzw")
    image.save(FOLDER / "rgb.avif", quality=90)
    image.convert("L").save(FOLDER / "gray.png")
    image.convert("L").save(FOLDER / "gray.jpg", quality=95)
    Image.merge("LA", (image.convert("L"), alpha)).save(FOLDER / "gray_alpha.png")
    Image.merge("RGBA", (*image.split(), alpha)).save(FOLDER / "alpha.png")
    image.quantize(32).save(FOLDER / "palette.png")
    image.quantize(32).save(FOLDER / "palette_transparent.png", transparency=5)
    image.convert("CMYK").save(FOLDER / "cmyk.jpg", quality=95)
    Image.fromarray(pixels[..., 0].astype(np.uint16) * 257).save(FOLDER / "gray16.png")
    save_rgb16(FOLDER / "rgb16.png", pixels.astype(np.uint16) * 256 + 77)
    frames = [image.quantize(32), image.rotate(180).quantize(32)]
    frames[0].save(FOLDER / "animated.gif", save_all=True, append_images=frames[1:], duration=80)
    image.save(
        FOLDER / "animated.webp",
        save_all=True,
        append_images=[image.rotate(180)],
        duration=80,
        lossless=True,
    )
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        image.save(FOLDER / f"orientation_{orientation}.jpg", quality=95, exif=exif)

    good = (FOLDER / "orientation_1.jpg").read_bytes()
    (FOLDER / "truncated.jpg").write_bytes(good[: len(good) // 2])
    (FOLDER / "empty.jpg").write_bytes(b"")
    (FOLDER / "corrupt.jpg").write_bytes(b"this is a text and not an image\n" * 8)
    png = bytearray((FOLDER / "rgb.png").read_bytes())
    png[len(png) // 2 : len(png) // 2 + 64] = bytes(64)
    (FOLDER / "corrupt.png").write_bytes(bytes(png))


if __name__ == "__main__":
    main()
