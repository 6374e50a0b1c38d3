"""Peer of bench/views.ts: two SimSiam views by torchvision on Pillow, on one thread.

Reads lines from standard input, each a round: loads every image named on the command line, draws two views of it and
answers with the seconds that took, on the clock and of the processor.

python reference/bench_views.py a.jpg b.jpg ...
"""

import random
import sys
import time

import torch
from PIL import Image, ImageFilter
from torchvision import transforms


class GaussianBlur:
    """Pillow's blur with a radius drawn between 0.1 and 2, as SimSiam's official code has it."""

    def __call__(self, image: Image.Image) -> Image.Image:
        return image.filter(ImageFilter.GaussianBlur(radius=random.uniform(0.1, 2.0)))


VIEW = transforms.Compose(
    [
        transforms.RandomResizedCrop(224, scale=(0.2, 1.0)),
        transforms.RandomApply([transforms.ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8),
        transforms.RandomGrayscale(p=0.2),
        transforms.RandomApply([GaussianBlur()], p=0.5),
        transforms.RandomHorizontalFlip(),
        transforms.ToTensor(),
        transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ]
)


def main() -> None:
    torch.set_num_threads(1)
    for _ in sys.stdin:
        began, busy = time.perf_counter(), time.process_time()
        for path in sys.argv[1:]:
            with open(path, "rb") as file:
                image = Image.open(file).convert("RGB")
            torch.stack([VIEW(image), VIEW(image)])
        print(time.perf_counter() - began, time.process_time() - busy, flush=True)


if __name__ == "__main__":
    main()
