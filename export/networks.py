"""The two published networks; scaling of inputs and of the output is part of the graph."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Scale(nn.Module):
    """(x − p₁) / (p₉₉ − p₁) by channel (Li et al., section 2.2.3), inside the graph."""

    def __init__(self, percentiles):
        super().__init__()
        low, high = torch.as_tensor(np.asarray(percentiles), dtype=torch.float32).T
        width = torch.where(high > low, high - low, torch.ones_like(low))
        self.register_buffer("low", low[None, :, None, None])
        self.register_buffer("width", width[None, :, None, None])

    def forward(self, x):
        return (x - self.low) / self.width


def _double(channels_in, channels_out):
    """(conv 3 × 3, batch norm, ReLU) twice."""
    layers = []
    for a, b in ((channels_in, channels_out), (channels_out, channels_out)):
        layers += [nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """U-Net (Li et al., section 3.1; METHODS §7): (patch, channel, y, x) → (patch, y, x), cm.

    Double convolutions of ``widths``, max-pooling, transposed convolutions, skips by
    concatenation, 1 × 1 head. Sizes that do not halve (30 → 15 → 7 → 3) are met by
    resizing the up-sampled map to that of the skip.
    """

    def __init__(self, percentiles, spread, widths=(64, 128, 256, 512)):
        super().__init__()
        self.scale = Scale(percentiles)
        self.spread = float(spread)
        sizes = [len(percentiles), *widths]
        self.down = nn.ModuleList(_double(a, b) for a, b in zip(sizes, sizes[1:]))
        deep = list(reversed(widths))
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(a, b, 2, stride=2) for a, b in zip(deep, deep[1:])
        )
        self.join = nn.ModuleList(_double(2 * b, b) for b in deep[1:])
        self.head = nn.Conv2d(widths[0], 1, 1)

    def forward(self, x):
        x = self.scale(x)
        skips = []
        for level, block in enumerate(self.down):
            x = block(functional.max_pool2d(x, 2) if level else x)
            skips.append(x)
        skips.pop()
        for up, join in zip(self.up, self.join):
            skip = skips.pop()
            x = up(x)
            if x.shape[-2:] != skip.shape[-2:]:
                x = functional.interpolate(x, size=skip.shape[-2:], mode="nearest")
            x = join(torch.cat([skip, x], dim=1))
        return self.head(x)[:, 0] * self.spread


class Residual(nn.Module):
    """x + conv(ReLU(conv(x))), each with batch norm."""

    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x):
        return functional.relu(x + self.body(x))


class EncoderDecoder(nn.Module):
    """Residual encoder–decoder of the dynamic soft constraint (METHODS §7).

    Convolutions of stride 2 at ``widths``, each with ``blocks`` residual blocks, then
    bilinear × 2 with convolutions at the same widths backwards, final convolution.
    """

    def __init__(self, percentiles, spread, widths=(16, 32, 64), blocks=3):
        super().__init__()
        self.scale = Scale(percentiles)
        self.spread = float(spread)
        sizes = [len(percentiles), *widths]
        self.encode = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(a, b, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(b),
                nn.ReLU(),
                *(Residual(b) for _ in range(blocks)),
            )
            for a, b in zip(sizes, sizes[1:])
        )
        back = list(reversed(widths))
        self.decode = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(a, b, 3, padding=1, bias=False),
                nn.BatchNorm2d(b),
                nn.ReLU(),
                *(Residual(b) for _ in range(blocks)),
            )
            for a, b in zip([back[0], *back], back)
        )
        self.head = nn.Conv2d(widths[0], 1, 3, padding=1)

    def forward(self, x):
        size = x.shape[-2:]
        x = self.scale(x)
        for block in self.encode:
            x = block(x)
        for block in self.decode:
            x = block(
                functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            )
        return self.head(x)[:, 0, : size[0], : size[1]] * self.spread


class Passing(nn.Module):
    """A network that departs from one of its inputs, ``channel`` (cm): y = x_c + f(others).

    Where the network learns nothing it gives the field it was given; its head starts at 0.
    It does not see that field: glaciers and other extremes in it pass as they are.
    """

    def __init__(self, network, channel, channels):
        super().__init__()
        self.network, self.channel = network, channel
        self.register_buffer("others", torch.tensor([i for i in range(channels) if i != channel]))
        nn.init.zeros_(network.head.weight)
        nn.init.zeros_(network.head.bias)

    def forward(self, x):
        return x[:, self.channel] + self.network(x.index_select(1, self.others))


def build_network(config, percentiles, spread):
    """The network of a configuration; ``spread`` (cm) is the unit its head works in.

    Raises `ParameterError` where the field to pass on is no input.
    """
    network, channel = config.network, config.passed()
    count = len(percentiles)
    if channel >= 0:
        percentiles = [p for i, p in enumerate(percentiles) if i != channel]
    if network.kind == "unet":
        made = UNet(percentiles, spread, tuple(network.widths))
    else:
        made = EncoderDecoder(percentiles, spread, tuple(network.widths), network.blocks)
    return Passing(made, channel, count) if channel >= 0 else made


def parameter_count(network):
    """Number of trained numbers."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
