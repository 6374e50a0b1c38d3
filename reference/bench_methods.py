"""Peer of bench/train_methods.ts: a training step of each method with lightly's heads, losses, memory bank and moving
averages on torchvision's ResNet-18 for small images, by SGD.

Heads are as wide as told; where lightly's differ from ours by a bias, they get ours', so that both compute the same.
What lightly has no loss for is written with PyTorch: MoCo v3's contrast among the other view's samples alone.

The first line of standard input settles the setting, which is plain, channels-last or those compiled, and is answered by
its name. Each further line is a step, answered with the seconds that took by the clock and by the processor,
the process's peak memory in bytes and the loss.

python reference/bench_methods.py METHOD JSON
"""

import copy
import json
import sys
import time
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
import torchvision
from lightly.loss import (
    BarlowTwinsLoss,
    DINOLoss,
    NegativeCosineSimilarity,
    NTXentLoss,
    SwaVLoss,
    VICRegLoss,
)
from lightly.models.modules.heads import DINOProjectionHead, ProjectionHead, SwaVPrototypes
from lightly.models.utils import batch_shuffle, batch_unshuffle, update_momentum
from torch import Tensor, nn

from bench_train import peak_bytes
from hashed_values import parameter, uniform

# What schedules set; a step of the benchmark of speed keeps these.
SCALARS = {"encoderMomentum": 0.99, "teacherTemperature": 0.04}
# Steps that tell which setting is the fastest, after as many that warm up.
TRIAL_STEPS = 3


def head(widths: list[int], bias: list[bool], last: str = "none", hidden: str = "batch") -> ProjectionHead:
    """Linears with batch norm and ReLU, the last one with `last`: batch, plain (without scale and offset) or none."""

    def block(i: int) -> tuple:
        ends = i == len(widths) - 2
        norm = last if ends else hidden
        batch_norm = None if norm == "none" else nn.BatchNorm1d(widths[i + 1], affine=norm != "plain")
        return widths[i], widths[i + 1], batch_norm, None if ends else nn.ReLU(), bias[i]

    return ProjectionHead([block(i) for i in range(len(widths) - 1)])


class Network(nn.Module):
    """A backbone and heads by name; `stem` and `zeroInitResidual` of the options are the backbone's."""

    def __init__(self, o: dict, **heads: nn.Module) -> None:
        super().__init__()
        self.backbone = torchvision.models.resnet18(zero_init_residual=o.get("zeroInitResidual", False))
        if o.get("stem", "small") == "small":
            self.backbone.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
            self.backbone.maxpool = nn.Identity()
        self.backbone.fc = nn.Identity()
        for name, module in heads.items():
            self.add_module(name, module)


def named_parameters(network: Network) -> Iterator[tuple[str, nn.Parameter]]:
    """Parameters under the names that ours have: backbone.conv1.weight, projector.fc0.weight, projector.bn0.bias."""
    for name, value in network.backbone.named_parameters():
        yield f"backbone.{name}", value
    for name, module in network.named_children():
        if isinstance(module, SwaVPrototypes):
            yield "prototypes.weight", module.heads[0].weight
        if not isinstance(module, ProjectionHead):
            continue
        i = -1
        for layer in module.layers:
            i += isinstance(layer, nn.Linear)
            for kind, value in layer.named_parameters():
                yield f"{name}.{'fc' if isinstance(layer, nn.Linear) else 'bn'}{i}.{kind}", value
        if isinstance(module, DINOProjectionHead):
            yield "last_layer.fc0.weight_v", module.last_layer.weight_v


@torch.no_grad()
def hash_network(network: Network, o: dict) -> None:
    """Hashed values, if they are asked for; lightly's and torchvision's initial ones otherwise."""
    if not o.get("hashed", False):
        return
    for name, value in named_parameters(network):
        value.copy_(parameter(name, tuple(value.shape)).float())


def follower(*modules: nn.Module) -> list[nn.Module]:
    copies = [copy.deepcopy(module) for module in modules]
    for module in copies:
        module.requires_grad_(False)
    return copies


def sizes_apart(backbone: nn.Module, views: list[Tensor]) -> Tensor:
    """Features of all views, those of one size in one pass."""
    sizes = list(dict.fromkeys(view.shape[-1] for view in views))
    return torch.cat([backbone(torch.cat([v for v in views if v.shape[-1] == size])) for size in sizes])


Loss = Callable[[list[Tensor]], Tensor]


def simsiam(o: dict) -> tuple[Network, Loss]:
    width, layers = o["projectorWidth"], o["projectorLayers"]
    network = Network(
        o,
        projector=head([512, *[width] * layers], [False] * layers, "plain"),
        predictor=head([width, o["predictorWidth"], width], [False, True]),
    )
    hash_network(network, o)
    criterion = NegativeCosineSimilarity()

    def loss(views: list[Tensor]) -> Tensor:
        z = [network.projector(network.backbone(view)) for view in views]
        p = [network.predictor(x) for x in z]
        return 0.5 * (criterion(p[0], z[1].detach()) + criterion(p[1], z[0].detach()))

    return network, loss


def moco_v2(o: dict) -> tuple[Network, Loss]:
    network = Network(o, projector=head([512, o["hiddenWidth"], o["width"]], [True, True], hidden="none"))
    hash_network(network, o)
    backbone, projector = follower(network.backbone, network.projector)
    criterion = NTXentLoss(o["temperature"], memory_bank_size=(o["queueLength"], o["width"]))
    if o.get("hashed", False):
        criterion.memory_bank.bank.copy_(F.normalize(parameter("queue", (o["queueLength"], o["width"])), dim=1).float())

    def loss(views: list[Tensor]) -> Tensor:
        update_momentum(network.backbone, backbone, SCALARS["encoderMomentum"])
        update_momentum(network.projector, projector, SCALARS["encoderMomentum"])
        query = network.projector(network.backbone(views[0]))
        with torch.no_grad():
            shuffled, order = batch_shuffle(views[1])
            key = batch_unshuffle(projector(backbone(shuffled)), order)
        return criterion(query, key)

    return network, loss


def moco_v3(o: dict) -> tuple[Network, Loss]:
    hidden, width = o["hiddenWidth"], o["width"]
    network = Network(
        o,
        projector=head([512, hidden, width], [False, False], "plain"),
        predictor=head([width, hidden, width], [False, False]),
    )
    hash_network(network, o)
    backbone, projector = follower(network.backbone, network.projector)
    labels = torch.arange(o["batch"])

    def contrast(query: Tensor, key: Tensor) -> Tensor:
        return F.cross_entropy(query @ key.T / o["temperature"], labels)

    def loss(views: list[Tensor]) -> Tensor:
        update_momentum(network.backbone, backbone, SCALARS["encoderMomentum"])
        update_momentum(network.projector, projector, SCALARS["encoderMomentum"])
        q = [F.normalize(network.predictor(network.projector(network.backbone(view))), dim=1) for view in views]
        with torch.no_grad():
            k = [F.normalize(projector(backbone(view)), dim=1) for view in views]
        return 2 * o["temperature"] * (contrast(q[0], k[1]) + contrast(q[1], k[0]))

    return network, loss


def byol(o: dict) -> tuple[Network, Loss]:
    hidden, width = o["hiddenWidth"], o["width"]
    network = Network(
        o,
        projector=head([512, hidden, width], [True, False]),
        predictor=head([width, hidden, width], [True, False]),
    )
    hash_network(network, o)
    backbone, projector = follower(network.backbone, network.projector)
    criterion = NegativeCosineSimilarity()

    def loss(views: list[Tensor]) -> Tensor:
        update_momentum(network.backbone, backbone, SCALARS["encoderMomentum"])
        update_momentum(network.projector, projector, SCALARS["encoderMomentum"])
        p = [network.predictor(network.projector(network.backbone(view))) for view in views]
        with torch.no_grad():
            z = [projector(backbone(view)) for view in views]
        return 2 * (criterion(p[0], z[1]) + criterion(p[1], z[0]))

    return network, loss


def swav(o: dict) -> tuple[Network, Loss]:
    prototypes = SwaVPrototypes(o["width"], o["prototypes"])
    prototypes.heads[0] = nn.Linear(o["width"], o["prototypes"], bias=False)
    network = Network(
        o,
        projector=head([512, o["hiddenWidth"], o["width"]], [True, True]), prototypes=prototypes
    )
    hash_network(network, o)
    criterion = SwaVLoss(o["temperature"], o["iterations"], o["epsilon"])

    def loss(views: list[Tensor]) -> Tensor:
        network.prototypes.normalize()
        z = F.normalize(network.projector(sizes_apart(network.backbone, views)), dim=1)
        scores = network.prototypes(z).chunk(len(views))
        return criterion(scores[:2], scores[2:])

    return network, loss


def simclr(o: dict) -> tuple[Network, Loss]:
    network = Network(o, projector=head([512, o["hiddenWidth"], o["width"]], [False, False], "batch"))
    hash_network(network, o)
    criterion = NTXentLoss(o["temperature"])

    def loss(views: list[Tensor]) -> Tensor:
        return criterion(*network.projector(network.backbone(torch.cat(views))).chunk(2))

    return network, loss


def barlow_twins(o: dict) -> tuple[Network, Loss]:
    layers = o["projectorLayers"]
    network = Network(o, projector=head([512, *[o["projectorWidth"]] * layers], [False] * layers))
    hash_network(network, o)
    criterion = BarlowTwinsLoss(o["redundancyWeight"])

    def loss(views: list[Tensor]) -> Tensor:
        return o["scale"] * criterion(*[network.projector(network.backbone(view)) for view in views])

    return network, loss


def vicreg(o: dict) -> tuple[Network, Loss]:
    layers = o["expanderLayers"]
    bias = [*[True] * (layers - 1), False]
    network = Network(o, expander=head([512, *[o["expanderWidth"]] * layers], bias))
    hash_network(network, o)
    criterion = VICRegLoss()

    def loss(views: list[Tensor]) -> Tensor:
        return criterion(*[network.expander(network.backbone(view)) for view in views])

    return network, loss


def dino_head(o: dict) -> DINOProjectionHead:
    projector = DINOProjectionHead(
        512, o["hiddenWidth"], o["width"], o["outputs"], batch_norm=o["headBatchNorm"]
    )
    # lightly's linears before a batch norm have no bias.
    projector.layers = nn.Sequential(*[
        nn.Linear(layer.in_features, layer.out_features) if isinstance(layer, nn.Linear) else layer
        for layer in projector.layers
    ])
    projector.layers.apply(projector._init_weights)
    return projector


def dino(o: dict) -> tuple[Network, Loss]:
    network = Network(o, projector=dino_head(o))
    hash_network(network, o)
    [backbone] = follower(network.backbone)
    # A network under weight norm cannot be copied.
    teacher = dino_head(o).requires_grad_(False)
    teacher.load_state_dict(network.projector.state_dict())
    criterion = DINOLoss(o["outputs"])

    def loss(views: list[Tensor]) -> Tensor:
        update_momentum(network.backbone, backbone, SCALARS["encoderMomentum"])
        update_momentum(network.projector, teacher, SCALARS["encoderMomentum"])
        predictions = network.projector(sizes_apart(network.backbone, views)).chunk(len(views))
        with torch.no_grad():
            targets = teacher(backbone(torch.cat(views[:2]))).chunk(2)
        return criterion(list(targets), list(predictions), teacher_temp=SCALARS["teacherTemperature"])

    return network, loss


METHODS = {
    "simsiam": simsiam,
    "moco-v2": moco_v2,
    "moco-v3": moco_v3,
    "byol": byol,
    "swav": swav,
    "simclr": simclr,
    "barlow-twins": barlow_twins,
    "vicreg": vicreg,
    "dino": dino,
}


def prepare(method: str, options: dict, channels_last: bool, compiled: bool) -> Callable[[], float]:
    """A function that takes a step and gives its loss."""
    torch.manual_seed(0)
    network, loss_of = METHODS[method](options | {"hashed": True})
    views = [
        uniform(f"views.{i}", (options["batch"], 3, size, size)).float()
        for i, size in enumerate(options["sizes"])
    ]
    network.train()
    if channels_last:
        cells = [cell.cell_contents for cell in loss_of.__closure__]
        for module in [network, *[cell for cell in cells if isinstance(cell, nn.Module)]]:
            module.to(memory_format=torch.channels_last)
        views = [view.to(memory_format=torch.channels_last) for view in views]
    if compiled:
        network.backbone.compile()
    parameters = [value for value in network.parameters() if value.requires_grad]
    optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=1e-4)

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(views)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def settle(method: str, options: dict) -> tuple[str, Callable[[], float]]:
    """The name of the setting that was asked for, or is the fastest, and its step from the start."""
    settings = {
        "plain": (False, False),
        "channels-last": (True, False),
        "compiled": (False, True),
        "compiled-channels-last": (True, True),
    }
    chosen = options["peer"]
    if chosen == "fastest":
        times = {}
        for name in ("plain", "channels-last"):
            step = prepare(method, options, *settings[name])
            for _ in range(TRIAL_STEPS):
                step()
            began = time.process_time()
            for _ in range(TRIAL_STEPS):
                step()
            times[name] = time.process_time() - began
        chosen = min(times, key=times.__getitem__)
    return chosen, prepare(method, options, *settings[chosen])


def main() -> None:
    method, options = sys.argv[1], json.loads(sys.argv[2])
    torch.set_num_threads(options["threads"])
    sys.stdin.readline()
    setting, step = settle(method, options)
    print(setting, flush=True)
    for _ in sys.stdin:
        began, busy = time.perf_counter(), time.process_time()
        value = step()
        print(time.perf_counter() - began, time.process_time() - busy, peak_bytes(), value, flush=True)


if __name__ == "__main__":
    main()
