"""Networks that classify images or answer for every pixel."""

from __future__ import annotations

from tests.harness import Network, X

IMAGE = (X(1, 3, 32, 32),)
ODD = (X(1, 3, 37, 30),)
PAIR = (X(1, 3, 32, 48, low=0, high=255), X(1, 3, 32, 48, low=0, high=255))

ROWS = [
    Network("residual", "ResNet(BasicBlock, (8, 12, 16))", IMAGE, id="resnet-basic"),
    Network("residual", "ResNet(Bottleneck, (8, 12), width=8)", IMAGE, id="resnet-bottleneck"),
    Network("residual", "ResNet(Bottleneck, (8, 12), width=16, groups=4)", IMAGE, id="resnext"),
    Network("residual", "ResNet(Bottleneck, (8, 12), width=12, groups=3, squeezed=4)", IMAGE, id="regnet-y"),
    Network("residual", "RepVGG()", IMAGE),
    Network("residual", "HRNet()", IMAGE),
    Network("mobile", "MobileNetV1()", IMAGE),
    Network("mobile", "MobileNetV2()", IMAGE),
    Network("mobile", "MobileNetV3()", IMAGE),
    Network("mobile", "EfficientNet()", IMAGE),
    Network("mobile", "ShuffleNet()", IMAGE),
    Network("vision_transformer", "ViT()", IMAGE),
    Network("vision_transformer", "ViT(BuiltinAttention)", IMAGE, id="ViT-builtin"),
    Network("vision_transformer", "Swin()", IMAGE),
    Network("vision_transformer", "ResMLP()", IMAGE),
    Network("vision_transformer", "Mixer()", IMAGE),
    Network("dense", "DeepLab()", ODD),
    Network("dense", "PspNet()", (X(1, 3, 24, 18),)),
    Network("dense", "UNet()", (X(1, 3, 18, 21),)),
    Network("dense", "SuperResolution()", (X(1, 3, 9, 10, low=0),)),
    Network("dense", "NbNet()", (X(1, 3, 12, 10),)),
    Network("matching", "Raft()", PAIR),
    Network("matching", "Crestereo()", PAIR),
    Network("matching", "FlowNet()", (X(1, 6, 20, 24),)),
]
