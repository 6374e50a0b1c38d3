"""Peer of bench/train.ts: a training step of torchvision's or timm's network in PyTorch.

Reads lines from standard input, each a step: forward, cross-entropy, backward, SGD with momentum and weight decay.
Answers with the seconds that took by the clock and by the processor, the process's peak memory in bytes and the loss.

python reference/bench_train.py resnet18|resnet50|vit_small_patch16_224 BATCH SIZE THREADS DEVICE TF32 SETTING

SETTING: eager, channels-last, compiled, compiled-channels-last, or bfloat16 or float16, which are autocast with channels last,
float16 with GradScaler.
"""

import sys
import time

import torch
import torchvision

from hashed_values import load, uniform


def peak_bytes() -> int:
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return 1024 * int(line.split()[1])


def network(name: str, size: int) -> torch.nn.Module:
    if name.startswith("vit"):
        import timm

        return timm.create_model(name, num_classes=1000, img_size=size)
    model = getattr(torchvision.models, name)()
    if size <= 64:
        model.conv1 = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        model.maxpool = torch.nn.Identity()
    return model


def main() -> None:
    name, batch, size, threads, device, tf32, setting = sys.argv[1:]
    half = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(setting)
    kind = torch.device(device).type
    layout = torch.channels_last if half or setting.endswith("channels-last") else torch.contiguous_format
    torch.set_num_threads(int(threads))
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32 == "1"
    model = network(name, int(size))
    load(model)
    model.to(device, memory_format=layout).train()
    forward = torch.compile(model) if setting.startswith("compiled") else model
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    scaler = torch.amp.GradScaler(kind, enabled=half == torch.float16)
    images = uniform("images", (int(batch), 3, int(size), int(size))).float().to(device, memory_format=layout)
    labels = ((uniform("labels", (int(batch),)) + 1) / 2 * 1000).floor().long().to(device)
    for _ in sys.stdin:
        began, busy = time.perf_counter(), time.process_time()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(kind, half, enabled=half is not None):
            loss = torch.nn.functional.cross_entropy(forward(images), labels)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        value = loss.item()
        seconds = time.perf_counter() - began, time.process_time() - busy
        print(*seconds, peak_bytes(), value, flush=True)


if __name__ == "__main__":
    main()
