"""Fotos de base da agência numa pasta; com --panoramica LARGURA também uma folha digitalizada."""
import os, sys
from PIL import Image
Image.MAX_IMAGE_PIXELS = None
d = sys.argv[1]
if len(sys.argv) > 3:
    w = int(sys.argv[3]); Image.new("RGB", (w, w), (120, 90, 60)).save(os.path.join(d, "edicao-historica.jpg"), quality=40)
else:
    for i in range(3): Image.effect_noise((900, 600), 60 + i * 20).convert("RGB").save(os.path.join(d, f"base{i}.jpg"), quality=70)
